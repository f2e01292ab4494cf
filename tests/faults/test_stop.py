"""Ctrl-C and SIGTERM end a run in the middle of a job, and the same command goes on; it prints the seconds."""

import os
import signal
import time
from pathlib import Path

import pytest
from workplace import Workplace

RANKING = "pretrain_ranking/two_space/seed0"
# settings that make a job long, a target that needs it, the job, and the file that says that it is in its middle
JOBS = {
    "rendering": (
        {"dataset": {"source": {"train": 500_000}}},
        "data/smoke/captions.json",
        "prepare",
        "logs/smoke/prepare.log",
    ),
    "extraction": (
        {
            "dataset": {"source": {"train": 1500}},
            "features": {"resize": 96, "crops": "ten_crop", "batch_size": 20},
        },
        "data/smoke/features.h5",
        "extract_features",
        "scratch/smoke/features/rows.bin",
    ),
    "training": (
        {"pretrain_ranking": {"epochs": 100_000}},
        f"results/smoke/checkpoints/{RANKING}.safetensors",
        RANKING,
        f"scratch/smoke/{RANKING}/last.pt",
    ),
}


def to_the_group(process):
    """Ctrl-C of a terminal."""
    os.killpg(process.pid, signal.SIGINT)


def to_snakemake(process):
    """SIGTERM, as a service manager and `kill` send it."""
    os.kill(process.pid, signal.SIGTERM)


def in_the_middle(place: Workplace, job: str, sign: Path) -> bool:
    """The job has used two seconds of a processor, most of them for imports, and its sign is there."""
    return place.jobs().get(job, 0.0) > 2 and sign.is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
def test_a_run_is_stopped_at_once_and_goes_on(name, tmp_path):
    settings, target, job, sign = JOBS[name]
    place = Workplace(tmp_path / "place")
    command = ["--cores", "2", "--configfile", "config/smoke.yaml", place.configure(settings), "--", target]
    for stop in (to_the_group, to_snakemake):
        process = place.start(*command)
        try:
            while not in_the_middle(place, f"smoke/{job}", place.folder / sign):
                assert process.poll() is None, place.said[-3000:]
                time.sleep(0.1)
            begun = time.monotonic()
            stop(process)
            process.wait(120)  # the job itself would take longer
            while left := place.at_work():
                assert time.monotonic() - begun < 120, left
                time.sleep(0.05)
            took = time.monotonic() - begun
        finally:
            place.kill(process)
        print(f"{name}, {stop.__name__}: {took:.1f} s, status {process.returncode}", flush=True)
        assert process.returncode != 0 and "Traceback" not in place.said, place.said[-3000:]
        assert "go on from their last state" in place.said
    code, said = place.run("-n", *command)
    assert code == 0 and "locked" not in said, said[-3000:]
