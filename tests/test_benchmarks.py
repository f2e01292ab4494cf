"""The benchmark's one command prints its table."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_quick_run_prints_every_row():
    command = [sys.executable, "-m", "benchmarks", "--quick", "--repeats", "1", "--threads", "1"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    rows = [line for line in found.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + 8 + 4 * torch.cuda.is_available()
    assert "GFLOP/s" in found.stdout
