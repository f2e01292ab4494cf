"""What the training steps share: their arguments, the data, building and keeping networks."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from gxn.cli import json_argument, parser
from gxn.config import Section, need_least, parse
from gxn.errors import GxnError
from gxn.files import digest, load_tensors, save_tensors, write_rows
from gxn.models.encoders import OF_THE_LOSS, EncoderConfig, Encoders, EncoderSizes
from gxn.models.widths import ModelConfig
from gxn.provenance import data_of, provenance
from gxn.training import loop
from gxn.training.data import Split, read_split
from gxn.training.device import choose_device
from gxn.training.paths import TrainingPath
from gxn.training.resume import Resume, recipe


@dataclass(frozen=True)
class TrainingConfig:
    """Of every stage: pairs in a batch, `float32` or `bfloat16` arithmetic, and what is validated on.

    `select_images` is how many of the validation images, the first of them; null: all.

    Raises:
        GxnError: a number is less than 2: pairs and images are told from others.
    """

    batch: int
    precision: Literal["float32", "bfloat16"]
    select_images: int | None

    def __post_init__(self) -> None:
        need_least("training", self, batch=2, select_images=2)


def stage_parser(description: str | None, *files: str) -> argparse.ArgumentParser:
    """The arguments of a training step; `files` are those that only this one has."""
    arguments = parser(description)
    for name in ("features", "tokens", *files):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    for name in ("model", "encoder", "training", "stage"):
        arguments.add_argument(f"--{name}", type=json_argument, required=True, metavar="JSON")
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--device", required=True)
    arguments.add_argument("--resume", type=Path, required=True, help="folder of the state between epochs")
    arguments.add_argument("--curves", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    return arguments


class Stage:
    """A training step between its arguments and its checkpoint."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments
        self.device = choose_device(arguments["device"], arguments["threads"])
        self.model = parse(ModelConfig, arguments["model"], "model")
        self.encoder = parse(EncoderConfig, arguments["encoder"], "encoders")
        self.training = parse(TrainingConfig, arguments["training"], "training")
        self.train = self._split("train")
        self.val = self._split("val").first(self.training.select_images)
        self.words = self.train.words
        torch.manual_seed(arguments["seed"])
        self.sizes = EncoderSizes.of(self.model, self.train.features.shape[1], len(self.words))
        self.encoders = Encoders(self.encoder, self.sizes).to(self.device)
        self.before: list[dict[str, Any]] = []  # metadata of the checkpoints started from

    def _split(self, name: str) -> Split:
        return read_split(self.arguments["tokens"], self.arguments["features"], name, self.device)

    def start_from(self, path: Path, modules: dict[str, nn.Module]) -> None:
        """Load the named modules from an earlier stage's checkpoint.

        Raises:
            GxnError: it was trained with another vocabulary, other retrieval spaces, or other widths.
        """
        tensors, metadata = load_tensors(path)
        if metadata.get("vocabulary") != digest(list(self.words)):
            known = self.arguments["tokens"]
            raise GxnError(f"{path}: was trained with another vocabulary than {known}; train it again")
        earlier = stated(EncoderConfig, "encoder", metadata, path)
        for key, value in asdict(self.encoder).items():
            if key not in OF_THE_LOSS and getattr(earlier, key) != value:
                raise GxnError(
                    f"{path}: was trained with {key} {getattr(earlier, key)}, but --encoder says {value}; "
                    "give it as it was, or train the checkpoint again"
                )
        load_modules(path, tensors, modules)
        self.before.append(metadata)

    def run(
        self,
        paths: Sequence[TrainingPath],
        epochs: int,
        select: str | None,
        keep: dict[str, nn.Module],
        **about: Any,
    ) -> None:
        """Train, then write the curves and the checkpoint of the modules in `keep`, with metadata `about`."""
        settings = {k: v for k, v in self.arguments.items() if not isinstance(v, Path)}
        inputs = {
            k: v
            for k, v in self.arguments.items()
            if isinstance(v, Path) and k not in ("resume", "out", "curves")
        }
        where = {"device": self.device.type}  # a run that began on a card does not go on elsewhere
        resume = Resume(self.arguments["resume"], recipe(settings | where, inputs))
        plan = loop.Plan(epochs, self.training.batch, self.arguments["seed"], select, self.training.precision)
        history = loop.train(paths, plan, self.train, self.val, resume)
        write_rows(self.arguments["curves"], history)
        shared = {k: v for k, v in settings.items() if k != "seed"}  # what the seeds of a row have in common
        data = data_of(self.arguments["features"], self.arguments["tokens"])
        tensors = {f"{k}.{name}": t for k, module in keep.items() for name, t in module.state_dict().items()}
        save_tensors(
            self.arguments["out"],
            tensors,
            {
                "encoder": asdict(self.encoder),
                "sizes": asdict(self.sizes),
                "model": asdict(self.model),
                **about,
                "vocabulary": digest(list(self.words)),
                "provenance": provenance(shared, data, self.arguments["seed"], self.before),
            },
        )
        resume.clear()


def stated(kind: type[Section], name: str, metadata: dict[str, Any], path: Path) -> Section:
    """A section as a checkpoint's metadata states it.

    Raises:
        GxnError: it is missing or wrong.
    """
    try:
        return parse(kind, metadata.get(name), name)
    except GxnError as error:
        raise GxnError(f"{path}: {error}; train it again") from error


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
            misfit = f"does not fit the configured {name}: {reason}"
            raise GxnError(f"{path}: {misfit}; train it again, or set section model as it was") from error
