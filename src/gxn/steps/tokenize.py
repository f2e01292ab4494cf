"""Make the vocabulary from the training split and write all captions as integers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gxn import cli
from gxn.config import need_least, parse
from gxn.datasets.captions import read_captions
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.datasets.words import SPECIAL
from gxn.files import write_json


@dataclass(frozen=True)
class VocabularyConfig:
    """Section `vocabulary` of the configuration."""

    minimum: int
    longest: int

    def __post_init__(self) -> None:
        need_least("vocabulary", self, minimum=1, longest=1)


def tokenize(captions: Path, vocabulary_config: Any, vocabulary: Path, tokens: Path) -> None:
    """Write `vocabulary` (JSON) and `tokens` (HDF5) from `captions`."""
    config = parse(VocabularyConfig, vocabulary_config, "vocabulary")
    records = read_captions(captions)
    words = build_vocabulary(records, config.minimum)
    write_tokens(tokens, records, words, config.longest)
    write_json(vocabulary, {"words": words})
    print(f"{len(words) - len(SPECIAL)} words seen at least {config.minimum} times in the training split")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--captions", type=Path, required=True, help="captions.json")
    parser.add_argument("--vocabulary-config", type=cli.json_argument, required=True, help="minimum, longest")
    parser.add_argument("--vocabulary", type=Path, required=True, help="vocabulary.json to write")
    parser.add_argument("--tokens", type=Path, required=True, help="tokens.h5 to write")
    cli.run(tokenize, parser)


if __name__ == "__main__":
    main()
