"""Correspondence autoencoders (Feng et al. 2014): reconstruct both modalities and tie the codes, no negatives."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from gxn.configuration.stage_settings import RankingSettings
from gxn.configuration.systems import Correspondence as Settings
from gxn.datasets.words import SPECIAL
from gxn.evaluation.metrics import rsum, summary
from gxn.evaluation.ranks import ranks
from gxn.losses.correspondence import correspondence_loss, tie
from gxn.models.autoencoder import CorrespondenceAutoencoder, bags_of_words
from gxn.models.encoders import GROUNDED, Encoders
from gxn.models.gru import Sentences
from gxn.training.data import Batch, Split
from gxn.training.optimizers import adam, set_rate, update

SAMPLE = 6000  # training pairs whose means and errors scale the losses, and whose mean codes are subtracted
AT_ONCE = 512  # captions encoded at a time


class Correspondence:
    """The correspondence objective: word embedding, grounded GRU and autoencoder, by one Adam.

    The encoders' maps into the joint space take no part: the autoencoder's codes stand in their place.
    """

    def __init__(
        self, encoders: Encoders, ranking: RankingSettings, settings: Settings, alpha: float, train: Split
    ) -> None:
        """Build the autoencoder, with codes as wide as a joint space.

        Args:
            encoders: with the grounded space alone, of which the text's states are taken.
            ranking: its rate, decay and largest gradient norm; there is no ranking loss.
            alpha: share of the codes' distance in the loss.
            train: the training split; some of its pairs give scales and centres.
        """
        self.encoders, self.ranking, self.settings, self.train = encoders, ranking, settings, train
        self.alpha = alpha
        self.vocab_size, device = len(train.words), train.features.device
        widths = encoders.image[GROUNDED].in_features, encoders.text[GROUNDED].in_features
        code_dim = encoders.image[GROUNDED].out_features
        self.autoencoder = CorrespondenceAutoencoder(*widths, self.vocab_size, code_dim).to(device)
        sample = train.sample(SAMPLE)
        self.autoencoder.fit_scales(sample.features, self._bags(sample.tokens))
        text = nn.ModuleList([encoders.word, encoders.rnn, encoders.pool_weights])
        self.optimizer = adam([*text.parameters(), *self.autoencoder.parameters()], ranking.learning_rate)
        self.modules: dict[str, nn.Module] = {"encoders": encoders, "autoencoder": self.autoencoder}
        self.optimizers: dict[str, Optimizer] = {"correspondence": self.optimizer}

    def begin(self, ranking: RankingSettings, epochs: int, steps_per_epoch: int) -> None:
        self.ranking = ranking
        self.optimizer.state.clear()

    def start_epoch(self, epoch: int) -> None:
        set_rate(self.optimizer, self.ranking.learning_rate, self.ranking.lr_decay_epoch, epoch)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        model = self.autoencoder
        image, text = model.encode_images(batch.features), self._codes(batch.tokens, batch.lengths)
        targets = F.normalize(batch.features, dim=1), self._bags(batch.tokens)
        baselines, tied = (model.feature_error, model.bag_error), tie(image, text)
        loss = correspondence_loss(
            self.settings.reconstructs,
            targets,
            model.decode(image),
            model.decode(text),
            baselines,
            tied,
            self.alpha,
        )
        update(loss, [self.optimizer], self.ranking.max_grad_norm)
        return {"correspondence_loss": loss.detach(), "tie": tied.detach()}

    def validate(self, split: Split) -> dict[str, float]:
        images, texts = ([space.numpy(force=True) for space in side] for side in self.embed(split))
        found = ranks(images, texts, split.caption_image.numpy(force=True), "cosine", [1.0])
        i2t, t2i = (summary(each, floor=True) for each in (found.i2t, found.t2i))
        return {"val_rsum": rsum(i2t, t2i), "val_i2t_r10": i2t["r10"], "val_t2i_r10": t2i["r10"]}

    @torch.no_grad()
    def embed(self, split: Split) -> tuple[list[Tensor], list[Tensor]]:
        """Unit embeddings float32 of images (N, J) and captions (C, J), less the mean codes of training pairs."""
        model, sample = self.autoencoder, self.train.sample(SAMPLE)
        codes = model.encode_images(sample.features), self._all_codes(sample.tokens, sample.lengths)
        model.fit_centres(*codes)
        images = model.embed_images(model.encode_images(split.features))
        return [images], [model.embed_texts(self._all_codes(split.tokens, split.lengths))]

    def _codes(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        captions = Sentences(self.encoders.words_of(GROUNDED), tokens, lengths)
        return self.autoencoder.encode_texts(self.encoders.pooled(captions, GROUNDED))

    def _all_codes(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        parts = zip(tokens.split(AT_ONCE), lengths.split(AT_ONCE), strict=True)
        return torch.cat([self._codes(*part) for part in parts])

    def _bags(self, tokens: Tensor) -> Tensor:
        return bags_of_words(tokens, self.vocab_size, len(SPECIAL))
