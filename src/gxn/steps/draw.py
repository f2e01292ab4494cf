"""Draw a sentence by a trained row: gxn draw "a red ball on the grass" --out drawing.png."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from gxn import cli
from gxn.using.arguments import ModelArguments, say_collapsed, say_unknown
from gxn.writing import atomic


@dataclass(frozen=True, kw_only=True)
class Arguments(ModelArguments):
    """Arguments of the step."""

    sentence: str = cli.option("what to draw", positional=True)
    out: Path = cli.option("PNG to write", Path("drawing.png"))
    noise: int = cli.option("seed of the noise; another one draws another picture", 0, within=range(2**31))


def draw(arguments: Arguments) -> None:
    """Write the drawing, in the pixels that the generator has.

    Raises:
        GxnError: no row that draws is trained, or no word of the sentence is known.
    """
    model, _ = arguments.open("draw")
    say_collapsed(model, "generator")
    say_unknown(model, arguments.sentence)
    drawing = Image.fromarray(model.draw([arguments.sentence], arguments.noise)[0])
    with atomic(arguments.out) as temporary:
        drawing.save(temporary, format="PNG")
    print(f"{arguments.out}: {drawing.width} x {drawing.height} pixels")


main = cli.command(draw, Arguments)

if __name__ == "__main__":
    main()
