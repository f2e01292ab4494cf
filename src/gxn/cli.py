"""The command line of a step: typed arguments, one-block errors, exit status, progress and warnings.

A step is a module of gxn.steps with a frozen dataclass `Arguments`, made of `option` fields, a function that takes
one, and `main = cli.command(function, Arguments)`. Its docstring is its help.
"""

import argparse
import ast
import dataclasses
import importlib
import pkgutil
import sys
import time
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

from gxn.errors import GxnError
from gxn.writing import FULL, write_error

Item = TypeVar("Item")
Arguments = TypeVar("Arguments")

INTERVAL = 10.0  # seconds between lines of progress
# what people call themselves, at the head of the help
COMMANDS = ("init", "estimate", "search", "sentences", "caption", "draw", "export", "serve")
# headings of the help, by the first word of the steps below them
GROUPS = {"people": "commands", "": "steps that the workflow runs", "train": "training"}
GROUPS |= {"table": "tables", "figure": "figures"}


def option(
    help: str, default: Any = dataclasses.MISSING, positional: bool = False, within: range | None = None
) -> Any:
    """Make a field of `Arguments`: an option of its name, required unless it has a default.

    A positional one is a word of the command line without `--name` before it; a tuple takes several. A range
    bounds a whole number.
    """
    return dataclasses.field(
        default=default, metadata={"help": help, "positional": positional, "within": within}
    )


def command(step: Callable[[Arguments], None], kind: type[Arguments]) -> Callable[[], None]:
    """Make the `main` of a step."""

    def main() -> None:
        module = sys.modules[step.__module__]
        arguments = parse(kind, module.__doc__)
        run(lambda: step(arguments))

    return main


def run(work: Callable[[], None]) -> None:
    """Call `work`; print a `GxnError`, a full disk or a missing right as one block and exit with status 2."""
    try:
        work()
    except PermissionError as error:
        _stop(GxnError(f"{error.filename}: {error.strerror}; give yourself the right to it and run again"))
    except OSError as error:
        if error.errno not in FULL:
            raise
        _stop(write_error(error.filename or "the step's log", error))
    except GxnError as error:
        _stop(error)


def _stop(error: GxnError) -> typing.NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)


def parse(kind: type[Arguments], description: str | None, words: list[str] | None = None) -> Arguments:
    """Read the command line, or `words`, into the dataclass `kind`."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=description, formatter_class=style, allow_abbrev=False)
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        options = _argument(field, hints[field.name])
        if field.metadata["positional"]:
            required = options.pop("required")
            several = {"nargs": "+" if required else "*"} if "nargs" in options else {}
            parser.add_argument(field.name, **{"nargs": None if required else "?"} | options | several)
        else:
            parser.add_argument(f"--{field.name.replace('_', '-')}", **options)
    return kind(**vars(parser.parse_args(words)))


def _argument(field: dataclasses.Field, hint: Any) -> dict[str, Any]:
    required = field.default is dataclasses.MISSING
    options: dict[str, Any] = {"help": field.metadata["help"], "required": required}
    if not required:
        options["default"] = field.default
        options["help"] += f" (default: {field.default})" if field.default not in (None, ()) else ""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):  # a Literal or None is the latter
        hint = next(each for each in hint.__args__ if each is not type(None))
    named = field.metadata["positional"] or (typing.get_origin(hint) is not tuple and hint is not Path)
    metavar = field.name.upper() if named else "PATH"
    if typing.get_origin(hint) is tuple:
        return options | {"type": hint.__args__[0], "nargs": "*", "metavar": metavar, "action": _Tuple}
    if typing.get_origin(hint) is Literal:
        return options | {"choices": hint.__args__}
    if (within := field.metadata["within"]) is not None:
        hint = partial(_whole, within=within)
    return options | {"type": hint, "metavar": metavar}


def _whole(text: str, within: range) -> int:
    """Read a whole number of a range."""
    with suppress(ValueError):
        if int(text) in within:
            return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number from {within[0]} to {within[-1]}, not {text!r}")


class _Tuple(argparse.Action):
    """Keep several values as a tuple."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        setattr(namespace, self.dest, tuple(values))


def warn(message: str) -> None:
    """Print a line that the workflow shows on the screen once the step is done."""
    print(f"warning: {message}", file=sys.stderr, flush=True)


def progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Yield `items`, printing a line with the expected end at most once in INTERVAL seconds."""
    start = last = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= INTERVAL or done == total:
            left = (now - start) / done * (total - done)
            print(f"{what}: {done}/{total}, {now - start:.0f} s gone, about {left:.0f} s to go", flush=True)
            last = now


def main() -> None:
    """Run `gxn STEP ...`, the module `gxn.steps.STEP`."""
    import gxn.steps

    steps = sorted(module.name for module in pkgutil.iter_modules(gxn.steps.__path__))
    first = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if first in ("-h", "--help"):
        print(_usage(steps))
        return
    if first == "--version":
        print(f"gxn {version('gxn')}")
        return
    name = first.replace("-", "_")
    if name not in steps:
        sys.exit(f"gxn: there is no step {first}\n{_usage(steps)}")
    _refuse_other_code()
    sys.argv = [f"gxn {name}", *sys.argv[2:]]
    importlib.import_module(f"gxn.steps.{name}").main()


def _refuse_other_code() -> None:
    """Stop where the working folder holds other code of this package than the code that runs."""
    here, running = Path("src/gxn").resolve(), Path(__file__).parent.resolve()
    if here.is_dir() and here != running:
        _stop(
            GxnError(
                f"gxn runs the code in {running}, not that in {here}; run `uv sync` here, then `uv run gxn`"
            )
        )


def _usage(steps: Iterable[str]) -> str:
    """All steps, a line each: first what people call themselves, then those of the workflow, by kind."""
    steps = list(steps)
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    groups["people"] = [step for step in COMMANDS if step in steps]
    for step in steps:
        if step not in COMMANDS:
            group = step.partition("_")[0]
            groups[group if group in GROUPS else ""].append(step)
    lines = ["usage: gxn STEP [OPTIONS]; gxn STEP --help; gxn --version", ""]
    for group, members in groups.items():
        lines.append(f"{GROUPS[group]}:")
        lines += [f"  {step:22}{documentation(step).partition(chr(10))[0]}" for step in members]
        lines.append("")
    return "\n".join(lines).rstrip()


def documentation(step: str) -> str:
    """The docstring of a step, whose first line says what it does; nothing is imported."""
    source = Path(__file__).with_name("steps").joinpath(f"{step}.py").read_text("utf-8")
    return ast.get_docstring(ast.parse(source)) or ""
