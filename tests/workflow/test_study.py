"""The results of a study that go into git, and those that are refused."""

import json
import shutil

import numpy as np
import pytest
from made_results import METHODS
from made_study import make_study
from plans import ROOT
from workflow import paths, result_checks, study, study_record

from gxn.configuration.files import load
from gxn.errors import GxnError
from gxn.files import sha256
from gxn.hdf5 import create_hdf5
from gxn.reporting.study import Study


@pytest.mark.parametrize("name", study.studies())
def test_a_study_is_a_configuration_with_a_header(name):
    files = study.files(name)
    load([ROOT / path for path in ["params.yaml", *files]])
    head = (ROOT / files[-1]).read_text("utf-8")
    assert head.startswith("# ") and "?" in head.splitlines()[0] + head.splitlines()[1]


def test_a_study_lies_over_the_files_that_its_header_names():
    assert study.files("flickr8k") == [
        f"config/{name}.yaml" for name in ("flickr8k", "rows", "study/flickr8k")
    ]


def test_an_unknown_study_is_refused():
    with pytest.raises(GxnError, match="absent: is not a study; those of config/study are scenes"):
        study.files("absent")


def test_results_that_are_not_there_are_named(tmp_path):
    with pytest.raises(GxnError, match="there are no metrics of two_space"):
        study.plan_of("scenes", [], tmp_path, True)
    with pytest.raises(GxnError, match=r"metrics/bag/seed0.json: there is no such file"):
        study.record("scenes", [], tmp_path)


def test_only_what_is_there_is_planned(tmp_path):
    for name in ("two_space/seed1", "vsepp/seed1", "order/seed0", "cca/seedless"):
        path = tmp_path / f"results/scenes/metrics/{name}.json"
        path.parent.mkdir(parents=True)
        path.touch()
    plan = study.plan_of("scenes", [], tmp_path, True)
    assert list(plan.config.seeds) == [1] and plan.all_rows == ["cca", "vsepp", "two_space"]


@pytest.fixture
def root(results, tmp_path, monkeypatch):
    """A checkout with a study `mine` and its results: eight rows, three seeds."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    config = tmp_path / "config/study/mine.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("# Does it?\n#   snakemake --configfile config/study/mine.yaml\nseeds: [0, 1, 2]\n")
    folder = tmp_path / "results/scenes"
    make_study(results, folder)
    (folder / "about.json").unlink()
    monkeypatch.setattr(study, "ROOT", tmp_path)
    plan = study.plan_of("mine", [], tmp_path, True)
    for path in plan.runs(paths.METRICS):
        run = json.loads((tmp_path / path).read_text())
        run["provenance"]["config"] = result_checks.stated_hash(plan, "joint", run["method"])
        (tmp_path / path).write_text(json.dumps(run))
    for path in plan.expand(paths.DRAWINGS, method=["gxn_t2i", "gxn_i2t_t2i"]):
        with create_hdf5(tmp_path / path, {}) as file:
            file["images"] = np.zeros((60, 3, 8, 8), np.uint8)
    (folder / "figures").mkdir()
    for grid in ("i2t", "t2i"):
        (folder / f"figures/{grid}.pdf").write_bytes(b"%PDF")
    log = tmp_path / "logs/scenes/benchmarks/joint/two_space/seed1.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"cpu_time": 1.0}\n{"cpu_time": 12.5}\n')
    return tmp_path


def test_a_record_has_all_that_the_paper_reads(root):
    folder = study.record("mine", [], root, True)
    made = Study(folder)
    assert list(made.rows) == [*METHODS]
    assert len(made.runs) == sum(map(len, made.ranked.values())) == 3 * len(METHODS)
    assert made.about["absent"] == {"rows": ["cca", "bag", "infonce", "abstract"], "seeds": []}
    assert made.about["seconds"] == {"joint/two_space": 12.5}
    assert made.about["training_images"] == 5000
    assert {name: sha256(folder / name) for name in made.about["files"]} == made.about["files"]
    assert (folder / "imagined/gxn_t2i/seed2.png").is_file()
    assert load([folder / "config.yaml"]).seeds == load([ROOT / "params.yaml"]).seeds


@pytest.mark.parametrize(("shown", "grids"), [([], []), (["mine"], ["i2t.pdf", "t2i.pdf"])])
def test_the_grids_of_a_study_that_the_paper_shows_are_recorded(shown, grids, root, monkeypatch):
    monkeypatch.setattr(study.records, "to_show", lambda: shown)
    folder = study.record("mine", [], root, True)
    assert sorted(path.name for path in folder.glob("figures/*")) == grids


def test_results_of_other_settings_are_not_recorded(root):
    with (root / "config/study/mine.yaml").open("a") as file:
        file.write("joint: {epochs: 9}\n")
    with pytest.raises(GxnError, match="was made with other settings"):
        study.record("mine", [], root, True)
    assert not (root / "study").exists()


def test_a_record_takes_the_place_of_the_one_before_and_none_is_too_large(root, monkeypatch):
    study.record("mine", [], root, True)
    (root / "study/mine/old.txt").touch()
    study.record("mine", [], root, True)
    assert not (root / "study/mine/old.txt").exists()
    monkeypatch.setattr(study, "LIMIT", 1000)
    with pytest.raises(GxnError, match="the records would exceed"):
        study.record("mine", [], root, True)
    assert (root / "study/mine/about.json").is_file()


RECORDS = sorted((ROOT / "study").glob("*/about.json"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name)
def test_a_committed_record_is_whole_and_names_no_folder_of_a_machine(path):
    about = json.loads(path.read_text("utf-8"))
    assert {name: sha256(path.parent / name) for name in about["files"]} == about["files"]
    there = {each.relative_to(path.parent).as_posix() for each in path.parent.rglob("*") if each.is_file()}
    assert there == {*about["files"], "about.json"}
    assert ": /" not in path.with_name("config.yaml").read_text("utf-8")


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name)
def test_a_committed_record_can_be_read_by_this_code(path):
    record = Study(path.parent)
    assert len(record.runs) == sum(map(len, record.ranked.values()))
    assert record.imagined() and record.curves()


def test_the_committed_records_are_small():
    assert sum(study_record.size(path.parent) for path in RECORDS) <= study.LIMIT
