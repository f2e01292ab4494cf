"""Mistakes that are refused before anything runs, each in one line."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from plans import OWN, ROOT, plan
from workflow import preconditions

from gxn.errors import GxnError


def test_a_place_that_can_be_written_is_no_obstacle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert preconditions.obstacle() is None


@pytest.mark.parametrize("name", [".", "results", "logs", ".snakemake"])
def test_a_folder_that_cannot_be_written_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir(exist_ok=True)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != Path(name))
    assert preconditions.obstacle() == f"{tmp_path / name}: cannot be written; make it writable and run again"


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(preconditions, "disk_usage", lambda path: SimpleNamespace(free=1000))
    assert preconditions.obstacle() == f"{tmp_path}: the disk is full; make room there and run again"


def test_installed_packages_are_compiled_and_that_is_said_once(tmp_path, capsys):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text("")
    (tmp_path / "other.py").write_text("")
    said = []
    for _ in range(2):
        preconditions.compile_packages(tmp_path)
        said.append(capsys.readouterr().err)
    assert said == ["compiling the installed packages, once: about a minute\n", ""]
    assert Path(importlib.util.cache_from_source(tmp_path / "other.py")).exists()


def test_packages_that_cannot_be_written_are_left_as_they_are(tmp_path, monkeypatch, capsys):
    (tmp_path / "other.py").write_text("")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    preconditions.compile_packages(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other.py"] and capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("present", "message"),
    [
        ("own/captions.json", "cnn.weights: own/weights.safetensors: no such file"),
        ("own/weights.safetensors", "dataset.source.captions: own/captions.json: no such file"),
    ],
)
def test_a_file_of_the_users_that_is_not_there_is_named_with_its_key(present, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / present).touch()
    with pytest.raises(GxnError) as error:
        preconditions.check_own_files(plan(OWN).config)
    assert str(error.value) == f"{message}; relative paths count from {tmp_path}"


def test_what_was_made_of_an_absent_file_is_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/mine").mkdir(parents=True)
    for name in ("captions.json", "features.h5"):
        (tmp_path / "data/mine" / name).touch()
    preconditions.check_own_files(plan(OWN).config)


def test_what_the_workflow_fetches_need_not_be_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fetched = OWN.replace("own/captions", "data/raw/dataset_coco").replace("own/w", "data/raw/w")
    preconditions.check_own_files(plan(fetched).config)


def test_another_copys_code_is_refused(tmp_path):
    here, other = (tmp_path / name / "src/gxn" for name in ("here", "other"))
    preconditions.check_code(here, tmp_path / "here/src/../src/gxn")
    with pytest.raises(GxnError, match=f"gxn was imported from {other}, not from {here}"):
        preconditions.check_code(other, here)


def test_jobs_find_the_package_and_the_python_of_this_run_first():
    environment = {"PYTHONPATH": "/other/src:/mine/src", "PATH": "/bin"}
    preconditions.job_environment(Path("/mine/src"), environment)
    assert environment["PYTHONPATH"] == "/mine/src:/other/src"
    assert environment["PATH"] == f"{Path(sys.executable).parent}:/bin"


def test_jobs_import_nothing_from_the_working_folder_and_write_no_bytecode():
    environment = {}
    preconditions.job_environment(Path("/mine/src"), environment)
    assert environment["PYTHONSAFEPATH"] == environment["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_configuration_of_jobs_is_one_file_named_by_its_content(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, same, other = (plan(f"seeds: [{seed}]").config for seed in (0, 0, 1))
    path = Path(preconditions.job_configuration(first))
    written = path.stat().st_mtime_ns
    assert preconditions.job_configuration(same) == str(path)
    assert path.stat().st_mtime_ns == written
    assert preconditions.job_configuration(other) != str(path)


def test_what_jobs_read_is_the_whole_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = plan(OWN, "methods: {vsepp: {joint: {epochs: 1}}, order: null}").config
    (tmp_path / "params.yaml").write_text(Path(preconditions.job_configuration(own)).read_text())
    assert preconditions.configuration([], {}) == own


def test_files_are_laid_over_params_and_the_command_line_over_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    (tmp_path / "a.yaml").write_text("seeds: [1]\njoint: {epochs: 7}\n")
    (tmp_path / "b.yaml").write_text("seeds: [2]\n")
    config = preconditions.configuration(["a.yaml", "b.yaml"], {"joint": {"learning_rate": "1e-3"}})
    assert (config.seeds, config.joint.epochs, config.joint.learning_rate) == ((2,), 7, 0.001)


def test_a_folder_without_params_is_said_to_be_the_wrong_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        GxnError, match=f"^{tmp_path}: has no params.yaml; start Snakemake in the repository's"
    ):
        preconditions.configuration([], {})


class TestNetworks:
    """Another process looks, as torch is not imported where Snakemake runs."""

    def looked_at(self, tmp_path, monkeypatch, width, code=0, said=""):
        calls = []

        def run(command, **_options):
            calls.append(command)
            Path("scratch/mine/networks").mkdir(parents=True, exist_ok=True)
            Path("scratch/mine/networks/abc.json").write_text("{}") if not code else None
            return SimpleNamespace(returncode=code, stderr=said)

        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(preconditions.subprocess, "run", run)
        config = plan(f"{OWN}\nmodel: {{text_hidden: {width}}}").config
        for _ in range(2):
            preconditions.check_networks(config, "scratch/config/abc.yaml")
        return calls

    def test_networks_that_cannot_be_large_are_not_looked_at(self, tmp_path, monkeypatch):
        assert self.looked_at(tmp_path, monkeypatch, 512) == []

    def test_others_are_looked_at_once(self, tmp_path, monkeypatch):
        assert len(self.looked_at(tmp_path, monkeypatch, 4096)) == 1

    def test_what_is_too_large_is_said(self, tmp_path, monkeypatch):
        with pytest.raises(GxnError, match=r"^model: too large$"):
            self.looked_at(tmp_path, monkeypatch, 4096, 2, "error: model: too large\n")


class TestFolder:
    """Runs in one folder, by processes that end."""

    HOLD = "from workflow.preconditions import hold_folder; held = hold_folder(); print(held[1]); input()"

    @pytest.fixture
    def other(self, tmp_path, monkeypatch):
        """Another process that holds the folder, and the lock that Snakemake made in it."""
        monkeypatch.chdir(tmp_path)
        path = os.pathsep.join(map(str, (ROOT, ROOT / "src")))
        process = subprocess.Popen(
            [sys.executable, "-c", self.HOLD],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout.readline() == "None\n"
        Path(".snakemake/locks").mkdir()
        Path(".snakemake/locks/0.output.lock").touch()
        yield process
        process.kill()
        process.communicate()

    def test_a_run_that_is_at_work_is_said(self, other):
        _held, said = preconditions.hold_folder()
        assert said == preconditions.AT_WORK
        assert Path(".snakemake/locks/0.output.lock").exists()

    def test_the_lock_of_a_killed_run_is_cleared(self, other):
        other.kill()
        other.wait()
        _held, said = preconditions.hold_folder()
        assert said is None and not list(Path(".snakemake/locks").iterdir())

    def test_the_lock_of_another_machine_is_left(self, other, monkeypatch):
        other.kill()
        other.wait()
        monkeypatch.setattr(preconditions.socket, "gethostname", lambda: "elsewhere")
        _held, said = preconditions.hold_folder()
        assert said is None and Path(".snakemake/locks/0.output.lock").exists()
