"""How a step meets its caller: arguments, one-line errors, exit status, progress."""

import argparse
import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from gxn.errors import GxnError
from gxn.writing import FULL, refused

Item = TypeVar("Item")

PAUSE = 10.0  # seconds between lines of progress


def run(step: Callable[..., None], parser: argparse.ArgumentParser) -> None:
    """Parse the command line, call `step` with the arguments by name, turn `GxnError` into exit status 2.

    So ends a full disk that is met in passing, by a line of progress or by a compiler's cache.
    """
    try:
        step(**vars(parser.parse_args()))
    except OSError as error:
        if error.errno not in FULL:
            raise
        _stop(refused(error.filename or "the step's log", error))
    except GxnError as error:
        _stop(error)


def _stop(error: GxnError) -> None:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)


def parser(description: str | None) -> argparse.ArgumentParser:
    """An argument parser whose help is the step's docstring."""
    style = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(description=description, formatter_class=style)


def json_argument(text: str) -> Any:
    """Type of an argument that carries a configuration section as JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"is not JSON: {error}") from error


def names_argument(text: str) -> list[str]:
    """Type of an argument that carries a list of names as JSON."""
    names = json_argument(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise argparse.ArgumentTypeError(f'must be a list of names such as ["vsepp"], not {text}')
    return names


def progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Yield `items`, printing a line with the expected end at most once in PAUSE seconds."""
    start = last = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= PAUSE or done == total:
            left = (now - start) / done * (total - done)
            print(f"{what}: {done}/{total}, {now - start:.0f} s gone, about {left:.0f} s to go", flush=True)
            last = now


def main() -> None:
    """`gxn STEP ...` runs the module `gxn.steps.STEP`, as `python -m` would."""
    import gxn.steps

    steps = sorted(module.name for module in pkgutil.iter_modules(gxn.steps.__path__))
    if len(sys.argv) < 2 or sys.argv[1] not in steps:
        usage = f"usage: gxn STEP [--help]\nsteps: {', '.join(steps)}"
        if sys.argv[1:2] in (["-h"], ["--help"]):
            print(usage)
            return
        wrong = [f"gxn: there is no step {name}\n" for name in sys.argv[1:2] if not name.startswith("-")]
        sys.exit(f"{''.join(wrong)}{usage}")
    name = sys.argv.pop(1)
    sys.argv[0] = f"gxn {name}"
    importlib.import_module(f"gxn.steps.{name}").main()
