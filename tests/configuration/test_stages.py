"""Settings that each stage takes of the configuration, against answers put together by hand."""

import pytest
from small import PARAMS, RETRIEVAL, configuration

from gxn.configuration.stages import DECODERS, STAGES, finetune, fixed_cnn, settings
from gxn.errors import GxnError

OWN = {
    "pretrain_ranking": {"epochs": 4, "learning_rate": 0.01, "max_grad_norm": 5.0},
    "pretrain_xe": {"epochs": 8, "learning_rate": 0.02, "patience": 2},
    "pretrain_scst": {"epochs": 5, "learning_rate": 0.03, "patience": 3},
    "pretrain_gan": {"epochs": 12, "learning_rate": 0.04},
    "joint": {
        "epochs": 3, "ranking_steps_per_batch": 2, "learning_rate": 0.05, "lr_decay_epoch": 1,
        "max_grad_norm": 3.0, "lr_decoder": 0.06, "lr_grounded_image": 0.07, "lr_gan": 0.08,
        "lr_grounded_text": 0.09,
    },
    "finetune": {
        "epochs": 6, "lr_cnn": 0.10, "learning_rate": 0.11, "lr_decay_epoch": 2, "max_grad_norm": 4.0,
        "crop_min_area": 0.5, "flip": True,
    },
    "captioning": {"scst_weight": 0.95},
    "encoders": {
        "two_space": {"loss": {"kind": "hinge", "margin": 0.05}},
        "cosine": {"loss": {"kind": "hinge", "margin": 0.2}},
    },
    "methods": {
        "plain": {"encoder": "two_space"},
        "hardest": {"encoder": "cosine", "loss": {"kind": "hardest", "margin": 0.3}},
        "xe": {"encoder": "two_space", "captioning": "xe"},
        "mix": {"encoder": "two_space", "captioning": "mix"},
        "draws": {"encoder": "two_space", "drawing": True},
        "both": {"encoder": "two_space", "captioning": "mix", "drawing": True},
        "own": {
            "encoder": "two_space", "captioning": "xe", "drawing": True,
            "joint": {"epochs": 7, "lr_grounded_image": 0.0, "lr_gan": 0.5, "lr_decay_epoch": None},
        },
    },
}  # fmt: skip
CONFIG = configuration(OWN)


def taken(stage: str, name: str) -> dict:
    return settings(CONFIG, stage, name).model_dump()


def shared(encoder: str) -> dict:
    """Settings that every stage takes."""
    entry = {key: PARAMS["encoders"][encoder][key] for key in ("similarity", "abstract_weight")}
    spaces = tuple(PARAMS["encoders"][encoder]["spaces"])
    return {
        "model": PARAMS["model"],
        "encoder": RETRIEVAL | entry | {"spaces": spaces},
        "training": PARAMS["training"],
        "threads": PARAMS["threads"],
        "device": PARAMS["device"],
        "ranking_steps_per_batch": 0,
        "monitor": None,
        "patience": None,
        "ranking": None,
        "captioning": None,
        "drawing": None,
        "shuffled": False,
    }


def ranking(rate: float, norm: float, decay: int | None, kind: str = "hinge", margin: float = 0.05) -> dict:
    loss = {"kind": kind, "margin": margin}
    return {"loss": loss, "learning_rate": rate, "lr_decay_epoch": decay, "max_grad_norm": norm}


def captioning(
    rate: float, grounding: float, before: int, decay: int | None = None, **changes: float
) -> dict:
    own = {
        "learning_rate": rate, "grounding_rate": grounding, "lr_decay_epoch": decay, "epochs_before": before,
    }  # fmt: skip
    return PARAMS["captioning"] | OWN["captioning"] | changes | own


def drawing(rate: float, grounding: float, decay: int | None = None) -> dict:
    return PARAMS["drawing"] | {"learning_rate": rate, "grounding_rate": grounding, "lr_decay_epoch": decay}


JOINT = {"epochs": 3, "ranking_steps_per_batch": 2, "monitor": "val_rsum", "ranking": ranking(0.05, 3.0, 1)}


def test_the_ranking_is_pretrained_by_the_encoders_loss_at_one_rate():
    own = {"epochs": 4, "ranking_steps_per_batch": 1, "ranking": ranking(0.01, 5.0, None)}
    assert taken("pretrain_ranking", "two_space") == shared("two_space") | own


def test_another_encoder_has_its_own_loss():
    assert taken("pretrain_ranking", "cosine")["ranking"] == ranking(0.01, 5.0, None, margin=0.2)


def test_captions_are_first_learnt_by_cross_entropy_alone_and_ground_nothing():
    own = {
        "epochs": 8,
        "monitor": "val_xe_loss",
        "patience": 2,
        "captioning": captioning(0.02, 0.0, 0, scst_weight=0.0),
    }
    assert taken("pretrain_xe", "two_space") == shared("two_space") | own


def test_then_by_the_mix_which_counts_on_the_epochs_before_it():
    own = {"epochs": 5, "monitor": "val_cider_d", "patience": 3, "captioning": captioning(0.03, 0.0, 8)}
    assert taken("pretrain_scst", "two_space") == shared("two_space") | own


