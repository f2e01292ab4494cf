"""Unpack archives into a new folder, or one file of an archive; nothing may leave the folder, no links."""

from pathlib import Path

from gxn import cli
from gxn.datasets.archives import unpack, unpack_member
from gxn.errors import GxnError


def unpack_step(archive: list[Path], member: str | None, out: Path) -> None:
    """Write `out`: a folder with all files of the archives, or the file `member`."""
    if member is None:
        unpack(archive, out)
    elif len(archive) == 1:
        unpack_member(archive[0], member, out)
    else:
        raise GxnError("--member: takes one archive only")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--archive", type=Path, nargs="+", required=True, help="zip files")
    parser.add_argument("--member", help="the one file wanted; without it, all")
    parser.add_argument("--out", type=Path, required=True, help="folder, or with --member file, to write")
    cli.run(unpack_step, parser)


if __name__ == "__main__":
    main()
