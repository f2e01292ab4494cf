"""The published part of the default run: only results of params.yaml, in whole files."""

import pytest
from PIL import Image
from plans import ROOT, plan
from workflow import paths, reference

from gxn.errors import GxnError


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
    with pytest.raises(GxnError, match="is not a curve of the caption decoder"):
        reference.curves(found, tmp_path)


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
        "table_ablation.csv": "method\na\n",
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
