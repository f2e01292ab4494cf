"""No letter of a path of the user's means anything to the shell that runs a job's command."""

import subprocess

import pytest
import yaml
from copies import copy_of_working_tree

pytestmark = pytest.mark.slow

NASTY = [
    "a 'b' \"c\"",
    "$(touch pwned)",
    "`touch pwned`",
    "a; touch pwned",
    "a && touch pwned #",
    "a | tee pwned > pwned",
    "$HOME ~ * ? [a-z] !!",
    "back\\slash\\",
    "é 犬 🐕 --out=x",
]
# commands say their words instead of doing anything
STUBS = "set -f; say() { printf '%s\\0' \"$@\"; }; " + "".join(
    f'{name}() {{ say "$@"; }}; ' for name in ("python", "torchrun", "cp")
)
LOGGED = 'logged() { shift; "$@"; }; tee() { cat; }; config=configuration; '


def configuration(text: str) -> dict:
    """Every path of the user's with `text` in it."""
    return {
        "dataset": {
            "source": {"kind": "images", "images": f"own/{text}/images", "captions": f"own/{text}/c.json"}
        },
        "cnn": {"name": "shufflenet_v2_x0_5", "layer": "pool", "weights": f"own/{text}/w.safetensors"},
        "methods": {"other": {"kind": "embeddings", "file": f"own/{text}/e.h5"}},
        "finetune": {"methods": ["vsepp"], "processes": 2},
        "seeds": [0],
    }


@pytest.fixture(scope="module")
def runs(place):
    """The DAG of each configuration, and of precomputed features."""
    copy = copy_of_working_tree(place / "quoting", place / "home")
    calls = []
    for number, text in enumerate(NASTY):
        config = configuration(text)
        folder = copy.path / "own" / text
        (folder / "images").mkdir(parents=True)
        for name in ("c.json", "w.safetensors", "e.h5", "f.h5"):
            (folder / name).touch()
        ready = config | {"features": {"file": f"own/{text}/f.h5"}, "finetune": {"methods": []}}
        for kind, each in (("cnn", config), ("ready", ready)):
            path = copy.path / f"{number}{kind}.yaml"
            path.write_text(yaml.safe_dump(each, allow_unicode=True), encoding="utf-8")
            calls.append(["--configfile", path.name, "--", "all"])
    found = copy.dry_runs(calls)
    return copy, dict(zip(NASTY, zip(found[::2], found[1::2], strict=True), strict=True))


@pytest.mark.parametrize("text", NASTY)
def test_paths_reach_jobs_as_they_are_written(text, runs):
    copy, found = runs
    commands = [job.command for run in found[text] for job in run.jobs if job.command]
    script = "\n".join([STUBS + LOGGED, *commands])
    done = subprocess.run(["bash", "-c", script], cwd=copy.path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(copy.path.rglob("pwned"))
    words = set(done.stdout.split("\0"))
    expected = {f"own/{text}/{name}" for name in ("images", "w.safetensors", "e.h5", "f.h5")}
    assert expected <= words
