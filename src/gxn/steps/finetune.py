"""Train a row's encoders and the CNN itself by the ranking loss, from photographs.

With `torchrun` several processes, a card each, share every batch; what they learn is what one process would
from whole batches. A killed run goes on after its last epoch, whatever the number of processes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gxn.cli import json_argument, parser, run
from gxn.config import parse
from gxn.errors import GxnError
from gxn.features.cnn import FixedCnn, load_cnn
from gxn.features.extract import FeaturesConfig
from gxn.files import hdf5_metadata, open_hdf5, save_tensors, sha256, write_rows
from gxn.provenance import data_of, provenance
from gxn.training import loop
from gxn.training.checkpoint import read_encoders
from gxn.training.distributed import Follower, Processes, joined
from gxn.training.finetuning import Finetuning, FinetuningConfig
from gxn.training.images import Crops, read_image_split
from gxn.training.matching import MatchingConfig
from gxn.training.resume import Resume, recipe
from gxn.training.stages import TrainingConfig


@dataclass(frozen=True)
class FinetuneStage:
    """Of the step.

    Attributes:
        epochs: over the training captions; the one of the best validation rsum is kept.
        cnn_rate: Adam's for the CNN.
        smallest, flip: of the random crops, whose side is that of `features.crop`.
        match: of the ranking update.
    """

    epochs: int
    cnn_rate: float
    smallest: float
    flip: bool
    match: MatchingConfig


def finetune(device: str, threads: int, **arguments: Any) -> None:
    """Join the other processes, if there are any, and train."""
    with joined(device, threads) as processes:
        train(processes, {**arguments, "device": device, "threads": threads})


def train(processes: Processes, arguments: dict[str, Any]) -> None:
    """Train; the first process writes the curves, the CNN and the encoders' checkpoint."""
    checkpoint, weights = arguments["checkpoint"], arguments["weights"]
    cnn = parse(FixedCnn, arguments["cnn"], "cnn")
    config = parse(FinetuneStage, arguments["stage"], "stage")
    training = parse(TrainingConfig, arguments["training"], "training")
    features = parse(FeaturesConfig, arguments["features_config"], "features")
    encoders, metadata = read_encoders(checkpoint)
    need_same_data(metadata, arguments)
    crops = Crops(features.crop, config.smallest, config.flip)
    files = (arguments["tokens"], arguments["captions"], arguments["images"])
    splits = [read_image_split(*files, name, crops, processes) for name in ("train", "val")]
    splits[1] = splits[1].first(training.select_images)
    network, _ = load_cnn(cnn.name, cnn.layer, weights)
    path = Finetuning(
        network,
        encoders.to(processes.device),
        FinetuningConfig(config.cnn_rate, config.match),
        features,
        processes,
    )
    settings = {name: value for name, value in arguments.items() if not isinstance(value, Path)}
    resume = kept(processes, arguments, settings, [each.identity() for each in splits])
    plan = loop.Plan(config.epochs, training.batch, arguments["seed"], "val_rsum", training.precision)
    history = loop.train([path], plan, *splits, resume)
    if not processes.first:
        return
    write_rows(arguments["curves"], history)
    made = provenance(
        {name: value for name, value in settings.items() if name != "seed"},
        metadata["provenance"]["data"],  # the row's own, so that both stand in one table
        arguments["seed"],
        [metadata],
    )
    save_tensors(arguments["out_cnn"], path.weights(), {"cnn": cnn.name, "provenance": made})
    about = {name: metadata[name] for name in ("encoder", "sizes", "model", "vocabulary")}
    about["tuned"] = {"weights": sha256(arguments["out_cnn"]), "tokens": sha256(arguments["tokens"])}
    tensors = {f"encoders.{name}": tensor for name, tensor in encoders.state_dict().items()}
    save_tensors(arguments["out"], tensors, {**about, "provenance": made})
    resume.clear()


def need_same_data(metadata: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of other captions or features, and features of another CNN."""
    features, tokens = arguments["features"], arguments["tokens"]
    if metadata["provenance"]["data"] != data_of(features, tokens):
        raise GxnError(
            f"{arguments['checkpoint']}: was trained on other data than {features} and {tokens}; train it again"
        )
    with open_hdf5(features) as file:
        if hdf5_metadata(file).get("weights") != sha256(arguments["weights"]):
            raise GxnError(
                f"{features}: was made with other weights than {arguments['weights']}; make it again"
            )


def kept(
    processes: Processes, arguments: Mapping[str, Any], settings: Mapping[str, Any], images: list[Any]
) -> Resume:
    """The state between epochs, which only the first process writes."""
    names = ("checkpoint", "weights", "features", "captions", "tokens")
    found = recipe([settings, images, processes.device.type], {name: arguments[name] for name in names})
    return (Resume if processes.first else Follower)(arguments["resume"], found)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--checkpoint", type=Path, required=True, help="the row to start from")
    arguments.add_argument("--weights", type=Path, required=True, help="the CNN to start from, safetensors")
    arguments.add_argument("--images", type=Path, required=True, help="folder of photographs, or images.h5")
    arguments.add_argument("--captions", type=Path, required=True, help="captions.json")
    arguments.add_argument("--tokens", type=Path, required=True)
    arguments.add_argument("--features", type=Path, required=True, help="those that the row was trained on")
    for name in ("cnn", "features-config", "training", "stage"):
        arguments.add_argument(f"--{name}", type=json_argument, required=True, metavar="JSON")
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--device", required=True)
    arguments.add_argument("--resume", type=Path, required=True, help="folder of the state between epochs")
    arguments.add_argument("--curves", type=Path, required=True)
    arguments.add_argument("--out-cnn", type=Path, required=True, help="the tuned CNN, safetensors")
    arguments.add_argument("--out", type=Path, required=True, help="the tuned encoders")
    run(finetune, arguments)


if __name__ == "__main__":
    main()
