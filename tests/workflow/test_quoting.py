"""No letter of a text of the user's means anything to Snakemake, or to the shell that runs a job's command."""

import re
import subprocess
from collections import Counter
from pathlib import PurePosixPath

import pytest
import yaml
from copies import copy_of_working_tree
from odd_texts import BASE, CNN, MARK, READY, odd_texts
from small import PARAMS, mapping

from gxn.configuration import yaml12
from gxn.configuration.files import check
from gxn.errors import GxnError

pytestmark = pytest.mark.slow

PLAIN = "plain"
# commands say their words instead of doing anything
STUBS = "set -f; say() { printf '%s\\0' \"$@\"; }; " + "".join(
    f'{name}() {{ say "$@"; }}; ' for name in ("python", "torchrun", "cp")
)
LOGGED = 'logged() { shift; "$@"; }; tee() { cat; }; config=configuration; '
# rows enough for a rule of every kind
LEFT_OUT = dict.fromkeys(set(PARAMS["methods"]) - {"vsepp", "gxn_i2t_t2i"})
ROWS = {"methods": LEFT_OUT, "seeds": [0], "significance": {"control": "vsepp"}}
NAMES = {"images": "images", "weights": "w.safetensors", "embeddings": "e.h5", "features": "f.h5",
         "captions": "c.json", "instances": "i.json"}  # fmt: skip


def files(text: str) -> dict[str, str]:
    """The user's files with `text` in their names, at the beginning where that is a place in the project."""
    inside = not text.startswith("/") and ".." not in PurePosixPath(text).parts
    return {name: f"{text if inside else f'own/{text}'}/{file}" for name, file in NAMES.items()}


def configuration(text: str, kind: str) -> dict:
    """Every path of the user's, and a label, with `text` in it."""
    own, merged = files(text), yaml.safe_load(BASE) | yaml.safe_load(kind)
    merged["methods"] |= ROWS["methods"]
    merged["dataset"]["source"] |= {"images": own["images"], "captions": own["captions"]}
    merged["cnn"]["weights"] = own["weights"]
    merged["labels"]["instances"] = [own["instances"]]
    merged["methods"]["foreign"] |= {"file": own["embeddings"], "label": text[:60]}
    if "features" in merged:
        merged["features"]["file"] = own["features"]
    else:
        merged["finetune"] |= {"methods": ["vsepp"], "processes": 2}
    return merged | {"seeds": ROWS["seeds"], "significance": ROWS["significance"]}


def is_taken(text: str) -> bool:
    """Paths with it are not refused, which `tests/faults/test_texts.py` tests, and fit a file system."""
    try:
        check(mapping(configuration(text, CNN)), "mine.yaml")
    except GxnError:
        return False
    return all(len(part.encode()) < 256 for part in PurePosixPath(text).parts)


# several stand in one path, since a dry run takes seconds; what means most at a beginning is there
TAKEN = sorted(filter(is_taken, odd_texts(6)), key=lambda text: not re.match(r"[~#/. ]|\w+:", text))
PATHS = [PLAIN, *("/".join(TAKEN[first::15]) for first in range(15))]


@pytest.fixture(scope="module")
def runs(place):
    """The DAG of each text, with a CNN and with precomputed features."""
    copy = copy_of_working_tree(place / "quoting", place / "home")
    calls = []
    for number, text in enumerate(PATHS):
        for name, file in files(text).items():
            path = copy.path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(exist_ok=True) if name == "images" else path.touch()
        for kind in (CNN, READY):
            path = copy.path / f"{number}{kind[:4]}.yaml"
            path.write_text(yaml12.dump(configuration(text, kind)))
            calls.append(["--configfile", path.name, "--", "all"])
    found = copy.dry_runs(calls)
    return copy, dict(zip(PATHS, zip(found[::2], found[1::2], strict=True), strict=True))


@pytest.mark.parametrize("text", PATHS)
def test_paths_reach_jobs_as_they_are_written(text, runs):
    copy, found = runs
    commands = [job.command for run in found[text] for job in run.jobs if job.command]
    script = "\n".join([STUBS + LOGGED, *commands])
    done = subprocess.run(["bash", "-c", script], cwd=copy.path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(copy.path.rglob(MARK))
    words, own = set(done.stdout.split("\0")), files(text)
    assert {own[name] for name in ("images", "weights", "embeddings", "features")} <= words
    inputs = {PurePosixPath(path) for run in found[text] for job in run.jobs for path in job.inputs}
    assert {
        PurePosixPath(own[name]) for name in ("captions", "instances", "embeddings", "features")
    } <= inputs


@pytest.mark.parametrize("text", PATHS)
def test_no_letter_is_taken_for_a_wildcard(text, runs):
    _, found = runs
    for plain, odd in zip(found[PLAIN], found[text], strict=True):
        rules = [Counter(job.rule for job in run.jobs) for run in (plain, odd)]
        assert rules[0] == rules[1]
