"""Copies of the project in which DVC and Snakemake can be let loose."""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from plans import ROOT

IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "test"), ("EMAIL", "test@example.org"))
}


@dataclasses.dataclass(frozen=True)
class Copy:
    """A git working copy whose commands see this environment's programs and nobody's settings.

    The package that is installed in this environment is another copy's: that beside the Snakefile has to run.
    """

    path: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables of every command."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        foreign = ("AWS_", "GIT_", "SNAKEMAKE", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        own = {
            "PATH": programs,
            # compiled once, whatever the machine's setting, and nowhere near the sources
            "PYTHONPYCACHEPREFIX": str(self.home / "pycache"),
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "DVC_SITE_CACHE_DIR": str(self.home / "dvc"),
            "DVC_NO_ANALYTICS": "1",
        }
        return kept | IDENTITY | own

    def run(self, *command: str, fails: bool = False, timeout: int = 3600, **variables: str) -> str:
        """Output and errors of a command, which must succeed, or must not."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        assert (done.returncode != 0) == fails, (
            f"{' '.join(command)}: {done.returncode}\n{done.stdout[-8000:]}"
        )
        return done.stdout

    def dvc(self, *arguments: str, **options: object) -> str:
        """Run dvc."""
        return self.run("dvc", *arguments, **options)

    def snakemake(self, *arguments: str, **options: object) -> str:
        """Run Snakemake."""
        return self.run("snakemake", *arguments, **options)

    def dry_runs(self, calls: Sequence[Sequence[str]]) -> list["DryRun"]:
        """Dry runs of Snakemake with each list of arguments; they must succeed."""
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("dry_runs.py"))],
            cwd=self.path,
            env=self.environment,
            input=json.dumps([list(call) for call in calls]),
            capture_output=True,
            text=True,
            timeout=3600,
        )
        assert done.returncode == 0, done.stderr[-8000:]
        found = json.loads(done.stdout)
        failed = [
            f"{call}:\n{each['said'][-4000:]}"
            for call, each in zip(calls, found, strict=True)
            if each["code"]
        ]
        assert not failed, "\n".join(failed)
        return [DryRun(each["said"], [Job(**job) for job in each["jobs"]]) for each in found]

    def dry_run(self, *arguments: str) -> "DryRun":
        """One of them."""
        return self.dry_runs([arguments])[0]

    def git(self, *arguments: str) -> str:
        """Run git."""
        return self.run("git", *arguments)

    def commit(self, message: str) -> None:
        """Commit everything that git does not ignore."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def configure(self, *files: str) -> None:
        """Set params.yaml and dvc.yaml to files of config/."""
        self.run(sys.executable, "workflow/pipeline.py", "configure", *files)

    def set(self, key: str, value: object) -> None:
        """Change one value of params.yaml; `key` may be dotted."""
        path = self.path / "params.yaml"
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        *folders, last = key.split(".")
        section = config
        for folder in folders:
            section = section[folder]
        section[last] = value
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    def clone(self, path: Path) -> "Copy":
        """The copy that a colleague has after `git clone`."""
        self.git("clone", "--quiet", ".", str(path))
        return Copy(path, self.home)

    def files(self, *folders: str) -> dict[str, tuple[str, int]]:
        """MD5 and time of change of every file in some folders of the copy; DVC's temporary ones are none."""
        paths = [path for folder in folders for path in (self.path / folder).rglob("*") if path.is_file()]
        found = [path for path in paths if not (path.name.startswith(".") and path.suffix == ".tmp")]
        return {
            str(path.relative_to(self.path)): (
                hashlib.md5(path.read_bytes()).hexdigest(),
                path.stat().st_mtime_ns,
            )
            for path in sorted(found)
        }


def copy_of_working_tree(path: Path, home: Path) -> Copy:
    """The checkout as it stands, committed or not, without what git ignores, as a repository of one commit."""
    listing = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, stdout=subprocess.PIPE, check=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    (path / "dvc.lock").unlink(missing_ok=True)
    home.mkdir(exist_ok=True)
    copy = Copy(path, home)
    copy.git("init", "--quiet", "--initial-branch", "main")
    copy.commit("The working tree")
    return copy


class Job(NamedTuple):
    """A job of a DAG; `needed`: it is to run."""

    rule: str
    needed: bool
    inputs: list[str]
    outputs: list[str]
    params: list[str]
    command: str
    threads: int
    gpu: int


class DryRun(NamedTuple):
    """Output of a dry run, and its DAG."""

    said: str
    jobs: list[Job]

    @property
    def planned(self) -> dict[str, int]:
        """Numbers of jobs that are to run, by rule; never because it is not known how a file was made."""
        assert "missing provenance" not in self.said, self.said
        return dict(Counter(job.rule for job in self.jobs if job.needed))

    @property
    def by_output(self) -> dict[str, Job]:
        """The jobs by each of their outputs."""
        return {path: job for job in self.jobs for path in job.outputs}


def outs_of(pipeline: dict[str, Any]) -> dict[str, list[str]]:
    """Paths of the outs of each stage of a parsed dvc.yaml or dvc.lock."""
    return {
        name: [_path(out) for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])]
        for name, stage in pipeline["stages"].items()
    }


def _path(entry: str | dict) -> str:
    if isinstance(entry, str):
        return entry
    return entry.get("path") or next(iter(entry))


def changed_outs(old: dict, new: dict) -> list[str]:
    """Stages of a dvc.lock whose outs differ from an earlier one's although the recipe is the same.

    `persist` lets a file that was edited by hand pass for an output: this is what gives it away. Snakemake's
    ledger holds times of day, so its stage is left out, as is the table of processor seconds.
    """

    def recipe(stage: dict) -> tuple:
        return (
            stage["cmd"],
            [(dep["path"], dep.get("md5")) for dep in stage.get("deps", [])],
            stage.get("params"),
        )

    def outs(stage: dict) -> list:
        return [out for out in stage["outs"] if not out["path"].endswith("table_costs.csv")]

    return [
        name
        for name, stage in new["stages"].items()
        if name != "provenance"
        and name in old["stages"]
        and recipe(stage) == recipe(old["stages"][name])
        and outs(stage) != outs(old["stages"][name])
    ]
