"""A copy of the project in a folder of its own, where a workflow may be run, killed and looked at."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TREE = ("Snakefile", "params.yaml", "config", "profiles", "workflow", "src")
MARK = "GXN_WORKPLACE"


def _heed_interrupts() -> None:
    """Undo what a shell does to its background jobs, which ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Workplace:
    """A copy of the tree. Its processes are known by a mark in their environment, so that a kill gets all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        for name in TREE:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, folder / name)
        self.output = folder / "said.txt"
        self.mark = uuid.uuid4().hex
        self.foreign: set[int] = set()  # processes that are not of this place
        foreign = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")  # the code beside the Snakefile has to run
        kept = {name: value for name, value in os.environ.items() if name not in foreign}
        self.environment = kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            MARK: self.mark,
            "COLUMNS": "1000",  # no line of the screen is wrapped
        }

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start `snakemake` with these arguments, at the head of a process group of its own."""
        with open(self.output, "w") as output:
            return subprocess.Popen(
                ["snakemake", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heed_interrupts,
            )

    def run(self, *arguments: str, timeout: float = 3600) -> tuple[int, str]:
        """Run `snakemake` to its end; exit status and all it said. Nothing of it outlives the call."""
        process = self.start(*arguments)
        try:
            process.wait(timeout)
        finally:
            self.kill(process)
        return process.returncode, self.said

    @property
    def said(self) -> str:
        """Output of the last `snakemake`."""
        return self.output.read_text(errors="replace")

    def kill(self, process: subprocess.Popen) -> list[str]:
        """SIGKILL to the process group and all that it started; the jobs that were at work."""
        running = self.at_work()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        while alive := [pid for pid in self._processes() if pid != process.pid]:
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        process.wait()
        return running

    def at_work(self) -> list[str]:
        """The jobs at work, by the logs that their processes write."""
        found = set()
        for pid in self._processes():
            with contextlib.suppress(OSError):
                found.add(self._job(pid))
        return sorted(found - {""})

    def jobs(self) -> dict[str, float]:
        """The jobs at work and the processor seconds of each; cheap, as foreign processes are looked at once."""
        found: dict[str, float] = {}
        self.foreign &= (running := _running())
        own = self._processes(running - self.foreign)
        self.foreign |= running - set(own)
        for pid in own:
            with contextlib.suppress(OSError):
                if job := self._job(pid):
                    found[job] = found.get(job, 0.0) + _processor_seconds(pid)
        return found

    def kill_job(self, job: str) -> int:
        """SIGKILL to all processes of one job, whose Snakemake lives on; how many there were."""
        killed = 0
        for pid in self._processes():
            with contextlib.suppress(OSError):
                if self._job(pid) == job:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        return killed

    def _job(self, pid: int) -> str:
        """The job whose log a process writes, or nothing."""
        path = Path(f"/proc/{pid}/fd/1").readlink()
        logs = self.folder / "logs"
        return str(path.relative_to(logs).with_suffix("")) if path.is_relative_to(logs) else ""

    def _processes(self, among: set[int] | None = None) -> list[int]:
        wanted, found = f"{MARK}={self.mark}".encode(), []
        for pid in _running() if among is None else among:
            with contextlib.suppress(OSError):
                if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    found.append(pid)
        return found

    def configure(self, settings: dict, name: str = "own.yaml") -> str:
        """Write a configuration file; its path, for --configfile."""
        text = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)
        (self.folder / "config" / name).write_text(text, encoding="utf-8")
        return f"config/{name}"

    def made(self, *folders: str) -> dict[str, str]:
        """SHA-256 of every file under these folders, half-written ones included."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in folders or ("data", "results")
            for path in sorted((self.folder / folder).rglob("*"))
            if path.is_file()
        }


def _running() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _processor_seconds(pid: int) -> float:
    """User and system time; proc(5), fields 14 and 15 of stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
