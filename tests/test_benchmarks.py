"""The benchmark's one command prints its table."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gxn.files import create_hdf5

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("similarity", "spaces", "message"),
    [
        ("cosine", ["grounded"], "cosine in 1 space(s) is not pruned"),
        ("order_root", ["abstract", "grounded"], "order_root in 2 space(s) is not pruned"),
        (None, [], "there is no such file"),
    ],
)
def test_embeddings_that_are_not_pruned_are_refused(tmp_path, similarity, spaces, message):
    about = {
        "similarity": similarity,
        "weights": dict.fromkeys(spaces, 0.5),
        "split": "test",
        "provenance": {},
    }
    if similarity:
        with create_hdf5(tmp_path / "e.h5", about) as file:
            for space in spaces:
                file[f"image/{space}"] = file[f"text/{space}"] = np.eye(2, dtype=np.float32)
            for name in ("imgid", "caption_image", "sentid"):
                file[name] = np.arange(2)
    command = [sys.executable, "-m", "benchmarks", "--embeddings", str(tmp_path / "e.h5")]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 2 and message in found.stderr and "Traceback" not in found.stderr


@pytest.mark.slow
def test_quick_run_prints_every_row():
    command = [sys.executable, "-m", "benchmarks", "--quick", "--repeats", "1", "--threads", "1"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    rows = [line for line in found.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + 9 + 4 * torch.cuda.is_available()
    assert "GFLOP/s" in found.stdout