def test_drawing_is_first_learnt_without_grounding():
    own = {"epochs": 12, "drawing": drawing(0.04, 0.0)}
    assert taken("pretrain_gan", "two_space") == shared("two_space") | own


def test_a_row_that_imagines_nothing_only_ranks():
    assert taken("joint", "plain") == shared("two_space") | JOINT


def test_a_row_may_have_its_own_loss():
    assert taken("joint", "hardest")["ranking"] == ranking(0.05, 3.0, 1, "hardest", 0.3)


def test_a_row_that_captions_by_cross_entropy_has_no_share_of_the_mix():
    own = JOINT | {"captioning": captioning(0.06, 0.07, 8, 1, scst_weight=0.0)}
    assert taken("joint", "xe") == shared("two_space") | own


def test_a_row_that_captions_by_the_mix_counts_on_both_stages_before_it():
    assert taken("joint", "mix") == shared("two_space") | JOINT | {
        "captioning": captioning(0.06, 0.07, 8 + 5, 1)
    }


def test_a_row_that_draws_grounds_the_text_encoder():
    assert taken("joint", "draws") == shared("two_space") | JOINT | {"drawing": drawing(0.08, 0.09, 1)}


def test_a_row_may_do_both():
    imagined = {"captioning": captioning(0.06, 0.07, 13, 1), "drawing": drawing(0.08, 0.09, 1)}
    assert taken("joint", "both") == shared("two_space") | JOINT | imagined


def test_a_row_may_have_its_own_joint_settings():
    own = {
        "epochs": 7,
        "ranking": ranking(0.05, 3.0, None),
        "captioning": captioning(0.06, 0.0, 8, None, scst_weight=0.0),
        "drawing": drawing(0.5, 0.09, None),
    }
    assert taken("joint", "own") == shared("two_space") | JOINT | own


@pytest.mark.parametrize(
    ("name", "imagines"), [("plain", False), ("xe", True), ("mix", True), ("draws", True), ("both", True)]
)
def test_a_row_imagines_that_captions_or_draws(name, imagines):
    assert CONFIG.rows[name].imagines == imagines


def test_fine_tuning_ranks_as_its_row_does():
    own = finetune(CONFIG, "hardest").model_dump()
    assert own["ranking"] == ranking(0.11, 4.0, 2, "hardest", 0.3)


def test_fine_tuning_takes_its_own_section():
    own = finetune(CONFIG, "plain").model_dump()
    expected = {key: OWN["finetune"][key] for key in ("epochs", "lr_cnn", "crop_min_area", "flip")}
    assert {key: own[key] for key in expected} == expected


def test_fine_tuning_takes_the_sections_of_images_and_training():
    own = finetune(CONFIG, "plain").model_dump()
    shared = {key: PARAMS[key] for key in ("features", "training", "threads", "device")}
    assert {key: own[key] for key in shared} == shared


def test_features_depend_on_a_cnns_name_and_layer_alone():
    expected = {key: PARAMS["cnn"][key] for key in ("name", "layer")}
    assert fixed_cnn(CONFIG).model_dump() == finetune(CONFIG, "plain").model_dump()["cnn"] == expected


def test_a_row_starts_from_the_decoder_of_its_own_loss():
    assert DECODERS == {"xe": "pretrain_xe", "mix": "pretrain_scst"}


@pytest.mark.parametrize(
    ("stage", "name", "message"),
    [
        ("rl", "two_space", f"--stage: must be one of {', '.join(STAGES)}, not 'rl'"),
        ("pretrain_xe", "vse0", "--name: there is no encoder 'vse0'; there are cosine, order, "),
        ("joint", "cosine", "--name: there is no row 'cosine'; there are bag, vse0, "),
    ],
)
def test_what_is_not_in_the_configuration_is_refused(stage, name, message):
    with pytest.raises(GxnError) as caught:
        settings(CONFIG, stage, name)
    assert str(caught.value).startswith(message)


def test_a_stage_does_not_depend_on_what_it_does_not_take():
    """Snakemake compares these: another evaluation, another stage's rates or another row retrain nothing."""
    changes = {
        "evaluate": {"medr": "median"},
        "joint": {"lr_gan": 0.7},
        "methods": {"vse0": None},
        "pretrain_gan": {"epochs": 1},
        "seeds": [5],
    }
    other = configuration(OWN, changes)
    for stage in ("pretrain_ranking", "pretrain_xe", "pretrain_scst"):
        assert settings(other, stage, "two_space") == settings(CONFIG, stage, "two_space")
    assert settings(other, "joint", "mix") == settings(CONFIG, "joint", "mix")


def test_an_encoder_may_have_a_rate_of_its_own():
    config = configuration({"encoders": {"order": {"learning_rate": 0.5}}})
    own, other = (settings(config, "pretrain_ranking", name).ranking for name in ("order", "cosine"))
    assert (own.learning_rate, other.learning_rate) == (0.5, config.pretrain_ranking.learning_rate)
