"""The published part of the default run: only results of params.yaml, in whole files."""

import json

import pytest
from PIL import Image
from plans import PLAIN, ROOT, plan
from workflow import paths, reference

from gxn.errors import GxnError

TABLE = "dataset,method,seeds,rsum\nscenes,vse0,2,1.5\nscenes,vsepp,2,2.5\n"


@pytest.fixture
def two_rows():
    """The plan of two rows that imagine nothing, with two seeds."""
    return plan(PLAIN, "seeds: [0, 1]\nmethods: {cca: null, order: null}")


def write_metrics(root, plan, **changes):
    """Metrics of every run as `evaluate` would write them, with changes of the first row's."""
    for method in plan.rows:
        about = {"dataset": plan.dataset, "method": method}
        about["provenance"] = {"config": reference.stated_hash(plan, "joint", method)}
        for path in plan.expand(paths.METRICS, method=[method]):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(json.dumps(about | changes))
        changes = {}


def test_the_hash_of_a_configuration_covers_the_stages_before():
    first, longer = plan(), plan("pretrain_ranking: {epochs: 9}")
    assert reference.stated_hash(first, "joint", "vsepp") != reference.stated_hash(longer, "joint", "vsepp")


def test_the_hash_of_a_configuration_is_of_what_the_row_takes_alone():
    first, drawn = plan(), plan("pretrain_gan: {epochs: 99}")
    assert reference.stated_hash(first, "joint", "vsepp") == reference.stated_hash(drawn, "joint", "vsepp")


def test_metrics_of_the_configuration_are_accepted(two_rows, tmp_path):
    write_metrics(tmp_path, two_rows)
    reference.check_runs(two_rows, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "smoke"}, "is of smoke, row vse0"),
        ({"method": "vsepp"}, "is of scenes, row vsepp"),
        ({"provenance": {"config": "0"}}, "was made with other settings than those of params.yaml"),
        ({"provenance": {}}, "was made with other settings"),
    ],
)
def test_metrics_of_another_run_are_refused(changes, message, two_rows, tmp_path):
    write_metrics(tmp_path, two_rows, **changes)
    with pytest.raises(GxnError, match=f"results/scenes/metrics/vse0/seed0.json: {message}.*dvc repro"):
        reference.check_runs(two_rows, tmp_path)


def test_a_seed_that_is_missing_is_named(two_rows, tmp_path):
    write_metrics(tmp_path, two_rows)
    (tmp_path / "results/scenes/metrics/vsepp/seed1.json").unlink()
    with pytest.raises(GxnError, match=r"vsepp/seed1\.json: there is no such file; `uv run dvc repro`"):
        reference.check_runs(two_rows, tmp_path)


def test_a_table_of_the_configuration_is_accepted(two_rows):
    reference.check_table(two_rows, "ablation.csv", TABLE)


def test_a_row_without_a_seed_has_none():
    one = plan(PLAIN, "seeds: [0, 1]\nmethods: {order: null, vsepp: null}")
    table = "dataset,method,seeds,rsum\nscenes,cca,{},1.5\nscenes,vse0,2,2.5\n"
    reference.check_table(one, "ablation.csv", table.format(0))
    with pytest.raises(GxnError, match="has not the 2 seeds"):
        reference.check_table(one, "ablation.csv", table.format(2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TABLE.replace("scenes", "smoke"), "has rows of smoke, not of scenes"),
        (TABLE.replace("scenes,vsepp", "smoke,vsepp"), "has rows of smoke, not of scenes"),
        (TABLE.partition("scenes")[0], "has rows of nothing"),
        (TABLE.replace("vsepp", "dose"), "has not the rows of params.yaml"),
        (TABLE.rpartition("scenes")[0], "has not the rows of params.yaml"),
        (TABLE.replace(",2,1.5", ",1,1.5"), "has not the 2 seeds of params.yaml"),
    ],
)
def test_a_table_of_another_run_is_refused(text, message, two_rows):
    with pytest.raises(GxnError, match=f"results/scenes/table_ablation.csv: {message}.*dvc repro"):
        reference.check_table(two_rows, "ablation.csv", text)


