"""Fetch one of the public files listed in gxn/datasets/downloads.yaml, verified by its checksums.

The terms of use are printed first. After an interruption, the same command continues the download.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.datasets.download import fetch
from gxn.datasets.downloads import show_terms, source


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    name: str = cli.option("the file's name in the list")
    parts: Path = cli.option("folder for partial downloads")
    out: Path = cli.option("file to write")


def download(arguments: Arguments) -> None:
    """Write the file `name` of the list to `out`."""
    listed = source(arguments.name)
    show_terms(listed.terms)
    fetch(arguments.name, listed, arguments.parts, arguments.out)


main = cli.command(download, Arguments)

if __name__ == "__main__":
    main()
