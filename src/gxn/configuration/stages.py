"""The settings that each training stage takes from the configuration."""

from collections.abc import Callable

from gxn.configuration.features import FixedCnn
from gxn.configuration.networks import Loss
from gxn.configuration.root import Configuration
from gxn.configuration.rows import Method
from gxn.configuration.stage_settings import (
    CaptioningSettings,
    DrawingSettings,
    FinetuneSettings,
    RankingSettings,
    StageSettings,
)
from gxn.configuration.training import DecoderStage, Joint
from gxn.errors import GxnError


def settings(config: Configuration, stage: str, name: str) -> StageSettings:
    """Take the settings of a stage from the configuration.

    Args:
        config: the whole configuration.
        stage: one of STAGES.
        name: of an encoder, or for `joint` of a row.

    Raises:
        GxnError: there is no such stage, encoder or row.
    """
    if stage not in STAGES:
        raise GxnError(f"--stage: must be one of {', '.join(STAGES)}, not {stage!r}")
    kind, known = ("row", config.rows) if stage == "joint" else ("encoder", config.encoders)
    if name not in known:
        raise GxnError(f"--name: there is no {kind} {name!r}; there are {', '.join(known)}")
    return STAGES[stage](config, name)


def common(config: Configuration, encoder: str) -> dict:
    """Take the settings that all stages have in common."""
    return {
        "model": config.model,
        "encoder": config.encoder(encoder),
        "training": config.training,
        "threads": config.threads,
        "device": config.device,
    }


def _pretrain_ranking(config: Configuration, encoder: str) -> StageSettings:
    return StageSettings(
        **common(config, encoder),
        epochs=config.pretrain_ranking.epochs,
        ranking_steps_per_batch=1,
        ranking=warm_up(config, encoder),
    )


def warm_up(config: Configuration, encoder: str) -> RankingSettings:
    """Take the settings of the ranking pretraining's updates."""
    own = config.pretrain_ranking
    return RankingSettings(
        loss=config.encoders[encoder].loss,
        learning_rate=config.encoders[encoder].learning_rate or own.learning_rate,
        lr_decay_epoch=None,
        max_grad_norm=own.max_grad_norm,
    )


def _pretrain_xe(config: Configuration, encoder: str) -> StageSettings:
    own, changes = config.pretrain_xe, {"epochs_before": 0, "scst_weight": 0.0}
    return _decoder(config, encoder, own, "val_xe_loss", **changes)


def _pretrain_scst(config: Configuration, encoder: str) -> StageSettings:
    own, before = config.pretrain_scst, config.pretrain_xe.epochs
    return _decoder(config, encoder, own, "val_cider_d", epochs_before=before)


def _decoder(
    config: Configuration, encoder: str, own: DecoderStage, monitor: str, **changes: float
) -> StageSettings:
    return StageSettings(
        **common(config, encoder),
        epochs=own.epochs,
        monitor=monitor,
        patience=own.patience,
        captioning=_captioning(config, own.learning_rate, 0.0, None, **changes),
    )


def _pretrain_gan(config: Configuration, encoder: str) -> StageSettings:
    own = config.pretrain_gan
    drawing = DrawingSettings(
        **config.drawing.model_dump(),
        learning_rate=own.learning_rate,
        grounding_rate=0.0,
        lr_decay_epoch=None,
    )
    return StageSettings(**common(config, encoder), epochs=own.epochs, drawing=drawing)


def _joint(config: Configuration, name: str) -> StageSettings:
    row = config.rows[name]
    loss = row.loss or config.encoders[row.encoder].loss
    return StageSettings(
        **common(config, row.encoder),
        **ranked(config.joint_of(row), loss),
        captioning=_joint_captioning(config, row),
        drawing=_joint_drawing(config, row),
        shuffled=row.shuffled,
    )


def ranked(own: Joint, loss: Loss) -> dict:
    """Take the settings of the joint stage that every row has."""
    return {
        "epochs": own.epochs,
        "ranking_steps_per_batch": own.ranking_steps_per_batch,
        "monitor": "val_rsum",
        "ranking": RankingSettings(
            loss=loss,
            learning_rate=own.learning_rate,
            lr_decay_epoch=own.lr_decay_epoch,
            max_grad_norm=own.max_grad_norm,
        ),
    }


def _joint_captioning(config: Configuration, row: Method) -> CaptioningSettings | None:
    if row.captioning == "none":
        return None
    own, before = config.joint_of(row), config.pretrain_xe.epochs
    rates = (own.lr_decoder, own.lr_grounded_image, own.lr_decay_epoch)
    if row.captioning == "xe":
        return _captioning(config, *rates, epochs_before=before, scst_weight=0.0)
    return _captioning(config, *rates, epochs_before=before + config.pretrain_scst.epochs)


def _joint_drawing(config: Configuration, row: Method) -> DrawingSettings | None:
    if not row.drawing:
        return None
    own = config.joint_of(row)
    return DrawingSettings(
        **config.drawing.model_dump(),
        learning_rate=own.lr_gan,
        grounding_rate=own.lr_grounded_text,
        lr_decay_epoch=own.lr_decay_epoch,
    )


def _captioning(
    config: Configuration,
    rate: float,
    grounding_rate: float,
    decay: int | None,
    epochs_before: int,
    **changes: float,
) -> CaptioningSettings:
    return CaptioningSettings(
        **(config.captioning.model_dump() | changes),
        learning_rate=rate,
        grounding_rate=grounding_rate,
        lr_decay_epoch=decay,
        epochs_before=epochs_before,
    )


STAGES: dict[str, Callable[[Configuration, str], StageSettings]] = {
    "pretrain_ranking": _pretrain_ranking,
    "pretrain_xe": _pretrain_xe,
    "pretrain_scst": _pretrain_scst,
    "pretrain_gan": _pretrain_gan,
    "joint": _joint,
}
# the stage whose decoder a row starts from, by its `captioning`
DECODERS = {"xe": "pretrain_xe", "mix": "pretrain_scst"}


def finetune(config: Configuration, name: str) -> FinetuneSettings:
    """Take the settings of fine-tuning the row `name`."""
    own, row = config.finetune, config.rows[name]
    ranking = RankingSettings(
        loss=row.loss or config.encoders[row.encoder].loss,
        learning_rate=own.learning_rate,
        lr_decay_epoch=own.lr_decay_epoch,
        max_grad_norm=own.max_grad_norm,
    )
    return FinetuneSettings(
        cnn=fixed_cnn(config),
        features=config.features,
        training=config.training,
        threads=config.threads,
        device=config.device,
        epochs=own.epochs,
        lr_cnn=own.lr_cnn,
        crop_min_area=own.crop_min_area,
        flip=own.flip,
        ranking=ranking,
    )


def fixed_cnn(config: Configuration) -> FixedCnn:
    """Take the settings of a CNN with given weights that its features depend on."""
    return FixedCnn(name=config.cnn.name, layer=config.cnn.layer)
