"""Match with the CNN in the loop: the ranking update reaches the pixels (the paper's fine-tuned rows)."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gxn.configuration.stage_settings import FinetuneSettings
from gxn.features.cnn import normalise
from gxn.features.extract import extract
from gxn.models.encoders import Encoders
from gxn.training.data import Batch
from gxn.training.distributed import Processes
from gxn.training.images import ImageSplit
from gxn.training.matching import Matching


class Frozen(nn.Module):
    """A CNN that stays in evaluation mode: batch-norm keeps its running statistics, dropout is off."""

    def __init__(self, cnn: nn.Module) -> None:
        super().__init__()
        self.cnn = cnn
        self.eval()

    def train(self, mode: bool = True) -> "Frozen":
        """Evaluation mode, whatever is asked for; gradients flow all the same."""
        return super().train(False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Features float32 (B, F) of pixels uint8 (B, 3, S, S)."""
        return self.cnn(normalise(pixels).contiguous(memory_format=torch.channels_last)).float()


class Retrieval(nn.Module):
    """CNN and encoders as one network, whose gradients several processes can share."""

    def __init__(self, cnn: Frozen, encoders: Encoders) -> None:
        super().__init__()
        self.cnn, self.encoders = cnn, encoders

    def forward(self, pixels: Tensor, tokens: Tensor, lengths: Tensor) -> list[Tensor]:
        """Embeddings (b, J): of the images in each space, then of the captions."""
        return self.encoders.images(self.cnn(pixels)) + self.encoders.texts(tokens, lengths)


class Finetuning(Matching):
    """The ranking path from pixels: CNN and encoders, one Adam with a group for each."""

    def __init__(
        self, cnn: nn.Module, encoders: Encoders, settings: FinetuneSettings, processes: Processes
    ) -> None:
        """Validation images are cropped as `settings.features` has it: as those that are evaluated later."""
        super().__init__(encoders, settings.ranking)
        self.cnn, self.lr_cnn = Frozen(cnn), settings.lr_cnn
        self.cnn.to(processes.device, memory_format=torch.channels_last)
        self.features, self.processes = settings.features, processes
        self.optimizer.add_param_group({"params": list(self.cnn.parameters()), "lr": settings.lr_cnn})
        self.modules["cnn"] = self.cnn
        self.network = processes.shared(Retrieval(self.cnn, encoders))

    def start_epoch(self, epoch: int) -> None:
        super().start_epoch(epoch)
        encoders, cnn = self.optimizer.param_groups
        cnn["lr"] = self.lr_cnn * (encoders["lr"] / self.settings.learning_rate)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        share = self.processes.share(len(batch.image))
        lengths = batch.lengths[share]
        tokens = batch.tokens[share, : int(lengths[0])]
        joined = self.processes.gather(self.network(batch.features, tokens, lengths))
        return self.match(joined[: len(joined) // 2], joined[len(joined) // 2 :], batch)

    def validate(self, split: ImageSplit) -> dict[str, float]:
        """Measure as without fine-tuning, on the features that the CNN gives of the split's images now."""
        records, device = list(split.records), self.processes.device
        rows = list(extract(self.cnn.cnn, records, split.source, self.features, device, split.workers))
        found = torch.from_numpy(np.concatenate(rows).astype(np.float32)).to(device)
        return super().validate(replace(split, features=found))

    def weights(self) -> dict[str, Any]:
        """State dict of torchvision's model, as `load_cnn` reads it."""
        return self.cnn.cnn.model.state_dict()
