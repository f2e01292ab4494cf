"""Make the vocabulary from the training split and write all captions as integers."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.captions import read_captions
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.datasets.words import SPECIAL
from gxn.files import write_json


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    vocabulary: Path = cli.option("vocabulary.json to write")
    tokens: Path = cli.option("tokens.h5 to write")


def tokenize(arguments: Arguments) -> None:
    """Write `vocabulary` (JSON) and `tokens` (HDF5) from `captions`."""
    settings = arguments.configuration.vocabulary
    records = read_captions(arguments.captions)
    words = build_vocabulary(records, settings.min_count)
    write_tokens(arguments.tokens, records, words, settings.max_length)
    write_json(arguments.vocabulary, {"words": words})
    count = len(words) - len(SPECIAL)
    print(f"{count} words occur at least {settings.min_count} times in the training split")


main = cli.command(tokenize, Arguments)

if __name__ == "__main__":
    main()
