"""Caption photographs by a trained row: gxn caption photo1.jpg photo2.jpg."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.using.arguments import ModelArguments, say_collapsed


@dataclass(frozen=True, kw_only=True)
class Arguments(ModelArguments):
    """Arguments of the step."""

    photographs: tuple[Path, ...] = cli.option("photographs", positional=True)


def caption(arguments: Arguments) -> None:
    """Print a line for each photograph: its path, a tab and its caption.

    Raises:
        GxnError: no row that captions is trained, or a photograph cannot be read.
    """
    model, _ = arguments.open("caption")
    say_collapsed(model, "decoder")
    for path, text in zip(arguments.photographs, model.caption(arguments.photographs), strict=True):
        print(f"{path}\t{text}")


main = cli.command(caption, Arguments)

if __name__ == "__main__":
    main()
