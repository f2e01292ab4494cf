"""Embed a split's images and captions in every space of a trained row."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.errors import GxnError
from gxn.evaluation.embeddings import write_embeddings
from gxn.training.checkpoint import read_encoders, same_data
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


main = cli.command(embed, Arguments)

if __name__ == "__main__":
    main()
