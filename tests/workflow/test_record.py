"""The committed record, dvc.lock and docs/reference, against the code and the settings beside it.

After a change of either these fail until the default run is recorded again (docs/versioning.md).
"""

import hashlib
import itertools
import json
import statistics
import subprocess

import numpy as np
import pytest
import yaml
from copies import changed_outs
from plans import ROOT, plan
from ruamel.yaml import YAML
from workflow import fingerprints, phases, reference, result_checks

from gxn.evaluation.metrics import chance_i2t, chance_t2i

pytestmark = pytest.mark.record

RECORD = ROOT / "docs/reference"
CAPTIONS = 5  # of each image of the scenes
RERUN = "record the default run again (docs/versioning.md)"


def git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def lock(text: str | None = None) -> dict:
    """dvc.lock; DVC writes YAML 1.2, where 2e-05 is a number."""
    path = ROOT / "dvc.lock"
    if text is None and not path.exists():
        pytest.skip("the default run is not recorded yet: no dvc.lock")
    return YAML(typ="safe").load(text if text is not None else path.read_text(encoding="utf-8"))


def recorded(kind: str) -> dict[str, str]:
    """MD5 of each out, or dependency, of dvc.lock."""
    return {each["path"]: each["md5"] for stage in lock()["stages"].values() for each in stage.get(kind, [])}


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


# dvc.lock


def test_the_lock_has_the_stages_of_dvc_yaml():
    committed = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    assert list(lock()["stages"]) == list(committed["stages"]), RERUN


def test_the_lock_is_of_the_committed_settings():
    stated = lock()["stages"]["fingerprints"]["params"]["params.yaml"]
    assert stated == yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")), RERUN


@pytest.mark.parametrize("phase", phases.TARGETS)
def test_the_lock_is_of_the_committed_code(phase):
    now = json.dumps(fingerprints.by_phase(plan())[phase], indent=1, ensure_ascii=False) + "\n"
    assert recorded("outs")[phases.FINGERPRINT.format(phase=phase)] == md5(now.encode()), RERUN


def test_no_recorded_lock_has_other_outs_by_the_same_recipe():
    versions = git("log", "--format=%H", "--", "dvc.lock").split()
    texts = [git("show", f"{commit}:dvc.lock") for commit in versions if git("ls-tree", commit, "dvc.lock")]
    locks = [lock(), *map(lock, texts)]
    assert [found for new, old in itertools.pairwise(locks) if (found := changed_outs(old, new))] == []


# docs/reference


def test_the_record_is_what_the_script_writes():
    names = [*(f"table_{name}" for name in reference.TABLES), "curves.csv", "t2i.png"]
    assert sorted(path.name for path in RECORD.iterdir()) == sorted(names)


@pytest.mark.parametrize("name", reference.TABLES)
def test_recorded_tables_are_those_of_the_lock(name):
    (path,) = plan().expand(f"results/{{dataset}}/table_{name}")
    assert recorded("outs")[path] == md5((RECORD / f"table_{name}").read_bytes()), "run workflow/reference.py"


@pytest.mark.parametrize("name", [name for name in reference.TABLES if name.endswith(".csv")])
def test_recorded_tables_are_of_the_committed_configuration(name):
    result_checks.check_table(plan(), name, text(f"table_{name}"))


def test_the_pages_quote_the_record():
    pages = [(ROOT / page).read_text(encoding="utf-8") for page in reference.PAGES]
    quoted = reference.blocks(
        {path.name: text(path.name) for path in RECORD.iterdir() if path.suffix != ".png"}
    )
    assert {block["name"] for page in pages for block in reference.BLOCK.finditer(page)} == set(quoted)
    assert [reference.filled(page, quoted) for page in pages] == pages, "run workflow/reference.py"


# what the method promises


def text(name: str) -> str:
    return (RECORD / name).read_text(encoding="utf-8")


def rows(name: str) -> dict[str, dict[str, str]]:
    return {row["method"]: row for row in reference.rows(text(name))}


def mean(stage: str, column: str, epoch: int) -> float:
    """Over seeds, of a decoder stage's first (0) or last (-1) recorded epoch."""
    seeds: dict[str, list[dict[str, str]]] = {}
    for row in reference.rows(text("curves.csv")):
        if row["stage"] == stage:
            seeds.setdefault(row["seed"], []).append(row)
    return statistics.fmean(float(epochs[epoch][column]) for epochs in seeds.values())


def test_every_row_is_far_above_chance():
    images = plan().config.dataset.source.test
    chance = {
        "i2t_r10": chance_i2t(np.full(images, CAPTIONS), 10)[-1],
        "t2i_r10": chance_t2i(images, 10)[-1],
    }
    low = [
        (method, key)
        for method, row in rows("table_ablation.csv").items()
        for key in chance
        if float(row[key]) < 10 * chance[key]
    ]
    assert low == []


def test_hardest_negatives_do_not_collapse():
    table = rows("table_ablation.csv")
    assert float(table["vsepp"]["rsum"]) > 0.75 * float(table["vse0"]["rsum"])


@pytest.mark.parametrize(("loss", "share"), [("xe_loss", 0.6), ("val_xe_loss", 0.95)])
def test_the_decoder_learns(loss, share):
    """Validation comes after the first epoch, which does most."""
    assert mean("pretrain_xe", loss, -1) < share * mean("pretrain_xe", loss, 0)


def test_the_self_critical_mix_says_more():
    said = [mean("pretrain_xe", "val_cider_d", epoch) for epoch in (0, -1)]
    assert said[0] < said[1] < mean("pretrain_scst", "val_cider_d", -1)


@pytest.mark.parametrize("method", ["gxn_t2i", "gxn_i2t_t2i"])
def test_drawings_follow_the_colours_of_their_captions(method):
    row = rows("table_imagined.csv")[method]
    assert float(row["fidelity"]) > float(row["fidelity_chance"])
    assert float(row["fidelity_z"]) > 5
