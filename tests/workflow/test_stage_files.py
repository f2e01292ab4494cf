"""Files that training stages start from, against answers by hand."""

from types import SimpleNamespace

import pytest
from plans import OWN, TUNED, plan
from workflow import stage_files


def job(**wildcards):
    """Wildcards of a job."""
    return SimpleNamespace(dataset="scenes", **wildcards)


@pytest.mark.parametrize(
    ("stage", "name", "expected"),
    [
        ("pretrain_ranking", "cosine", {}),
        ("pretrain_xe", "two_space", {"encoders": "pretrain_ranking/two_space", "frequencies": ""}),
        (
            "pretrain_scst",
            "two_space",
            {
                "encoders": "pretrain_ranking/two_space",
                "decoder": "pretrain_xe/two_space",
                "frequencies": "",
            },
        ),
        ("pretrain_gan", "two_space", {"encoders": "pretrain_ranking/two_space", "gan_images": ""}),
        ("joint", "vsepp", {"encoders": "pretrain_ranking/cosine"}),
        (
            "joint",
            "gxn_i2t_xe",
            {
                "encoders": "pretrain_ranking/two_space",
                "decoder": "pretrain_xe/two_space",
                "frequencies": "",
            },
        ),
        (
            "joint",
            "gxn_i2t_t2i",
            {"encoders": "pretrain_ranking/two_space", "decoder": "pretrain_scst/two_space",
             "frequencies": "", "gan": "pretrain_gan/two_space", "gan_images": ""},
        ),
    ],
)  # fmt: skip
def test_a_stage_starts_from_the_files_of_those_before(stage, name, expected):
    found = stage_files.start(plan(), stage, name)
    assert set(found) == set(expected)
    assert all(f"checkpoints/{part}/seed" in found[key] for key, part in expected.items() if part)
    assert all(found[key].startswith("data/{dataset}/") for key, part in expected.items() if not part)


def test_the_first_training_waits_for_the_check_of_its_batch():
    found = stage_files.inputs(plan(), "pretrain_ranking")(job(name="order", seed="0"))
    assert found["preflight"] == "data/scenes/preflight/batch.json"


def test_fine_tuning_reads_its_row_and_the_pictures():
    files = stage_files.finetune_inputs(plan(TUNED), "vsepp_ft", "2")
    assert files["checkpoint"] == "results/scenes/checkpoints/joint/vsepp/seed2.safetensors"
    assert files["rendered"] == "data/scenes/images.h5"
    assert "rendered" not in stage_files.finetune_inputs(plan(OWN, TUNED), "vsepp_ft", "2")


ROWS = """
methods:
  corr: {kind: correspondence, encoder: cosine}
  acmr: {kind: adversarial, encoder: cosine}
"""


@pytest.mark.parametrize(("name", "labels"), [("corr", False), ("acmr", True)])
def test_a_system_starts_from_nothing_and_may_read_labels(name, labels):
    found = stage_files.inputs(plan(ROWS), "system")(job(name=name, seed="1"))
    expected = {"features", "tokens", "preflight", *["labels"] * labels}
    assert set(found) == expected


def test_a_row_comes_from_its_stage_and_those_before():
    assert stage_files.jobs_before(plan(ROWS), "system", "corr") == [("system", "corr")]
    found = stage_files.jobs_before(plan(), "joint", "gxn_i2t_mix")
    assert found[0] == ("pretrain_ranking", "two_space") and found[-1] == ("joint", "gxn_i2t_mix")
    assert len(found) == len(set(found)) == 4
