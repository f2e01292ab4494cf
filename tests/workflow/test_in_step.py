"""dvc.yaml and the Snakefile tell the same story of files, whatever the configuration; nothing is made."""

import ast
import copy as copying
import re
from pathlib import PurePath

import pytest
import yaml
from copies import copy_of_working_tree, outs_of
from plans import OWN, PLAIN, TUNED, plan
from workflow import fingerprints, phases, pipeline

pytestmark = pytest.mark.slow

CONFIGURATIONS = {
    "default": (),
    "own": (OWN,),
    "tuned": (TUNED,),
    "own and tuned": (OWN, TUNED),
    "plain": (PLAIN,),
    "own and plain": (OWN, PLAIN),
    "fetched": (
        OWN,
        "dataset: {source: {images: data/raw/coco, captions: data/raw/dataset_coco.json}}",
        "cnn: {weights: data/raw/resnet152.safetensors}",
    ),
    "ready": (
        OWN,
        "cnn: {weights: null}\nfeatures: {file: own/features.h5}",
        "methods: {other: {kind: embeddings, file: own/embeddings.h5}}",
    ),
    "several datasets": ("paper: {datasets: [coco, scenes]}",),
}
# files that are gone after the job that reads them, and such as are fetched: their sums stand in the package
PASSING = ["scratch"]
FETCHED = ["data/raw"]


def under(path, roots):
    return any(PurePath(path).is_relative_to(root) for root in roots)


def inputs(path, made):
    """Files that an output is made from; what passes through a file that goes again is traced back."""
    found = set()
    for read in made[path].inputs:
        found |= inputs(read, made) if under(read, PASSING) else {read}
    return found


def out_of_step(stages, made):
    """Differences between stages of dvc.yaml and a DAG, its jobs by output."""
    claims, problems = outs_of({"stages": stages}), []
    claimed = {path for path in made if under(path, PASSING + FETCHED)}
    for name in phases.TARGETS:
        mine = {path for path in made if under(path, claims[name])}
        claimed |= mine
        read = {
            each for path in mine for each in inputs(path, made) if not under(each, claims[name] + FETCHED)
        }
        deps = [dep for dep in stages[name]["deps"] if dep != phases.FINGERPRINT.format(phase=name)]
        problems += [
            f"{name}: {path} is read but is not a dep" for path in sorted(read) if not under(path, deps)
        ]
        problems += [
            f"{name}: {dep} is a dep but nothing reads it"
            for dep in deps
            if not any(under(path, [dep]) for path in read)
        ]
        problems += [
            f"{name}: {out} is an out but nothing makes it"
            for out in claims[name]
            if not any(under(path, [out]) for path in mine)
        ]
    return problems + [f"{path} is made but is not a stage's out" for path in sorted(set(made) - claimed)]


def not_asked_for(stages, jobs):
    """Outs of a phase that its targets do not ask for, so that a lost one would not be made again."""
    problems, outs = [], outs_of({"stages": stages})
    for name, targets in phases.TARGETS.items():
        asked = {path for job in jobs if job.rule in targets.split() for path in job.inputs}
        made = {path for job in jobs for path in job.outputs if under(path, outs[name])}
        problems += [f"{name}: {path}" for path in sorted(made - asked)]
    return problems


@pytest.fixture(scope="module")
def runs(place):
    """Dry runs of every configuration; files of the user's exist by name only."""
    copy = copy_of_working_tree(place / "in_step", place / "home")
    own = [f"own/{name}" for name in ("captions.json", "weights.safetensors", "features.h5", "embeddings.h5")]
    for path in [copy.path / name for name in (*own, "results/coco/table_ablation.csv")]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    targets = " ".join(phases.TARGETS.values()).split()
    calls = []
    for number, texts in enumerate(CONFIGURATIONS.values()):
        path = copy.path / f"{number}.yaml"
        path.write_text(yaml.safe_dump(plan(*texts).config.model_dump(mode="json", exclude_unset=True)))
        calls.append(["--configfile", path.name, "--", *targets])
    return dict(zip(CONFIGURATIONS, copy.dry_runs(calls), strict=True))


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_phases_read_and_make_the_files_that_dvc_yaml_names(name, runs):
    stages = pipeline.pipeline(plan(*CONFIGURATIONS[name]))["stages"]
    assert out_of_step(stages, runs[name].by_output) == []


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_phases_ask_for_all_that_they_make(name, runs):
    stages = pipeline.pipeline(plan(*CONFIGURATIONS[name]))["stages"]
    assert not_asked_for(stages, runs[name].jobs) == []


# parameters of jobs that follow from the files that they read and make
FILES = re.compile(r"((--[\w-]+ )?(data|results|scratch)/\S+ ?)*|--seed \d+|python -m|torchrun .*|[a-z_0-9]+")


def texts(value):
    """All texts and numbers of a fingerprint."""
    if isinstance(value, dict):
        value = [*value.values()]
    return {str(value)} if not isinstance(value, list | tuple) else {t for each in value for t in texts(each)}


def not_stated(stages, made, stated):
    """Parameters of a phase's jobs that its fingerprint does not hold: DVC would not see that they change."""
    problems, outs = [], outs_of({"stages": stages})
    for name in phases.TARGETS:
        known = texts(stated[name])
        for job in {each.rule: each for path, each in made.items() if under(path, outs[name])}.values():
            given = {str(ast.literal_eval(each)).strip() for each in job.params}
            unknown = {each for each in given - known if len(each) == 16 or not FILES.fullmatch(each)}
            problems += [f"{name}: {job.rule}: {each}" for each in unknown]
    return problems


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_fingerprints_hold_all_that_snakemake_compares(name, runs):
    found = plan(*CONFIGURATIONS[name])
    stages, stated = pipeline.pipeline(found)["stages"], fingerprints.by_phase(found)
    assert not_stated(stages, runs[name].by_output, stated) == []


@pytest.mark.parametrize(
    ("stage", "kind", "change", "problem"),
    [
        ("joint", "deps", "data/scenes/tokens.h5", "joint: data/scenes/tokens.h5 is read but is not a dep"),
        (
            "tables",
            "deps",
            "+data/x",
            "tables: data/x is a dep but nothing reads it",
        ),
        ("evaluation", "outs", "+results/x", "evaluation: results/x is an out but nothing makes it"),
    ],
)
def test_a_forgotten_file_is_found(stage, kind, change, problem, runs):
    stages = copying.deepcopy(pipeline.pipeline(plan())["stages"])
    listed = stages[stage][kind]
    listed.append(change[1:]) if change[0] == "+" else listed.remove(change)
    assert problem in out_of_step(stages, runs["default"].by_output)


def test_an_output_that_no_stage_keeps_is_found(runs):
    stages = copying.deepcopy(pipeline.pipeline(plan())["stages"])
    stages["evaluation"]["outs"].remove({"results/scenes/ranks": {"persist": True}})
    problems = out_of_step(stages, runs["default"].by_output)
    assert "results/scenes/ranks/vse0/seed0.h5 is made but is not a stage's out" in problems
