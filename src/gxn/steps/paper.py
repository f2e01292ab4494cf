"""Typeset the paper with Typst, as PDF and as one page of HTML with its figures inside.

The text reads tables and figures below the working folder, and no other file.
"""

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
    html: Path = cli.option("HTML to write")


def paper(arguments: Arguments) -> None:
    """Write both forms; the text learns by `sys.inputs.form`, pdf or html, which one it is set for.

    Raises:
        GxnError: Typst refuses the text, or a file that it reads.
    """
    for path, form in ((arguments.pdf, "pdf"), (arguments.html, "html")):
        try:
            content = typst.compile(
                str(arguments.text),
                root=".",
                ignore_system_fonts=True,
                format=form,
                sys_inputs={"form": form},
            )
        except typst.TypstError as error:
            raise GxnError(f"{arguments.text}: {error}") from error
        with atomic(path) as temporary:
            temporary.write_bytes(content)


main = cli.command(paper, Arguments)

if __name__ == "__main__":
    main()
