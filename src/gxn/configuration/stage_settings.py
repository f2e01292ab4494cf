"""Settings of the training stages: all that the result of a stage depends on, and no more."""

from gxn.configuration.features import Features, FixedCnn
from gxn.configuration.networks import EncoderSettings, Loss, Model
from gxn.configuration.section import LastEpochs, Section
from gxn.configuration.training import Captioning, Drawing, Training


class RankingSettings(Section):
    """Settings of the ranking update."""

    loss: Loss
    learning_rate: float
    lr_decay_epoch: LastEpochs  # from this epoch on, from 0, a tenth of the rate
    max_grad_norm: float


class CaptioningSettings(Captioning):
    """Settings of the image-to-text update."""

    learning_rate: float  # of the decoder
    grounding_rate: float  # of the grounded image map; 0 leaves the encoders as they are
    lr_decay_epoch: LastEpochs  # of grounding_rate
    epochs_before: int  # epochs that the decoder was trained for in earlier stages


class DrawingSettings(Drawing):
    """Settings of the text-to-image update."""

    learning_rate: float  # of generator, discriminator and conditioning augmentation
    grounding_rate: float  # of the grounded text encoder; 0 leaves the encoders as they are
    lr_decay_epoch: LastEpochs  # of grounding_rate


class StageSettings(Section):
    """Settings of a training stage.

    Attributes:
        epochs: passes over the training captions.
        ranking_steps_per_batch: ranking updates on each batch; 0 where there is no ranking.
        monitor: the validation metric whose best epoch is kept; None: the last epoch.
        patience: epochs without a better `monitor` after which training stops; None: it does not.
        ranking, captioning, drawing: settings of the updates; None where the stage has no such update.
        shuffled: captions and drawings are imagined of other images than the pair's.
    """

    model: Model
    encoder: EncoderSettings
    training: Training
    threads: int
    device: str
    epochs: int
    ranking_steps_per_batch: int = 0
    monitor: str | None = None
    patience: int | None = None
    ranking: RankingSettings | None = None
    captioning: CaptioningSettings | None = None
    drawing: DrawingSettings | None = None
    shuffled: bool = False


class FinetuneSettings(Section):
    """Settings of fine-tuning a row with its CNN."""

    cnn: FixedCnn
    features: Features
    training: Training
    threads: int
    device: str
    epochs: int
    lr_cnn: float
    crop_min_area: float
    flip: bool
    ranking: RankingSettings
