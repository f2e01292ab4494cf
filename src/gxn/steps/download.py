"""Fetch one of the public files listed in gxn/datasets/sources.yaml, checked against its sums.

Its terms are shown before. An interrupted download goes on, when called again, where it broke off.
"""

from pathlib import Path

from gxn import cli
from gxn.datasets.download import fetch
from gxn.datasets.sources import show_terms, source


def download(name: str, parts: Path, out: Path) -> None:
    """Write the file `name` of the list to `out`."""
    listed = source(name)
    show_terms(listed.terms)
    fetch(name, listed, parts, out)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--name", required=True, help="the file's name in the list")
    parser.add_argument("--parts", type=Path, required=True, help="folder for half-fetched files")
    parser.add_argument("--out", type=Path, required=True, help="where the whole file goes")
    cli.run(download, parser)


if __name__ == "__main__":
    main()
