"""Count the training images whose captions contain each n-gram (CIDEr-D's document frequencies)."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.datasets.tokens import read_tokens
from gxn.rewards.frequencies import build_frequencies, write_frequencies


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    tokens: Path = cli.option("tokens.h5")
    out: Path = cli.option("document_frequencies.h5 to write")


def document_frequencies(arguments: Arguments) -> None:
    """Write `out` (HDF5) from the training split of `tokens`."""
    captions = read_tokens(arguments.tokens, "train")
    frequencies = build_frequencies(captions)
    write_frequencies(arguments.out, frequencies, captions.vocabulary)
    print(f"{len(frequencies.ngrams)} n-grams in the captions of {frequencies.documents} images")


main = cli.command(document_frequencies, Arguments)

if __name__ == "__main__":
    main()
