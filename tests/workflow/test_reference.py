"""The recorded default run, docs/reference: it shows what the method promises, and is quoted as it is."""

import statistics
import sys

import numpy as np
import yaml
from copies import ROOT

from gxn.evaluation.metrics import chance_i2t, chance_t2i

sys.path.append(str(ROOT / "workflow"))
import reference

RECORD = ROOT / "docs/reference"
CAPTIONS = 5  # of each image of the scenes


def rows(name: str) -> dict[str, dict[str, str]]:
    return {row["method"]: row for row in reference.read(RECORD / name)}


def mean(stage: str, column: str, epoch: int) -> float:
    """Over seeds, of a decoder stage's first (0) or last (-1) recorded epoch."""
    seeds: dict[str, list[dict[str, str]]] = {}
    for row in reference.read(RECORD / "curves.csv"):
        if row["stage"] == stage:
            seeds.setdefault(row["seed"], []).append(row)
    return statistics.fmean(float(epochs[epoch][column]) for epochs in seeds.values())


def test_the_readme_quotes_the_record():
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in reference.PAGES]
    quoted = reference.blocks(RECORD)
    assert [block["name"] for text in texts for block in reference.BLOCK.finditer(text)] == list(quoted)
    assert [reference.filled(text, quoted) for text in texts] == texts, "run workflow/reference.py"


def test_the_record_is_what_the_script_writes():
    assert sorted(path.name for path in RECORD.iterdir()) == sorted(
        [*reference.TABLES, "curves.csv", "t2i.png"]
    )


def test_every_row_is_far_above_chance():
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    images = params["scenes"]["test"]
    chance = {
        "i2t_r10": chance_i2t(np.full(images, CAPTIONS), 10)[-1],
        "t2i_r10": chance_t2i(images, 10)[-1],
    }
    table = rows("table_ablation.csv")
    assert list(table) == list(params["methods"])
    short = [
        (method, key) for method, row in table.items() for key in chance if float(row[key]) < 10 * chance[key]
    ]
    assert short == []


def test_hardest_negatives_do_not_collapse():
    table = rows("table_ablation.csv")
    assert float(table["vsepp"]["rsum"]) > 0.75 * float(table["vse0"]["rsum"])


def test_the_decoder_learns_and_the_mix_says_more():
    for loss in ("xe_loss", "val_xe_loss"):
        assert mean("xe", loss, -1) < 0.6 * mean("xe", loss, 0)
    assert mean("xe", "val_cider_d", 0) < mean("xe", "val_cider_d", -1) < mean("rl", "val_cider_d", -1)


def test_drawings_follow_the_colours_of_their_captions():
    table = rows("table_imagined.csv")
    for method in ("gxn_t2i", "gxn_i2t_t2i"):
        assert float(table[method]["fidelity"]) > float(table[method]["fidelity_chance"])
        assert float(table[method]["fidelity_z"]) > 5
