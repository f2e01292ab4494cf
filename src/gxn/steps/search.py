"""Search images for a sentence, by a trained row: gxn search "two people at a table".

The images are those of the dataset, or the photographs in --images FOLDER, whose features are computed once and
kept. A score is minus an order violation, at most 0, or a cosine, at most 1. --sheet FILE.png shows the results.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gxn import cli
from gxn.errors import GxnError
from gxn.using.arguments import ModelArguments, say_unknown, show


@dataclass(frozen=True, kw_only=True)
class Arguments(ModelArguments):
    """Arguments of the step."""

    sentence: str = cli.option("what the image shows", positional=True)
    images: Path | None = cli.option("folder of photographs; default: the images of the dataset", None)
    split: Literal["train", "val", "test"] | None = cli.option(
        "images of this split of the dataset; default: all", None
    )
    count: int = cli.option("number of results", 10, within=range(1, 1_000_001))
    sheet: Path | None = cli.option("PNG to write, which shows the results", None)


def search(arguments: Arguments) -> None:
    """Print the best images with their scores.

    Raises:
        GxnError: no row is trained, or no word of the sentence is known.
    """
    model, results = arguments.open("search")
    say_unknown(model, arguments.sentence)
    if arguments.images is not None:
        index = model.index_folder(arguments.images)
    elif results is None:
        raise GxnError("--images: an exported row has no images of its own; name a folder of photographs")
    else:
        index = results.index_images(model, arguments.split)
    found = model.search(arguments.sentence, index, arguments.count)
    show(found)
    if arguments.sheet is not None:
        from gxn.using.photographs import pictures
        from gxn.using.sheet import write_sheet

        own = results is not None and arguments.images is None
        shown = results.pictures([each.id for each in found]) if own else pictures([e.name for e in found])
        write_sheet(arguments.sheet, arguments.sentence, found, shown)
        print(f"{arguments.sheet}: written")


main = cli.command(search, Arguments)

if __name__ == "__main__":
    main()
