"""A disk that fills up or cannot be written: one message, nothing lost, and the same command goes on."""

import contextlib
import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from workplace import Workplace

from gxn import files, hdf5
from gxn.errors import GxnError
from gxn.features.writer import DIGEST, ResumableFeatureWriter
from gxn.training.resume import Resume

LIMITS = 60  # per kind of file
FOLDERS = ("data", "results", "scratch")
# one row that imagines nothing, wide enough that what is written is larger than what is left
SETTINGS = {"methods": {"cca": None, "gxn_i2t_t2i": None}, "model": {"text_hidden": 100}}


def write_hdf5(path: Path, value: int) -> None:
    with hdf5.create_hdf5(path, {"value": value}) as file:
        rows = file.create_dataset("features", (2000, 64), "float32")
        file["imgid"] = np.arange(2000)
        for start in range(0, 2000, 100):
            rows[start : start + 100] = value


def write_rows(path: Path, value: int) -> None:
    """A batch of ten rows, unless it is there, and a thousand rows."""
    rows = ResumableFeatureWriter(path.parent, "recipe", 100, np.dtype("float32"))
    if not rows.begin(10, 10):
        rows.append(np.ones((10, 100), np.float32))
    rows.append(np.full((1000, 100), value, np.float32))


FIRST_BATCH = DIGEST + 10 * 100 * 4


WRITERS = {
    "features.h5": write_hdf5,
    "table.json": lambda path, value: files.write_json(path, [value] * 30000),
    "checkpoint.safetensors": lambda path, value: files.save_tensors(
        path, {"a": torch.full((300, 300), float(value))}, {}
    ),
    "last.pt": lambda path, value: Resume(path.parent, "fingerprint").save(
        {"a": torch.full((300, 300), value)}
    ),
    "rows.bin": write_rows,
}


def refusals(name: str, folder: Path) -> int:
    """Write a file under many limits of its size; how often that was said and nothing changed."""
    path, chance = folder / name, random.Random(name)
    WRITERS[name](path, 1)
    if name == "rows.bin":
        os.truncate(path, FIRST_BATCH)
    before = {each: each.read_bytes() for each in folder.iterdir()}
    size = FIRST_BATCH + DIGEST + 400_000 if name == "rows.bin" else path.stat().st_size
    none = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    found = 0
    for _ in range(LIMITS):
        limit = chance.choice([4096, size - 1, chance.randrange(FIRST_BATCH, size)])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, none))
        try:
            WRITERS[name](path, 2)
        except GxnError as error:
            said = str(error).startswith(f"{path}: cannot be written") and "run again" in str(error)
            found += said and before == {each: each.read_bytes() for each in folder.iterdir()}
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (none, none))
    WRITERS[name](path, 2)
    assert path.read_bytes() != before[path]
    return found


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_does_not_fit_leaves_what_was_there(name, tmp_path):
    """In a process of its own: HDF5 used to crash the interpreter, at its end at the latest."""
    done = subprocess.run(
        [sys.executable, __file__, name, str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout.split()) == (0, [str(LIMITS)]), done.stderr[-2000:]


class Disks:
    """A workplace whose folders of files are small disks of their own."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.arguments = ["--cores", "2", "--configfile", "config/smoke.yaml", place.configure(SETTINGS)]

    def mount(self, name: str, *options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", self.place.folder / name]
        subprocess.run(command, check=True, capture_output=True)

    def leave(self, name: str, kilobytes: int) -> None:
        """Leave so much room in a folder."""
        stat = os.statvfs(self.place.folder / name)
        used = (stat.f_blocks - stat.f_bfree) * stat.f_frsize // 1024
        self.mount(name, "remount", f"size={used + kilobytes}k")

    def run(self, target: str) -> tuple[int, str]:
        return self.place.run(*self.arguments, "--", target)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Files of an undisturbed run."""
    place = Workplace(tmp_path_factory.mktemp("disk") / "whole")
    code, said = Disks(place).run("results/table_ablation.csv")
    assert code == 0, said[-3000:]
    return place.made()


@pytest.fixture
def disks(tmp_path):
    """Three small disks; skipped where none can be mounted."""
    found = Disks(Workplace(tmp_path / "small"))
    with contextlib.ExitStack() as stack:
        for name in FOLDERS:
            (found.place.folder / name).mkdir()
            try:
                found.mount(name, "size=100m")
            except (OSError, subprocess.CalledProcessError):
                pytest.skip("a tmpfs cannot be mounted here")
            stack.callback(subprocess.run, ["umount", found.place.folder / name], check=True)
        yield found


CNN = "results/smoke/checkpoints/cnn.safetensors"
RANKING = "results/smoke/checkpoints/pretrain_ranking/cosine/seed0.safetensors"
METRICS = "results/smoke/metrics/vsepp/seed0.json"
TABLE = "results/table_ablation.csv"
# what is there, what is asked for, the disk that is full, the room on it in KiB, what the message names
FULL = [
    ("data/smoke/captions.json", CNN, "scratch", 900, "scratch/smoke/cnn/last.pt"),
    (CNN, "data/smoke/features.h5", "scratch", 300, "scratch/smoke/features/rows.bin"),
    (CNN, "data/smoke/features.h5", "data", 300, "data/smoke/features.h5"),
    ("data/smoke/features.h5", RANKING, "scratch", 40, "scratch/smoke/pretrain_ranking/cosine/seed0/last.pt"),
    ("data/smoke/features.h5", RANKING, "results", 60, RANKING),
    (METRICS, TABLE, "results", 0, "results/smoke/table_spaces.csv"),
]


@pytest.mark.slow
def test_a_full_disk_is_named_and_the_same_command_goes_on(disks, whole):
    for ready, target, name, room, named in FULL:
        code, said = disks.run(ready)
        assert code == 0, said[-3000:]
        before = disks.place.made()
        disks.leave(name, room)
        code, said = disks.run(target)
        message = f"error: {named}: cannot be written: No space left on device; make room there and run again"
        assert code != 0 and message in said, said[-3000:]
        assert before.items() <= disks.place.made().items() <= whole.items()
        disks.mount(name, "remount", "size=100m")
    code, said = disks.run(TABLE)
    assert code == 0, said[-3000:]
    assert disks.place.made() == whole


@pytest.mark.slow
def test_results_that_cannot_be_written_are_named(disks, whole):
    code, said = disks.run(METRICS)
    assert code == 0, said[-3000:]
    before = disks.place.made()
    disks.mount("results", "remount", "ro")
    code, said = disks.run(TABLE)
    message = f"{disks.place.folder}/results: cannot be written; make it writable and run again"
    assert code != 0 and message in said and "Traceback" not in said, said[-3000:]
    assert disks.place.made() == before
    disks.mount("results", "remount", "rw")
    code, said = disks.run(TABLE)
    assert code == 0 and disks.place.made() == whole, said[-3000:]


if __name__ == "__main__":
    print(refusals(sys.argv[1], Path(sys.argv[2])))
