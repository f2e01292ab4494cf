"""Sections of training: what cannot be meant is refused."""

import pytest
from small import PARAMS

from gxn.configuration.section import parse
from gxn.configuration.training import Captioning, DecoderStage, Drawing, Finetune, Joint, Training
from gxn.errors import GxnError

SECTIONS = {
    "training": Training,
    "captioning": Captioning,
    "drawing": Drawing,
    "pretrain_xe": DecoderStage,
    "joint": Joint,
    "finetune": Finetune,
}


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("training", {"batch_size": 1}, "batch_size: must be at least 2, not 1"),
        ("training", {"precision": "float16"}, "precision: must be float32 or bfloat16, not 'float16'"),
        ("training", {"val_subset": 1}, "val_subset: must be at least 2, not 1"),
        ("captioning", {"ciderd_weight": 0, "bleu4_weight": 0},
         "the configuration: ciderd_weight and bleu4_weight are both 0; give one a weight"),
        ("captioning", {"ciderd_weight": -1}, "ciderd_weight: must be at least 0, not -1"),
        ("captioning", {"scst_weight": 1.5}, "scst_weight: must be at most 1, not 1.5"),
        ("captioning", {"scst_interval": 0}, "scst_interval: must be at least 1, not 0"),
        ("captioning", {"scheduled_sampling_max": 2}, "scheduled_sampling_max: must be at most 1, not 2"),
        ("drawing", {"beta1": 1}, "beta1: must be below 1, not 1"),
        ("drawing", {"mismatched": "all"}, "mismatched: must be next or random, not 'all'"),
        ("drawing", {"batch_size": 1}, "batch_size: must be at least 2, not 1"),
        ("pretrain_xe", {"epochs": 0}, "epochs: must be at least 1, not 0"),
        ("pretrain_xe", {"patience": 0}, "patience: must be at least 1, not 0"),
        ("captioning", {"dropout": 1}, "dropout: must be below 1, not 1"),
        ("pretrain_xe", {"learning_rate": 0}, "learning_rate: must be above 0, not 0"),
        ("joint", {"ranking_steps_per_batch": 0}, "ranking_steps_per_batch: must be at least 1, not 0"),
        ("joint", {"lr_decay_epoch": -1}, "lr_decay_epoch: must be at least 0, not -1"),
        ("joint", {"lr_decoder": 0}, "lr_decoder: must be above 0, not 0"),
        ("joint", {"max_grad_norm": 0}, "max_grad_norm: must be above 0, not 0"),
        ("finetune", {"crop_min_area": 1.5}, "crop_min_area: must be at most 1, not 1.5"),
        ("finetune", {"crop_min_area": 0}, "crop_min_area: must be above 0, not 0"),
        ("finetune", {"flip": "yes"}, "flip: must be true or false, not 'yes'"),
        ("finetune", {"methods": ["a", "a"]}, "methods: a value is given twice"),
        ("finetune", {"processes": 0}, "processes: must be at least 1, not 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(section, change, message):
    with pytest.raises(GxnError) as caught:
        parse(SECTIONS[section], PARAMS[section] | change, "x")
    assert str(caught.value) == f"x: {message}"


@pytest.mark.parametrize("rate", ["lr_grounded_image", "lr_grounded_text"])
def test_imagining_may_ground_nothing(rate):
    assert getattr(parse(Joint, PARAMS["joint"] | {rate: 0}, "x"), rate) == 0


@pytest.mark.parametrize("weights", [(0, 1.0), (1.0, 0)])
def test_one_reward_is_enough(weights):
    given = dict(zip(("ciderd_weight", "bleu4_weight"), weights, strict=True))
    assert parse(Captioning, PARAMS["captioning"] | given, "x").ciderd_weight == weights[0]