def test_the_first_and_the_last_epoch_of_the_decoder_are_kept(tmp_path):
    found = plan("seeds: [4]")
    for number, stage in enumerate(reference.DECODER):
        path = tmp_path / found.expand(paths.curves(stage, "two_space"))[0]
        path.parent.mkdir(parents=True)
        lines = [f"{epoch},{number}.{epoch},3,{epoch}" for epoch in (1, 2, 3)]
        path.write_text("epoch,xe_loss,val_xe_loss,val_cider_d\n" + "\n".join(lines) + "\n")
    assert reference.curves(found, tmp_path).splitlines() == [
        "stage,seed,epoch,xe_loss,val_xe_loss,val_cider_d",
        "pretrain_xe,4,1,0.1,3,1",
        "pretrain_xe,4,3,0.3,3,3",
        "pretrain_scst,4,1,1.1,3,1",
        "pretrain_scst,4,3,1.3,3,3",
    ]


def test_curves_of_another_stage_are_refused(tmp_path):
    found = plan("seeds: [4]")
    path = tmp_path / found.expand(paths.curves("pretrain_xe", "two_space"))[0]
    path.parent.mkdir(parents=True)
    path.write_text("epoch,ranking_loss\n1,2\n")
    with pytest.raises(GxnError, match="is not the curve of a caption decoder"):
        reference.curves(found, tmp_path)


def test_what_snakemake_would_make_again_is_not_published(tmp_path, monkeypatch):
    for name, said in (("stale", "Job stats:"), ("unknown", "Nothing to be done. 3 have missing provenance")):
        program = tmp_path / name / "snakemake"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho '{said}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")
        with pytest.raises(GxnError, match=f"not what the workflow would make now; (.|\n)*{said}"):
            reference.check_nothing_to_do(tmp_path)


def test_the_figure_is_made_small(tmp_path):
    Image.new("RGB", (2400, 1000), "red").save(tmp_path / "large.png")
    reference.shrink(tmp_path / "large.png", tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as image:
        assert (image.size, image.format) == ((1200, 500), "PNG")


def test_blocks_are_renewed_and_nothing_else_is_touched():
    text = "a\n<!-- one -->\nold\nlines\n<!-- end -->\nb <!-- two -->\n\n<!-- end -->"
    assert reference.filled(text, {"one": "NEW", "two": "| x |"}) == (
        "a\n<!-- one -->\nNEW\n<!-- end -->\nb <!-- two -->\n| x |\n<!-- end -->"
    )


def test_curves_are_quoted_as_means_over_seeds():
    texts = {
        "table_ablation.md": "**d**\n\n| Method | i2t R@1 | MedR | t2i R@1 | rsum |\n| A | 1 | 2 | 3 | **4** |\n",
        "table_ablation.csv": "method\n",
        "table_significance.csv": "method,metric\n",
        "table_spaces.csv": "method,space,rsum,rsum_std\nm,abstract,10,1\nm,grounded,20,\n",
        "table_imagined.csv": ",".join(["method", *(column for column, _ in reference.IMAGINED.values())])
        + "\nm,0.5,0.25,90,0.987,,,\n",
        "curves.csv": "stage,seed,epoch,xe_loss,val_xe_loss,val_cider_d\nx,0,1,1,2,3\nx,1,1,3,4,5\n",
    }
    quoted = reference.blocks(texts)
    assert quoted["table_short"] == "| Method | i2t R@1 | t2i R@1 | rsum |\n| A | 1 | 3 | **4** |"
    assert quoted["table_spaces"].endswith("| `m` | 10.0 ± 1.0 | 20.0 |")
    assert quoted["table_imagined"].endswith("| `m` | 0.500 | 0.250 | 90 | 0.99 |  |  |  |  |  |  |  |  |")
    assert quoted["curves"].endswith("| `x` | 1 | 2.000 | 3.000 | 4.000 |")


def test_nothing_is_written_when_something_is_missing(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    monkeypatch.setattr(reference.gxn.errors, "__file__", str(tmp_path / "src/gxn/errors.py"))
    with pytest.raises(GxnError, match=r"results/scenes/table_ablation\.csv: there is no such file"):
        reference.main()
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]
