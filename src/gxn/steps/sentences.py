"""Find sentences for a photograph, by a trained row: gxn sentences photo.jpg.

The sentences are the captions of the dataset, or the lines of --sentences FILE.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gxn import cli
from gxn.errors import GxnError
from gxn.using.arguments import ModelArguments, read_sentences, show


@dataclass(frozen=True, kw_only=True)
class Arguments(ModelArguments):
    """Arguments of the step."""

    photograph: Path = cli.option("the photograph", positional=True)
    sentences: Path | None = cli.option(
        "text file, one sentence per line; default: the dataset's captions", None
    )
    split: Literal["train", "val", "test"] | None = cli.option(
        "captions of this split of the dataset; default: all", None
    )
    count: int = cli.option("number of results", 10, within=range(1, 1_000_001))


def sentences(arguments: Arguments) -> None:
    """Print the best sentences with their scores.

    Raises:
        GxnError: no row is trained, or the photograph cannot be read.
    """
    model, results = arguments.open("search")
    if arguments.sentences is not None:
        index = model.index_texts(read_sentences(arguments.sentences))
    elif results is None:
        raise GxnError("--sentences: an exported row has no captions of its own; name a file of sentences")
    else:
        index = results.index_sentences(model, arguments.split)
    show(model.search(arguments.photograph, index, arguments.count))


main = cli.command(sentences, Arguments)

if __name__ == "__main__":
    main()
