"""Published numbers: each with its mark, none invented, differences only where both exist."""

import subprocess
import sys
from pathlib import Path

import pytest

from gxn.errors import GxnError
from gxn.evaluation.metrics import RECALL_COLUMNS
from gxn.reporting import published, tables
from gxn.reporting.runs import METRICS

LIST = Path(published.__file__).with_name("published.json")


def ablation(label, methods=("vsepp", "gxn_i2t_t2i")):
    numbers = dict.fromkeys(METRICS, 50.0) | {"rsum": 300.0} | {f"{key}_std": None for key in METRICS}
    return [{"dataset": label, "method": method, "seeds": 1} | numbers for method in methods]


def test_every_published_number_is_marked_and_plausible():
    rows = published.read_published(LIST).rows
    assert {row["dataset"] for row in rows} == {"coco-1k-5fold", "coco-5k", "flickr30k"}
    for row in rows:
        assert row["mark"] == "second-hand"
        assert all(row[key] is None or 0 < row[key] < 100 for key in RECALL_COLUMNS)
    gxn = {row["dataset"]: [row[key] for key in RECALL_COLUMNS] for row in rows if row["method"] == "GXN"}
    assert gxn["coco-1k-5fold"] == [68.5, None, 97.9, 56.6, None, 94.5]
    assert gxn["coco-5k"] == [42.0, None, 84.7, 31.7, None, 74.6]
    assert gxn["flickr30k"] == [56.8, None, 89.6, 41.5, None, 80.1]


def test_differences_are_ours_less_published_and_empty_where_unknown():
    rows = published.comparison(ablation("coco-1k-5fold"), published.read_published(LIST))
    gxn = next(row for row in rows if row["method"] == "GXN")
    assert gxn["compared_with"] == "gxn_i2t_t2i"
    assert gxn["i2t_r1_difference"] == pytest.approx(50.0 - 68.5)
    assert gxn["i2t_r5"] is gxn["i2t_r5_difference"] is gxn["rsum"] is gxn["rsum_difference"] is None
    vsepp = next(row for row in rows if row["cnn"] == "ResNet152" and row["method"] == "VSE++ (ft)")
    assert vsepp["rsum_difference"] == pytest.approx(300.0 - (64.6 + 90.0 + 95.7 + 52.0 + 84.3 + 92.0))
    assert [row["method"] for row in rows if row["origin"] == "here"] == ["vsepp", "gxn_i2t_t2i"]
    markdown = published.to_markdown(rows, "a list")
    assert "68.5 (-18.5)" in markdown and "[second-hand]" in markdown and "Source: a list." in markdown


def test_another_dataset_gets_nothing_published():
    rows = published.comparison(ablation("scenes"), published.read_published(LIST))
    assert {row["origin"] for row in rows} == {"here"}
    assert "No published numbers" in published.to_markdown(rows, "a list")


@pytest.mark.parametrize("text", ['{"rows": [{}], "source": ""}', "[]", '{"source": ""}'])
def test_a_damaged_list_is_refused(tmp_path, text):
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(GxnError, match=r"p\.json"):
        published.read_published(tmp_path / "p.json")


def test_the_step(tmp_path):
    (tmp_path / "t.csv").write_text(tables.to_csv(ablation("flickr30k")))
    command = [sys.executable, "-m", "gxn.steps.table_published", f"--published={LIST}"]
    command += [
        f"--table={tmp_path / 't.csv'}",
        f"--csv={tmp_path / 'o.csv'}",
        f"--markdown={tmp_path / 'o.md'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "o.csv").read_text().splitlines()
    assert lines[0].split(",") == list(published.COLUMNS)
    assert lines[-1].startswith("flickr30k,gxn_i2t_t2i,here,,50.0")
