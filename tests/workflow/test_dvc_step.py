"""dvc.yaml and the Snakefile tell the same story: files and parameters (dry runs, nothing is made)."""

import copy as copying
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

import pytest
import yaml
from copies import Copy, copy_of_working_tree, outs_of
from gxn.schema import overlay

pytestmark = pytest.mark.slow

# a photographic dataset, so that the lines for it are tried too
OTHER = """
dataset: {name: mine, source: karpathy, images: own/images, captions: own/captions.json}
cnn: {weights: own/weights.safetensors}
"""
FINETUNED = "finetune: {methods: [vsepp], processes: 2}"
# holds files that are gone after the job that reads them
PASSING = ["scratch"]
# decide what jobs are given, which DVC would not see otherwise
READ_BY_RULES = ["workflow", "src/gxn/sections.py"]
# the default, but with as many test images as another protocol needs
LARGE = {"scenes": {"test": 5000}}
# another valid value for what is neither a number nor a bool nor a list of numbers
OTHERWISE: dict[Any, Any] = {
    "auto": "cpu", "refuse": "keep", "shufflenet_v2_x0_5": "mobilenet_v2", "pool": "conv5", "1C": "10C",
    "float32": "bfloat16", "cosine": "order", "order": "cosine", "two_space": "cosine", "sum": "hardest",
    "hardest": "sum", "none": "xe", "xe": "mix", "mix": "xe", ("full",): ["1k-5fold"], 16: 32, 32: 64,
    ("grounded",): ["abstract", "grounded"], ("abstract",): ["grounded"], "abstract": "cosine",
    ("abstract", "grounded"): ["grounded"],
    "mean": "last", "last": "mean", "shared": "own", "state": "word", "text": "mean", "next": "random",
    "floor": "median",
}  # fmt: skip
# where null or that table would not do; `dataset.name` and `.source` change every path and are left alone
SPECIAL: dict[str, Any] = {
    "dataset.name": "scenes",
    "dataset.source": "scenes",
    "dataset.images": "elsewhere",
    "dataset.captions": "elsewhere.json",
    "dataset.expect": {"train": 1000, "val": 200, "test": 5000, "captions": 5},
    "cnn.weights": "weights.safetensors",
    "features.precision": "float16",
    "features.resize": 80,
    "significance.control": "order",
    "drawing.batch": 31,
    "joint.decay_epoch": 1,
    "training.batch": 130,
    "training.select_images": 100,
    "retrieval.normalise": True,  # cosines allow nothing else
    "captioning.reward_bleu_4": 0.5,
    "finetune.methods": ["vsepp"],
    "finetune.decay_epoch": 1,
}


class Job(NamedTuple):
    rule: str
    inputs: list[str]
    command: str


def jobs(copy: Copy, *arguments: str) -> dict[str, Job]:
    """Every job of the DAG by each of its outputs, whether it has to run or not."""
    text = copy.snakemake("-n", "--forceall", "--printshellcmds", *arguments)
    text = re.sub(r"\nWould remove temporary output .*", "", text)
    found = {}
    for block in re.split(r"\n\n|\n(?=\[)", text):
        rule = re.search(r"^(?:local)?rule (\w+):$", block, re.MULTILINE)
        output = re.search(r"^    output: (.*)$", block, re.MULTILINE)
        if rule and output:
            inputs = re.search(r"^    input: (.*)$", block, re.MULTILINE)
            command = re.search(
                r"^    resources: .*\n(?:Shell command: )?(.*)", block, re.MULTILINE | re.DOTALL
            )
            job = Job(rule[1], inputs[1].split(", ") if inputs else [], command[1] if command else "")
            found |= dict.fromkeys(output[1].split(", "), job)
    copied = ("passed", "prepared")
    assert found and all("-m gxn.steps." in job.command or job.rule in copied for job in found.values()), text
    return found


def under(path: str, roots: list[str]) -> bool:
    return any(PurePath(path).is_relative_to(root) for root in roots)


def inputs(out: str, made: dict[str, Job]) -> set[str]:
    """What an output is made from; behind a file that passes, what that is made from."""
    direct = set(made[out].inputs)
    passing = {path for path in direct if under(path, PASSING)}
    return (direct - passing).union(*(inputs(path, made) for path in passing))


def stages(copy: Copy) -> dict[str, Any]:
    """The stages of a copy's dvc.yaml, paths filled in."""
    params = yaml.safe_load((copy.path / "params.yaml").read_text(encoding="utf-8"))
    text = (copy.path / "dvc.yaml").read_text(encoding="utf-8")
    names = {
        "${dataset.name}": params["dataset"]["name"],
        "${dataset.captions}": params["dataset"]["captions"],
        "${cnn.weights}": params["cnn"]["weights"],
    }
    for name, value in names.items():
        text = text.replace(name, str(value))
    return yaml.safe_load(text)


def out_of_step(pipeline: dict[str, Any], made: dict[str, Job]) -> list[str]:
    """What dvc.yaml and a DAG disagree about."""
    claims, problems, claimed = outs_of(pipeline), [], {out for out in made if under(out, PASSING)}
    for name, stage in pipeline["stages"].items():
        mine = {out for out in made if under(out, claims[name])}
        claimed |= mine
        read = {path for out in mine for path in inputs(out, made) if not under(path, claims[name])}
        problems += [
            f"{name}: {path} is read but is no dep" for path in sorted(read) if not under(path, stage["deps"])
        ]
        problems += [
            f"{name}: {dep} is a dep but nothing reads it"
            for dep in stage["deps"]
            if mine and not under(dep, READ_BY_RULES) and not any(under(path, [dep]) for path in read)
        ]
        problems += [
            f"{name}: {out} is an out but nothing makes it"
            for out in claims[name]
            if name != "provenance" and not any(under(path, [out]) for path in mine)
        ]
    return problems + [f"{path} is made but is no stage's out" for path in sorted(set(made) - claimed)]


