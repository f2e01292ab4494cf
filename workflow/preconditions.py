"""Conditions before anything runs: a place to write, the user's files, the code beside the Snakefile."""

import compileall
import contextlib
import fcntl
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from shutil import disk_usage
from typing import IO, Any

from gxn.configuration.files import load, write
from gxn.configuration.root import Configuration, is_fetched
from gxn.errors import GxnError
from gxn.estimation.bounds import most_bytes
from workflow import paths
from workflow.digests import fingerprint

AT_WORK = (
    "Directory cannot be locked: another run is at work in it, or still ends. Wait for it; where there is no "
    "other Snakemake process, on any machine, run snakemake --unlock"
)
SMALL = 2_000_000_000  # bytes that are at hand wherever anything runs


def obstacle() -> str | None:
    """Say what keeps Snakemake from writing, whose own words would be a traceback.

    The disk of the logs counts, too: a job's own message may find no room there.
    """
    for path in map(Path, (".", "results", "scratch", "logs", ".snakemake")):
        if path.exists() and not os.access(path, os.W_OK):
            return f"{path.absolute()}: cannot be written; make it writable and run again"
    if disk_usage(".").free < 1 << 20:
        return f"{Path.cwd()}: the disk is full; make room there and run again"
    return None


def hold_folder() -> tuple[IO[str] | None, str | None]:
    """Mark this process as at work in the folder, and clear the lock that a killed run of this machine left.

    Every Snakemake, also that of a job, shares a lock of the system's on one file, which ends with the process
    whatever ends it. So who has that lock alone is alone.

    Returns:
        The file, to be kept open; and what to say where Snakemake's lock is that of another run.
    """
    mark, locks = Path(".snakemake", "at_work"), Path(".snakemake", "locks")
    try:
        mark.parent.mkdir(exist_ok=True)
        file = open(mark, "a+", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return file, AT_WORK if any(locks.glob("*")) else None
    except OSError:  # a file system without locks
        return None, None
    file.seek(0)
    if file.read() == socket.gethostname():
        for left in locks.glob("*"):
            left.unlink(missing_ok=True)
    file.truncate(0)
    file.write(socket.gethostname())
    file.flush()
    fcntl.flock(file, fcntl.LOCK_SH)
    return file, None


def check_own_files(config: Configuration) -> None:
    """Refuse a configuration that names files of the user's which are not there.

    What is made of them may have come by `dvc pull`; then the files themselves may be elsewhere.

    Raises:
        GxnError: names the key and the file.
    """
    data = Path("data", config.dataset.name)
    ready, weights = config.features.file, config.cnn.weights
    own = [
        ("dataset.source.captions", path, "captions.json") for path in config.dataset.source.captions_files()
    ]
    own.append(("features.file", ready, "features.h5") if ready else ("cnn.weights", weights, "features.h5"))
    own += [("labels.instances", path, "labels.h5") for path in config.labels.instances]
    by_the_workflow = paths.FACTS.format(dataset=config.dataset.name)
    for key, path, made in own:
        if not path or path == by_the_workflow or is_fetched(path):
            continue
        if not data.joinpath(made).exists() and not Path(path).exists():
            raise GxnError(f"{key}: {path}: no such file; relative paths count from {Path.cwd()}")


def check_code(running: Path, beside: Path) -> None:
    """Refuse to run another copy's code than that beside the Snakefile.

    Args:
        running: folder of the package that was imported.
        beside: folder of the package beside the Snakefile.

    Raises:
        GxnError: they are not the same folder.
    """
    if running.resolve() != beside.resolve():
        raise GxnError(
            f"gxn was imported from {running}, not from {beside}; start Snakemake without that package"
        )


def job_environment(source: Path, environment: MutableMapping[str, str]) -> None:
    """Set the variables of all jobs, in place.

    Jobs import the package beside the Snakefile, `source`, whatever is installed, nothing from the working
    folder, and
    are run by the Python that runs Snakemake, which a scheduler that passes no environment would not find.
    """
    # on a full disk Python leaves bytecode cut short, which no later run could load
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PYTHONSAFEPATH"] = "1"
    _put_first(environment, "PYTHONPATH", source)
    _put_first(environment, "PATH", Path(sys.executable).parent)


def compile_packages(packages: Path) -> None:
    """Compile the packages installed in a folder where they are not yet: a job writes no bytecode.

    Compiling torch takes longer than importing it. A folder that cannot be written is left as it is.
    """
    if not os.access(packages, os.W_OK):
        return
    if not Path(importlib.util.cache_from_source(packages / "torch/__init__.py")).exists():
        print("compiling the installed packages, once: about a minute", file=sys.stderr, flush=True)
    compileall.compile_dir(packages, quiet=2, workers=0)


def _put_first(environment: MutableMapping[str, str], name: str, folder: Path) -> None:
    rest = [each for each in environment.get(name, "").split(os.pathsep) if each and each != str(folder)]
    environment[name] = os.pathsep.join([str(folder), *rest])


def job_configuration(config: Configuration) -> str:
    """Write the configuration as the one file that jobs read, and return its path, which names its content."""
    path = Path("scratch", "config", f"{fingerprint(config)}.yaml")
    if not path.exists():
        write(path, config)
    return path.as_posix()


def check_networks(config: Configuration, file: str) -> None:
    """Refuse networks larger than the memory before any finished file is removed for them.

    Networks that cannot be large are not looked at, since torch takes seconds to import; what was found for others
    is kept.

    Args:
        config: what the file holds.
        file: the configuration as jobs read it, named by its content.

    Raises:
        GxnError: the networks of a row need more.
    """
    found = Path("scratch", config.dataset.name, "networks", f"{Path(file).stem}.json")
    if most_bytes(config) <= SMALL or found.exists():
        return
    command = [sys.executable, "-m", "gxn.steps.preflight", "--check", "networks"]
    done = subprocess.run(
        [*command, "--config", file, "--out", str(found)], stderr=subprocess.PIPE, check=False, text=True
    )
    if done.returncode:
        raise GxnError(done.stderr.strip().removeprefix("error: "))


def configuration(files: Iterable[str], overlay: Mapping[str, Any]) -> Configuration:
    """Read params.yaml, the files of --configfile over it, and the values of --config over them.

    Raises:
        GxnError: names every key that is wrong, or params.yaml where it is not here.
    """
    if not Path("params.yaml").is_file():
        raise GxnError(
            f"{Path.cwd()}: has no params.yaml; start Snakemake in the repository's folder, "
            "or in a copy of it: it holds all defaults"
        )
    return load(["params.yaml", *files], overlay)
