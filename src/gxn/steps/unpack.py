"""Unpack archives into a new folder, or one file of an archive; links and paths out of the folder are refused."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.datasets.archives import unpack as unpack_all
from gxn.datasets.archives import unpack_member
from gxn.errors import GxnError


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    archive: tuple[Path, ...] = cli.option("zip files")
    out: Path = cli.option("folder, or with --member file, to write")
    member: str | None = cli.option("the one file wanted; without it, all", None)


def unpack(arguments: Arguments) -> None:
    """Write `out`: a folder with all files of the archives, or the file `member`."""
    if arguments.member is None:
        unpack_all(list(arguments.archive), arguments.out)
    elif len(arguments.archive) == 1:
        unpack_member(arguments.archive[0], arguments.member, arguments.out)
    else:
        raise GxnError("--member: takes one archive only")


main = cli.command(unpack, Arguments)

if __name__ == "__main__":
    main()
