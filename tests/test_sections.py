"""What a stage is given: the sections of the default configuration, put together by hand here."""

from pathlib import Path

import pytest
import yaml

from gxn import sections
from gxn.config import parse
from gxn.steps.caption import CaptionStage
from gxn.steps.draw import DrawStage
from gxn.steps.finetune import FinetuneStage
from gxn.steps.joint import JointStage
from gxn.steps.match import MatchStage

PARAMS = yaml.safe_load(Path(__file__).parents[1].joinpath("params.yaml").read_text())
CONFIG = PARAMS | {
    "xe": {"epochs": 8, "learning_rate": 0.1},
    "rl": {"epochs": 5, "learning_rate": 0.2},
    "gan": {"epochs": 12, "learning_rate": 0.3},
    "warmup": {"epochs": 4, "learning_rate": 0.4, "clip": 2.0},
    "methods": PARAMS["methods"] | {"vse0": None},
}
JOINT = {
    "epochs": 3,
    "matches": 2,
    "learning_rate": 0.5,
    "decay_epoch": 1,
    "clip": 3.0,
    "caption_rate": 0.6,
    "ground_image_rate": 0.7,
    "draw_rate": 0.8,
    "ground_text_rate": 0.9,
}


def row(captioning="none", drawing=False, negatives="sum", **joint):
    return {"encoder": "two_space", "negatives": negatives, "captioning": captioning, "drawing": drawing} | (
        {"joint": joint} if joint else {}
    )


def test_rows_set_to_null_are_none():
    assert list(sections.rows(CONFIG)) == [name for name in PARAMS["methods"] if name != "vse0"]


@pytest.mark.parametrize("captioning", ["none", "xe", "mix"])
@pytest.mark.parametrize("drawing", [False, True])
def test_a_row_imagines_that_captions_or_draws(captioning, drawing):
    assert sections.imagines(row(captioning, drawing)) == (captioning != "none" or drawing)


def test_the_warm_up_is_on_the_sum_at_one_rate():
    stage = parse(MatchStage, sections.warmup_stage(CONFIG), "stage")
    assert (stage.epochs, stage.matches, stage.select) == (4, 1, False)
    assert vars(stage.match) == {"negatives": "sum", "learning_rate": 0.4, "decay_epoch": None, "clip": 2.0}


def test_captions_are_first_learnt_by_cross_entropy_alone_and_ground_nothing():
    xe, rl = (parse(CaptionStage, stage(CONFIG), "stage") for stage in (sections.xe_stage, sections.rl_stage))
    assert (xe.epochs, xe.caption.learning_rate, xe.caption.gamma, xe.caption.earlier) == (8, 0.1, 0, 0)
    assert (rl.epochs, rl.caption.learning_rate, rl.caption.earlier) == (5, 0.2, 8)
    assert rl.caption.gamma == CONFIG["captioning"]["gamma"] > 0
    assert xe.caption.grounding_rate == rl.caption.grounding_rate == 0


def test_drawing_is_first_learnt_without_grounding():
    stage = parse(DrawStage, sections.gan_stage(CONFIG), "stage")
    assert (stage.epochs, stage.draw.learning_rate, stage.draw.grounding_rate) == (12, 0.3, 0)


def test_a_row_that_imagines_nothing_only_matches():
    stage = parse(
        MatchStage, sections.joint_stage(CONFIG | {"joint": JOINT}, row(negatives="hardest")), "stage"
    )
    assert (stage.epochs, stage.matches, stage.select) == (3, 2, True)
    assert vars(stage.match) == {"negatives": "hardest", "learning_rate": 0.5, "decay_epoch": 1, "clip": 3.0}


@pytest.mark.parametrize(
    ("captioning", "drawing", "gamma", "earlier"),
    [
        ("xe", False, 0, 8),
        ("xe", True, 0, 8),
        ("mix", False, 0.95, 13),
        ("mix", True, 0.95, 13),
        ("none", True, None, None),
    ],
)
def test_a_row_grounds_by_what_it_imagines(captioning, drawing, gamma, earlier):
    config = CONFIG | {"joint": JOINT, "captioning": CONFIG["captioning"] | {"gamma": 0.95}}
    stage = parse(JointStage, sections.joint_stage(config, row(captioning, drawing)), "stage")
    assert (stage.epochs, stage.matches, stage.match.learning_rate) == (3, 2, 0.5)
    if gamma is None:
        assert stage.caption is None
    else:
        assert (stage.caption.learning_rate, stage.caption.grounding_rate) == (0.6, 0.7)
        assert (stage.caption.gamma, stage.caption.earlier) == (gamma, earlier)
    if drawing:
        assert (stage.draw.learning_rate, stage.draw.grounding_rate) == (0.8, 0.9)
    else:
        assert stage.draw is None


def test_a_row_may_have_its_own_joint_settings():
    config = CONFIG | {"joint": JOINT}
    stage = sections.joint_stage(config, row("xe", ground_image_rate=0.01, epochs=7))
    assert (stage["epochs"], stage["matches"], stage["caption"]["grounding_rate"]) == (7, 2, 0.01)
    assert sections.joint_stage(config, row("xe"))["caption"]["grounding_rate"] == 0.7


def test_fine_tuning_ranks_as_its_row_does():
    stage = parse(FinetuneStage, sections.finetune_stage(CONFIG, row(negatives="hardest")), "stage")
    own = PARAMS["finetune"]
    assert (stage.epochs, stage.cnn_rate, stage.smallest) == (own["epochs"], own["cnn_rate"], own["smallest"])
    assert (stage.match.negatives, stage.match.learning_rate) == ("hardest", own["learning_rate"])
