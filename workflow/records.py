"""The records under study/ that the paper is made of, and their files; paths count from the working folder."""

from collections.abc import Iterable
from pathlib import Path

import yaml

FOLDER, QUESTIONS = "study", "paper/questions.yaml"
ROOT = Path(__file__).parents[1]


def about() -> dict[str, str]:
    """Give the about.json of each record, by the study's name."""
    return {path.parent.name: path.as_posix() for path in sorted(Path(FOLDER).glob("*/about.json"))}


def shown() -> list[str]:
    """Name the records whose tables and figures the paper shows, in its order."""
    if not (recorded := about()):
        return []
    return [name for name in to_show() if name in recorded]


def to_show() -> list[str]:
    """Name the studies whose tables and figures the paper shows if they are recorded."""
    return list(yaml.safe_load((ROOT / QUESTIONS).read_text(encoding="utf-8"))["shown"])


def files(study: str) -> list[str]:
    """List all files of a record."""
    return _files(Path(FOLDER, study).rglob("*"))


def runs() -> list[str]:
    """List metrics and ranks of all records."""
    return _files(path for kind in ("metrics", "ranks") for path in Path(FOLDER).glob(f"*/{kind}/**/*"))


def grids() -> list[str]:
    """List the retrieval grids of all records."""
    return _files(Path(FOLDER).glob("*/figures/*.pdf"))


def parts() -> list[str]:
    """List the files of the paper's text."""
    return _files(Path("paper").glob("*"))


def _files(paths: Iterable[Path]) -> list[str]:
    return sorted(path.as_posix() for path in paths if path.is_file())
