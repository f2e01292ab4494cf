"""The benchmarks run and say what their figures mean."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.made_up import write
from benchmarks.measure import Times
from benchmarks.rows import Row

from gxn.configuration.files import load
from gxn.features.ready_files import open_ready

ROOT = Path(__file__).parents[1]


def output(*arguments: str) -> str:
    """Output of a module of benchmarks, which must succeed."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *arguments]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.slow
def test_quick_run_prints_every_row():
    said = output("benchmarks", "--quick", "--threads", "1")
    assert len([line for line in said.splitlines() if line.startswith("| ")]) == 1 + 8
    assert "GFLOP/s" in said and "MiB" in said


@pytest.mark.slow
def test_every_path_is_updated_in_both_precisions():
    said = output("benchmarks.on_card", "--quick", "--device", "cpu")
    rows = [line.split(" | ") for line in said.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 2 * (len(load(["params.yaml"]).encoders) + 3) and {row[1] for row in rows} == {
        "float32",
        "bfloat16",
    }


def times(processor: float) -> Times:
    return Times(median=9.0, least=7.0, processor=processor)


def test_a_limit_is_missed_above_its_target():
    met, missed = (Row("a", times(each), times(2.0), "limit", most=1.3) for each in (2.5, 2.7))
    assert "1.25 | at most 1.3 | met" in str(met) and "**missed**" in str(missed)


def test_a_plain_formula_is_so_many_times_slower():
    row = Row("a", times(1.0), times(3.0), "plain", least=2)
    assert row.ratio == 3 and "at least 2 | met" in str(row)


def test_a_limit_of_fewer_operations_is_a_share_of_what_was_timed():
    assert Row("a", times(1.0), times(4.0), "rate", most=2, share=0.25).ratio == 1


def test_on_a_card_the_wall_decides():
    assert Row("a", times(1.0), Times(9.0, 14.0, 1.0), "plain", least=1, card=True).ratio == 2


def test_a_made_up_dataset_is_imported_as_any_other(tmp_path):
    path = write(tmp_path / "made", "made", {"train": 12, "val": 6, "test": 6}, width=8, words=60)
    config = load(["params.yaml", path])
    captions = json.loads((tmp_path / "made/captions.json").read_text("utf-8"))
    assert config.dataset.source.captions == (str(tmp_path / "made/captions.json"),)
    assert [len(image["sentences"]) for image in captions["images"]] == [5] * 24
    with open_ready(Path(config.features.file)) as features:
        assert features.width == 8 and features.names[-1] == "23.jpg"
        assert np.isfinite(features.read(np.arange(24))).all()


@pytest.mark.slow
def test_every_step_of_a_made_up_dataset_is_measured(tmp_path):
    write(tmp_path, "made", {"train": 80, "val": 6, "test": 6}, width=8, words=60)
    said = output("benchmarks.large", str(tmp_path), "--objectives", "cosine", "--updates", "1")
    rows = [line.split(" | ") for line in said.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 5 and all(float(row[1]) > 0 and int(row[2]) > 10 for row in rows)
    assert float(rows[-1][4]) > 0
