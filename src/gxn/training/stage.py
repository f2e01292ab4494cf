"""Describes what the training steps share: their arguments, the data, building and keeping networks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gxn import code
from gxn.cli import option, warn
from gxn.configuration.arguments import Configured
from gxn.configuration.networks import EncoderSettings, Model
from gxn.configuration.section import S, parse, used_plugins
from gxn.configuration.stage_settings import StageSettings
from gxn.configuration.stages import settings
from gxn.costs import cost_line
from gxn.errors import GxnError
from gxn.evaluation.collapse import discriminator_warnings
from gxn.evaluation.embeddings import write_embeddings
from gxn.files import digest, load_tensors, save_tensors, write_rows
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.provenance import data_of, provenance
from gxn.training import loop
from gxn.training.data import Split, read_split
from gxn.training.device import choose_device
from gxn.training.embedding import Embed, embed_split
from gxn.training.objective import Objective
from gxn.training.resume import Resume, fingerprint

OF_LOSS = (  # keys of an encoder that no embedding depends on
    *("same_image_negatives", "each_space_weight"),
    *("drop_features", "drop_words", "drop_states"),
)


@dataclass(frozen=True, kw_only=True)
class StageArguments(Configured):
    """Arguments of a training step."""

    stage: str = option("pretrain_ranking, pretrain_xe, pretrain_scst, pretrain_gan, joint or system")
    name: str = option("name of the encoder; for joint and system, of the row")
    features: Path = option("features.h5")
    tokens: Path = option("tokens.h5")
    seed: int = option("seed of initial weights and data order")
    resume: Path = option("folder of the state between epochs")
    curves: Path = option("CSV to write: a line for each epoch")
    out: Path = option("checkpoint to write, safetensors")
    code: str | None = option("digest of the step's code; left out: it is computed", None)
    embeddings: Path | None = option(
        "HDF5 to write, for joint and system: embeddings of the test split", None
    )

    @cached_property
    def settings(self) -> StageSettings:
        """Take the settings of the stage from the configuration."""
        return settings(self.configuration, self.stage, self.name)


class Stage:
    """A training step between its arguments and its checkpoint."""

    def __init__(self, step: str, arguments: StageArguments, **inputs: Path | None) -> None:
        """Read the data and build the encoders.

        Args:
            step: the step's module, such as `gxn.steps.train_ranking`.
            arguments: of the step.
            inputs: files that this step reads besides features and tokens, by name.
        """
        self.step, self.arguments, self.settings = step, arguments, arguments.settings
        self.inputs = {"features": arguments.features, "tokens": arguments.tokens, **inputs}
        self.device = choose_device(self.settings.device, self.settings.threads)
        self.train = self._split("train")
        self.val = self._split("val").first(self.settings.training.val_subset)
        self.words = self.train.words
        torch.manual_seed(arguments.seed)
        self.sizes = EncoderSizes.of(self.settings.model, self.train.features.shape[1], len(self.words))
        self.encoders = Encoders(self.settings.encoder, self.sizes).to(self.device)
        self.started_from: list[dict[str, Any]] = []  # metadata of earlier stages' checkpoints
        self.updates, self.cpu_before = 0, 0.0  # made; CPU seconds of the processes that were killed before

    def _split(self, name: str) -> Split:
        return read_split(self.arguments.tokens, self.arguments.features, name, self.device)

    def start_from(
        self, path: Path, modules: dict[str, nn.Module], learnt: dict[str, nn.Module] | None = None
    ) -> None:
        """Load the named modules from an earlier stage's checkpoint; those of `learnt` where it has them.

        Raises:
            GxnError: it was trained with another vocabulary, other retrieval spaces, or other widths.
        """
        tensors, metadata = load_tensors(path)
        if metadata.get("vocabulary") != digest(list(self.words)):
            known = self.arguments.tokens
            raise GxnError(f"{path}: was trained with another vocabulary than {known}; train it again")
        earlier = stated(EncoderSettings, "encoder", metadata, path)
        for key in EncoderSettings.model_fields:
            before, now = getattr(earlier, key), getattr(self.settings.encoder, key)
            if key not in OF_LOSS and before != now:
                raise GxnError(
                    f"{path}: was trained with {key} {before}, but the configuration says {now}; "
                    "give it as it was, or train the checkpoint again"
                )
        kept = {name.split(".")[0] for name in tensors}
        there = {name: module for name, module in (learnt or {}).items() if name in kept}
        load_modules(path, tensors, modules | there)
        self.started_from.append(metadata)

    def run(self, objectives: Sequence[Objective], keep: dict[str, nn.Module], **about: Any) -> None:
        """Train, then write the curves and the checkpoint of the modules in `keep`, with metadata `about`."""
        resume = self.resume(self.arguments.resume)
        history = self.fit(objectives, resume, self.settings.epochs, self.settings.monitor)
        self.write(history, keep, **about)
        resume.clear()

    def resume(self, folder: Path) -> Resume:
        """State between epochs in a folder, which only the same settings, data and code go on from."""
        return Resume(folder, self.fingerprint, self.cpu_before)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that the result depends on; a run that began on a card does not go on elsewhere."""
        own = {
            **self.settings.model_dump(mode="json"),
            "seed": self.arguments.seed,
            "device": self.device.type,
        }
        own_code = self.arguments.code or code.digest(self.step, *used_plugins(self.settings))
        return fingerprint(own, self.inputs, own_code)

    def fit(
        self, objectives: Sequence[Objective], resume: Resume, epochs: int, monitor: str | None
    ) -> list[dict[str, float]]:
        """Train; one row of metrics per epoch."""
        plan = loop.Plan(
            epochs=epochs,
            batch_size=self.settings.training.batch_size,
            seed=self.arguments.seed,
            monitor=monitor,
            precision=self.settings.training.precision,
            patience=self.settings.patience,
        )
        history = loop.train(objectives, plan, self.train, self.val, resume)
        self.cpu_before = max(self.cpu_before, resume.cpu_before)
        steps = len(history) * self.train.steps(plan.batch_size)
        self.updates += steps * len(objectives)
        return history

    def write(
        self,
        history: list[dict[str, float]],
        keep: dict[str, nn.Module],
        embedded: Embed | None = None,
        **about: Any,
    ) -> None:
        """Write curves, checkpoint and embeddings; `embedded` as `embed_split` has it.

        The checkpoint keeps the warnings of the stages that it started from.
        """
        shared = self.settings.model_dump(mode="json")
        write_rows(self.arguments.curves, history)
        judged = [line["discriminator_loss"] for line in history if "discriminator_loss" in line]
        warnings = discriminator_warnings(f"discriminator_loss of {self.arguments.stage}", judged)
        for warning in warnings:
            warn(f"{self.arguments.stage}, {self.arguments.name}, seed {self.arguments.seed}: {warning}")
        data = data_of(self.arguments.features, self.arguments.tokens)
        tensors = {f"{k}.{name}": t for k, module in keep.items() for name, t in module.state_dict().items()}
        metadata = {
            "encoder": self.settings.encoder.model_dump(mode="json"),
            "sizes": self.sizes.model_dump(),
            "model": self.settings.model.model_dump(mode="json"),
            **about,
            "vocabulary": digest(list(self.words)),
            "warnings": [
                *(each for before in self.started_from for each in before.get("warnings", [])),
                *warnings,
            ],
            "provenance": provenance(shared, data, self.arguments.seed, self.started_from),
        }
        if self.arguments.embeddings is not None:
            test = embed_split(self.encoders, self._split("test"), metadata["provenance"], embedded)
            write_embeddings(self.arguments.embeddings, test)
        save_tensors(self.arguments.out, tensors, metadata)
        parameters = sum(each.numel() for module in keep.values() for each in module.parameters())
        print(cost_line(self.updates, parameters, self.cpu_before), flush=True)


def stated(kind: type[S], name: str, metadata: dict[str, Any], path: Path) -> S:
    """Read a section as a checkpoint's metadata states it.

    Raises:
        GxnError: it is missing or wrong.
    """
    try:
        return parse(kind, metadata.get(name), name)
    except GxnError as error:
        reasons = "; ".join(str(error).splitlines())
        raise GxnError(f"{path}: {reasons}; train it again") from error


def stated_model(metadata: dict[str, Any], path: Path) -> Model:
    """Read the widths of a checkpoint's networks.

    Raises:
        GxnError: they are missing or wrong.
    """
    return stated(Model, "model", metadata, path)


def load_modules(path: Path, tensors: dict[str, torch.Tensor], modules: dict[str, nn.Module]) -> None:
    """Fill modules from tensors named `module.parameter`.

    Raises:
        GxnError: a parameter is missing, left over or of another shape.
    """
    for name, module in modules.items():
        own = {k.removeprefix(f"{name}."): t for k, t in tensors.items() if k.startswith(f"{name}.")}
        try:
            module.load_state_dict(own)
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            mismatch = f"does not fit the configured {name}: {reason}"
            raise GxnError(f"{path}: {mismatch}; train it again, or set section model as it was") from error