def not_asked_for(copy: Copy, made: dict[str, Job], *arguments: str) -> list[str]:
    """Outs of a phase that its rule does not ask for, so that a lost one would not be made again."""
    problems = []
    for name, outs in outs_of(stages(copy)).items():
        if name == "provenance":
            continue
        text = copy.snakemake("-n", "--forceall", name, *arguments)
        asked = re.search(rf"^(?:local)?rule {name}:\n    input: (.*)$", text, re.MULTILINE)[1].split(", ")
        problems += [f"{name}: {out}" for out in made if under(out, outs) and out not in asked]
    return problems


@pytest.fixture(scope="module")
def default(copy: Copy) -> dict[str, Job]:
    (copy.path / "large.yaml").write_text(yaml.safe_dump(LARGE), encoding="utf-8")
    return jobs(copy, "--configfile", "large.yaml")


@pytest.fixture
def other(place, copy: Copy) -> Iterator[Copy]:
    """A copy set to a photographic dataset whose files exist by name only."""
    other = copy_of_working_tree(place / "other", place / "home")
    (other.path / "own").mkdir()
    (other.path / "own/mine.yaml").write_text(OTHER, encoding="utf-8")
    (other.path / "own/finetuned.yaml").write_text(FINETUNED, encoding="utf-8")
    (other.path / "own/captions.json").touch()
    (other.path / "own/weights.safetensors").touch()
    yield other
    shutil.rmtree(other.path)


def test_files_of_the_default(copy, default):
    assert out_of_step(stages(copy), default) == []
    assert not_asked_for(copy, default, "--configfile", "large.yaml") == []


@pytest.mark.parametrize(
    "files",
    [
        ["own/mine.yaml"],
        ["own/mine.yaml", "config/smoke.yaml"],
        ["own/finetuned.yaml"],
        ["own/mine.yaml", "own/finetuned.yaml"],
    ],
)
def test_files_of_other_configurations(other, files):
    other.configure(*files)
    made = jobs(other)
    assert out_of_step(stages(other), made) == []
    assert not_asked_for(other, made) == []


def test_a_forgotten_file_is_found(copy, default):
    pipeline = stages(copy)
    pipeline["stages"]["joint"]["deps"].remove("src/gxn/losses")
    pipeline["stages"]["evaluation"]["outs"].pop(0)
    pipeline["stages"]["paper"]["deps"].append("src/gxn/models")
    problems = "\n".join(out_of_step(pipeline, default))
    assert "joint: src/gxn/losses/ranking.py is read but is no dep" in problems
    assert "results/embeddings/scenes/vse0/seed0.h5 is made but is no stage's out" in problems
    assert "paper: src/gxn/models is a dep but nothing reads it" in problems


def leaves(section: Any, prefix: str = "") -> Iterator[str]:
    for key, value in section.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def changed(value: Any, key: str) -> Any:
    """Another valid value; an error for a new kind of parameter that this test knows no other value of."""
    if key in SPECIAL:
        return SPECIAL[key]
    if isinstance(value, bool):
        return not value
    if key == "dataset.thumbnail" or isinstance(value, str):
        return OTHERWISE[value]
    if isinstance(value, list):
        return OTHERWISE[tuple(value)] if isinstance(value[0], str) else value[:-1] or [value[0] + 1]
    return value + 1 if isinstance(value, int) else value / 2


@pytest.mark.parametrize("stage", ["data", "features", "pretraining", "joint", "evaluation", "paper"])
def test_no_parameter_that_a_stage_does_not_list_reaches_its_jobs(copy, default, stage):
    """All parameters that the stage does not list take another value at once: its jobs must stay as they are."""
    (copy.path / "weights.safetensors").touch()
    pipeline = stages(copy)
    config = yaml.safe_load((copy.path / "params.yaml").read_text(encoding="utf-8"))
    overlay(config, LARGE)
    other, listed = copying.deepcopy(config), pipeline["stages"][stage]["params"]
    unlisted = [
        leaf for leaf in leaves(config) if not any(f"{leaf}.".startswith(f"{key}.") for key in listed)
    ]
    assert unlisted
    for leaf in unlisted:
        *folders, last = leaf.split(".")
        section = other
        for folder in folders:
            section = section[folder]
        section[last] = changed(section[last], leaf)
    (copy.path / "other.yaml").write_text(yaml.safe_dump(other, sort_keys=False), encoding="utf-8")
    now, outs = jobs(copy, "--configfile", "other.yaml"), outs_of(pipeline)[stage]
    # a run that is no longer wanted, as with fewer seeds, is another stage's concern
    mine = {out: job for out, job in default.items() if under(out, outs) and out in now}
    passing = {path for job in mine.values() for path in job.inputs if under(path, PASSING)}
    mine |= {path: default[path] for path in passing}
    assert mine and {out: now.get(out) for out in mine} == mine
    assert now != default, "nothing was changed at all"


def test_rows_stand_in_the_order_in_which_the_files_name_them(copy):
    """As in params.yaml once workflow/configure.py has laid the same file over it; Snakemake would reverse it."""
    own = {"encoder": "order", "negatives": "sum", "captioning": "none", "drawing": False}
    rows = {"mine": own, "vsepp": {"joint": {"epochs": 1}}}
    (copy.path / "rows.yaml").write_text(yaml.safe_dump({"methods": rows}), encoding="utf-8")
    params = yaml.safe_load((copy.path / "params.yaml").read_text(encoding="utf-8"))
    command = jobs(copy, "--configfile", "rows.yaml")["results/table_ablation.csv"].command
    assert json.dumps([*params["methods"], "mine"]) in command
