"""The settings that the training of a system takes from the configuration: all that its result depends on."""

from gxn.configuration import stages
from gxn.configuration.root import Configuration
from gxn.configuration.stage_settings import RankingSettings, StageSettings
from gxn.configuration.systems import Adversarial, Correspondence
from gxn.errors import GxnError


class SystemSettings(StageSettings):
    """Settings of a system's whole training: a warm-up as long as the ranking pretraining, then a joint stage.

    Attributes:
        warmup_epochs: passes before `epochs`, with an update on each batch; none of them is kept.
        warmup: settings of its updates, as `ranking` has those of the joint stage.
        system: what is trained.
    """

    warmup_epochs: int
    warmup: RankingSettings
    system: Correspondence | Adversarial


def settings(config: Configuration, name: str) -> SystemSettings:
    """Take the settings of a system from the configuration.

    Raises:
        GxnError: there is no such row.
    """
    if name not in config.systems:
        raise GxnError(
            f"--name: there is no row {name!r} with a system; there are {', '.join(config.systems)}"
        )
    row = config.systems[name]
    kind = Correspondence if row.kind == "correspondence" else Adversarial
    return SystemSettings(
        **stages.common(config, row.encoder),
        **stages.ranked(config.joint_of(row), config.encoders[row.encoder].loss),
        warmup_epochs=config.pretrain_ranking.epochs,
        warmup=stages.warm_up(config, row.encoder),
        system=kind(**{key: getattr(row, key) for key in kind.model_fields}),
    )
