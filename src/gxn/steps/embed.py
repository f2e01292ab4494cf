"""Embed a split's images and captions in every space of a trained row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.errors import GxnError
from gxn.evaluation.embeddings import write_embeddings
from gxn.files import hdf5_metadata, open_hdf5, sha256
from gxn.provenance import data_of
from gxn.training.checkpoint import read_encoders
from gxn.training.data import read_split
from gxn.training.device import choose_device
from gxn.training.embedding import embed_split


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    checkpoint: Path = cli.option("checkpoint of the row")
    features: Path = cli.option("features.h5")
    tokens: Path = cli.option("tokens.h5")
    out: Path = cli.option("HDF5 to write")
    split: str = cli.option("split to embed", "test")


def embed(arguments: Arguments) -> None:
    """Write `image/{space}`, `text/{space}` and the ids that say which caption is whose."""
    config, features, tokens = arguments.configuration, arguments.features, arguments.tokens
    device = choose_device(config.device, config.threads)
    encoders, metadata = read_encoders(arguments.checkpoint)
    if not same_data(metadata, features, tokens):
        raise GxnError(
            f"{arguments.checkpoint}: was trained on other data than {features} and {tokens}; train it again"
        )
    split = read_split(tokens, features, arguments.split, device)
    write_embeddings(arguments.out, embed_split(encoders.to(device), split, metadata["provenance"]))


def same_data(metadata: dict[str, Any], features: Path, tokens: Path) -> bool:
    """Say whether a row was trained on these files; where its CNN was too, the features must be that CNN's."""
    if "tuned" not in metadata:
        return metadata["provenance"]["data"] == data_of(features, tokens)
    with open_hdf5(features) as file:
        weights = hdf5_metadata(file).get("weights")
    return metadata["tuned"] == {"weights": weights, "tokens": sha256(tokens)}


main = cli.command(embed, Arguments)

if __name__ == "__main__":
    main()
