"""Count in how many training images' captions each n-gram stands (CIDEr-D's document frequencies)."""

from pathlib import Path

from gxn import cli
from gxn.datasets.tokens import read_tokens
from gxn.rewards.frequencies import build_frequencies, write_frequencies


def document_frequencies(tokens: Path, out: Path) -> None:
    """Write `out` (HDF5) from the training split of `tokens`."""
    captions = read_tokens(tokens, "train")
    frequencies = build_frequencies(captions)
    write_frequencies(out, frequencies, captions.vocabulary)
    print(f"{len(frequencies.ngrams)} n-grams in the captions of {frequencies.documents} images")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--tokens", type=Path, required=True, help="tokens.h5")
    parser.add_argument("--out", type=Path, required=True, help="document_frequencies.h5 to write")
    cli.run(document_frequencies, parser)


if __name__ == "__main__":
    main()
