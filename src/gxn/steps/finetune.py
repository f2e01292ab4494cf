"""Train a row's encoders together with the CNN by the ranking loss, from photographs.

With `torchrun`, several processes with one GPU each share every batch and learn what one process would learn.
After a kill, the same command continues after the last finished epoch, with any number of processes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gxn import cli, code
from gxn.configuration.arguments import Configured
from gxn.configuration.section import used_plugins
from gxn.configuration.stage_settings import FinetuneSettings
from gxn.configuration.stages import finetune as settings_of
from gxn.errors import GxnError
from gxn.features.cnn import load_cnn
from gxn.files import save_tensors, sha256, write_rows
from gxn.hdf5 import hdf5_metadata, open_hdf5
from gxn.provenance import data_of, provenance
from gxn.training import loop
from gxn.training.checkpoint import read_encoders
from gxn.training.distributed import Follower, Processes, joined
from gxn.training.finetuning import Finetuning
from gxn.training.images import Crops, read_image_split
from gxn.training.resume import Resume, fingerprint


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    name: str = cli.option("name of the row")
    checkpoint: Path = cli.option("checkpoint of the row to start from")
    weights: Path = cli.option("the CNN to start from, safetensors")
    images: Path = cli.option("folder of photographs, or images.h5")
    captions: Path = cli.option("captions.json")
    tokens: Path = cli.option("tokens.h5")
    features: Path = cli.option("features.h5 that the row was trained on")
    seed: int = cli.option("seed of the data order and of the crops")
    resume: Path = cli.option("folder of the state between epochs")
    curves: Path = cli.option("CSV to write: a line for each epoch")
    out_cnn: Path = cli.option("the tuned CNN to write, safetensors")
    out: Path = cli.option("the tuned encoders to write, safetensors")


def finetune(arguments: Arguments) -> None:
    """Join the other processes, if there are any, and train."""
    settings = settings_of(arguments.configuration, arguments.name)
    with joined(settings.device, settings.threads) as processes:
        train(processes, arguments, settings)


def train(processes: Processes, arguments: Arguments, settings: FinetuneSettings) -> None:
    """Train; the first process writes the curves, the CNN and the encoders' checkpoint."""
    encoders, metadata = read_encoders(arguments.checkpoint)
    check_same_data(metadata, arguments)
    crops = Crops(settings.features.crop, settings.crop_min_area, settings.flip)
    files = (arguments.tokens, arguments.captions, arguments.images)
    splits = [read_image_split(*files, name, crops, processes) for name in ("train", "val")]
    splits[1] = splits[1].first(settings.training.val_subset)
    network, _ = load_cnn(settings.cnn.name, settings.cnn.layer, arguments.weights)
    objective = Finetuning(network, encoders.to(processes.device), settings, processes)
    resume = _resume(processes, arguments, settings, [each.identity() for each in splits])
    plan = loop.Plan(
        epochs=settings.epochs,
        batch_size=settings.training.batch_size,
        seed=arguments.seed,
        monitor="val_rsum",
        precision=settings.training.precision,
    )
    history = loop.train([objective], plan, *splits, resume)
    if not processes.first:
        return
    write_rows(arguments.curves, history)
    # the data are the row's own, so that both stand in one table
    data = metadata["provenance"]["data"]
    made = provenance(settings.model_dump(mode="json"), data, arguments.seed, [metadata])
    save_tensors(arguments.out_cnn, objective.weights(), {"cnn": settings.cnn.name, "provenance": made})
    about = {name: metadata[name] for name in ("encoder", "sizes", "model", "vocabulary")}
    about["tuned"] = {"weights": sha256(arguments.out_cnn), "tokens": sha256(arguments.tokens)}
    tensors = {f"encoders.{name}": tensor for name, tensor in encoders.state_dict().items()}
    save_tensors(arguments.out, tensors, {**about, "provenance": made})
    resume.clear()


def check_same_data(metadata: Mapping[str, Any], arguments: Arguments) -> None:
    """Refuse a checkpoint of other captions or features, and features of another CNN.

    Raises:
        GxnError: names the file.
    """
    features, tokens = arguments.features, arguments.tokens
    if metadata["provenance"]["data"] != data_of(features, tokens):
        raise GxnError(
            f"{arguments.checkpoint}: was trained on other data than {features} and {tokens}; train it again"
        )
    with open_hdf5(features) as file:
        if hdf5_metadata(file).get("weights") != sha256(arguments.weights):
            raise GxnError(f"{features}: was made with other weights than {arguments.weights}; make it again")


def _resume(
    processes: Processes, arguments: Arguments, settings: FinetuneSettings, images: list[Any]
) -> Resume:
    """The state between epochs, which only the first process writes."""
    names = ("checkpoint", "weights", "features", "captions", "tokens")
    own = {**settings.model_dump(mode="json"), "seed": arguments.seed, "device": processes.device.type}
    inputs = {name: getattr(arguments, name) for name in names}
    key = fingerprint([own, images], inputs, code.digest(__spec__.name, *used_plugins(settings)))
    return (Resume if processes.first else Follower)(arguments.resume, key)


main = cli.command(finetune, Arguments)

if __name__ == "__main__":
    main()
