"""Files that the phases make and read, whatever the configuration, against answers by hand."""

import re
from pathlib import PurePath

import pytest
from plans import OWN, PLAIN, ROOT, TUNED, plan
from workflow import phases
from workflow.phases import deps, outs


def test_a_phase_is_a_target_of_the_snakefile():
    targets = [word for words in phases.TARGETS.values() for word in words.split()]
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert [name for name in targets if not re.search(rf"^rule {name}:", rules, re.MULTILINE)] == []


@pytest.mark.parametrize("texts", [[], [OWN], [TUNED], [OWN, TUNED], [PLAIN], [OWN, PLAIN]])
def test_no_out_lies_in_another(texts):
    found = [PurePath(out) for made in outs(plan(*texts)).values() for out in made]
    inside = [(a, b) for a in found for b in found if a is not b and a.is_relative_to(b)]
    assert inside == []


def test_photographs_of_the_users_are_read_and_nothing_is_rendered():
    read = deps(plan(OWN))
    assert "own/captions.json" in read["data"]
    assert "own/weights.safetensors" in read["features"]
    made = [out for found in outs(plan(OWN)).values() for out in found]
    assert [out for out in made if re.search(r"images\.h5|/cnn", out)] == ["data/mine/gan_images.h5"]


def test_what_the_workflow_fetches_is_no_dependency():
    fetched = "cnn: {weights: data/raw/resnet152.safetensors}\ndataset: {source: {captions: data/raw/d.json}}"
    read = [dep for each in deps(plan(OWN, fetched)).values() for dep in each]
    assert [dep for dep in read if dep.startswith("data/raw")] == []


def test_rows_that_imagine_nothing_have_no_outs_of_imagining():
    found = [out for made in outs(plan(PLAIN)).values() for out in made]
    assert [out for out in found if re.search(r"pretrain_(xe|scst|gan)|imagined/?$", out)] == []
    assert "results/scenes/checkpoints/pretrain_ranking" in found


def test_a_row_that_is_fine_tuned_adds_its_networks_and_features():
    added = {out for made in outs(plan(TUNED)).values() for out in made}
    added -= {out for made in outs(plan()).values() for out in made}
    assert added == {
        "data/scenes/preflight/cards.json",
        "results/scenes/checkpoints/finetune",
        "results/scenes/curves/finetune",
        "results/scenes/embeddings/vsepp_ft",
        "results/scenes/features",
    }


def test_other_datasets_of_the_paper_are_read():
    read = deps(plan("paper: {datasets: [coco, scenes]}"))["tables"]
    assert "results/coco/table_ablation.csv" in read
    assert "results/scenes/table_ablation.csv" not in read
