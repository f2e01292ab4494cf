"""Set the paper with Typst: its text reads tables and figures below the working folder, and no other file."""

from dataclasses import dataclass
from pathlib import Path

import typst

from gxn import cli
from gxn.errors import GxnError
from gxn.writing import atomic


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    text: Path = cli.option("Typst file of the paper")
    pdf: Path = cli.option("PDF to write")


def paper(arguments: Arguments) -> None:
    """Write the PDF.

    Raises:
        GxnError: Typst refuses the text, or a file that it reads.
    """
    try:
        pages = typst.compile(str(arguments.text), root=".", ignore_system_fonts=True)
    except typst.TypstError as error:
        raise GxnError(f"{arguments.text}: {error}") from error
    with atomic(arguments.pdf) as temporary:
        temporary.write_bytes(pages)


main = cli.command(paper, Arguments)

if __name__ == "__main__":
    main()
