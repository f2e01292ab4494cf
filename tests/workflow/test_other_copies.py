"""The code that runs is that beside the Snakefile, although another copy's is installed or in PYTHONPATH."""

import json
import os
import shutil
import site
import venv

import pytest
import yaml
from copies import Copy, copy_of_working_tree

pytestmark = pytest.mark.slow

UNIT = """
dataset: {name: unit, gan_image_size: 16, source: {size: 32, train: 30, val: 8, test: 8}}
features: {crop: 32}
"""
VOCABULARY = "data/unit/vocabulary.json"
PROGRAMS = {"snakemake": "snakemake.cli", "gxn": "gxn.cli"}


def edit(copy: Copy) -> None:
    """Have `tokenize` write a word of its own."""
    path = copy.path / "src/gxn/steps/tokenize.py"
    text = path.read_text(encoding="utf-8")
    changed = text.replace('{"words": words}', '{"words": [*words, "edited"]}')
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def words(copy: Copy) -> list[str]:
    return json.loads((copy.path / VOCABULARY).read_text(encoding="utf-8"))["words"]


def make_vocabulary(copy: Copy, program: str = "snakemake", **variables: str) -> None:
    (copy.path / "unit.yaml").write_text(UNIT)
    copy.run(program, "--cores", "1", "--configfile", "unit.yaml", "--", VOCABULARY, **variables)


@pytest.fixture(scope="module")
def original(place):
    """A copy with an environment of its own, in which its package is installed as `uv sync` does."""
    copy = copy_of_working_tree(place / "original", place / "home")
    folder = copy.path / ".venv"
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    installed = [str(copy.path / "src"), *site.getsitepackages()]
    (packages / "installed.pth").write_text("\n".join(installed) + "\n")
    for name, module in PROGRAMS.items():
        program = folder / "bin" / name
        program.write_text(f"#!{folder}/bin/python\nfrom {module} import main\n\nmain()\n")
        program.chmod(0o755)
    return copy


@pytest.fixture(scope="module")
def copied(original, place):
    """The same folder copied, environment and all, and then edited."""
    shutil.copytree(original.path, place / "copied", symlinks=True)
    copy = Copy(place / "copied", original.home)
    edit(copy)
    return copy


def test_a_copied_folder_runs_its_own_code_by_its_copied_environment(copied):
    path = f"{copied.path}/.venv/bin{os.pathsep}{copied.environment['PATH']}"
    make_vocabulary(copied, str(copied.path / ".venv/bin/snakemake"), PATH=path)
    assert words(copied)[-1] == "edited"


def test_the_steps_of_a_copied_environment_are_refused(original, copied):
    said = copied.run(str(copied.path / ".venv/bin/gxn"), "tokenize", "--help", fails=True)
    here, other = (copy.path / "src/gxn" for copy in (copied, original))
    assert (
        said
        == f"error: gxn runs the code in {other}, not that in {here}; run `uv sync` here, then `uv run gxn`\n"
    )


def test_fingerprints_in_a_copied_folder_are_of_its_own_code(original, copied):
    found = []
    for copy in (original, copied):
        copy.run(str(copy.path / ".venv/bin/python"), "workflow/pipeline.py", "fingerprints")
        found.append(json.loads((copy.path / "results/fingerprints/data.json").read_text())["code"])
    assert found[0].pop("tokenize") != found[1].pop("tokenize")
    assert found[0] == found[1]


def test_another_copy_in_the_python_path_is_passed_over(original, place):
    copy = original.clone(place / "python_path")
    edit(copy)
    make_vocabulary(copy, PYTHONPATH=str(original.path / "src"))
    assert words(copy)[-1] == "edited"


def test_a_git_worktree_runs_its_own_code(original, place):
    original.git("worktree", "add", "--quiet", "--detach", str(place / "worktree"))
    worktree = Copy(place / "worktree", original.home)
    edit(worktree)
    make_vocabulary(worktree, str(original.path / ".venv/bin/snakemake"))
    assert words(worktree)[-1] == "edited"


@pytest.fixture(scope="module")
def experiment(place):
    """A copy set to the smallest data, committed, then edited."""
    copy = copy_of_working_tree(place / "experiment", place / "home")
    (copy.path / "unit.yaml").write_text(UNIT)
    copy.configure("unit.yaml")
    copy.commit("The smallest data")
    edit(copy)
    return copy


@pytest.mark.parametrize("ways", [[["--temp"]], [["--queue"], ["--run-all"]]], ids=["temp", "queue"])
def test_an_experiment_of_dvc_runs_the_edited_code(ways, experiment, place):
    copy = Copy(place / f"experiment{len(ways)}", experiment.home)
    shutil.copytree(experiment.path, copy.path)
    installed = str(place / "experiment/src")  # of the copy that queued, if another's is taken at all
    for way in ways:
        copy.dvc("exp", "run", *way, *["data"] * (way != ["--run-all"]), PYTHONPATH=installed)
    assert recorded(copy)[-1] == "edited"


def recorded(copy: Copy) -> list[str]:
    """The vocabulary that DVC has recorded for the one experiment of a copy."""
    shown = json.loads(copy.dvc("exp", "show", "--json"))
    (revision,) = (
        each["rev"] for row in shown for found in row.get("experiments") or () for each in found["revs"]
    )
    stages = yaml.safe_load(copy.git("show", f"{revision}:dvc.lock"))["stages"]
    (md5,) = (out["md5"] for out in stages["data"]["outs"] if out["path"] == VOCABULARY)
    cached = copy.path / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    return json.loads(cached.read_text(encoding="utf-8"))["words"]


# started from elsewhere


@pytest.mark.parametrize("arguments", [[], ["--directory", "there"]])
def test_a_folder_without_params_is_named_in_one_line(arguments, original, tmp_path):
    (tmp_path / "there").mkdir()
    elsewhere = Copy(tmp_path, original.home)
    said = elsewhere.snakemake("-n", "--snakefile", str(original.path / "Snakefile"), *arguments, fails=True)
    folder = tmp_path / "there" if arguments else tmp_path
    assert f"\n{folder}: has no params.yaml; start Snakemake in the repository's folder" in said
    assert "Traceback" not in said and len(said.splitlines()) < 8


def test_the_repository_may_be_named_from_elsewhere(original, tmp_path):
    elsewhere = Copy(tmp_path, original.home)
    arguments = ("--snakefile", str(original.path / "Snakefile"), "--directory", str(original.path))
    assert "prepare" in elsewhere.snakemake("-n", *arguments, "data")


def test_a_folder_of_its_own_params_is_a_place_for_other_results(original, tmp_path):
    elsewhere = Copy(tmp_path, original.home)
    shutil.copy(original.path / "params.yaml", tmp_path)
    run = elsewhere.dry_run("--snakefile", str(original.path / "Snakefile"), "data")
    assert run.planned["prepare"] == 1
