"""The command gxn, and a step's arguments: typed by their dataclass, with one-block errors."""

import errno
import sys
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest

from gxn import cli
from gxn.errors import GxnError


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of a toy step."""

    out: Path = cli.option("file to write")
    seed: int = cli.option("seed of it all")
    files: tuple[Path, ...] = cli.option("files to read", ())
    way: Literal["up", "down"] = cli.option("up or down", "up")
    other: Path | None = cli.option("another file", None)
    label_text: str = cli.option("a label", "none")
    count: int = cli.option("number of results", 10, within=range(1, 101))


@dataclass(frozen=True, kw_only=True)
class Positional:
    """Arguments with words that have no `--name` before them."""

    sentence: str = cli.option("what to find", positional=True)
    photographs: tuple[Path, ...] = cli.option("pictures", (), positional=True)
    count: int = cli.option("number of results", 10)
    out: Path | None = cli.option("file to write", None)


REQUIRED = ["--out", "a/b.txt", "--seed", "3"]


class TestParse:
    def test_values_have_the_types_of_their_fields(self):
        made = cli.parse(Arguments, "", REQUIRED)
        assert (made.out, made.seed) == (Path("a/b.txt"), 3)

    def test_what_is_left_out_has_its_default(self):
        made = cli.parse(Arguments, "", REQUIRED)
        assert (made.files, made.way, made.other, made.label_text) == ((), "up", None, "none")

    def test_several_values_become_a_tuple(self):
        assert cli.parse(Arguments, "", [*REQUIRED, "--files", "a", "b"]).files == (Path("a"), Path("b"))

    def test_no_values_become_an_empty_tuple(self):
        assert cli.parse(Arguments, "", [*REQUIRED, "--files"]).files == ()

    def test_an_optional_value_has_its_type(self):
        assert cli.parse(Arguments, "", [*REQUIRED, "--other", "c"]).other == Path("c")

    def test_underscores_are_hyphens(self):
        assert cli.parse(Arguments, "", [*REQUIRED, "--label-text", "x"]).label_text == "x"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ([], "the following arguments are required: --out, --seed"),
            (["--out", "a"], "the following arguments are required: --seed"),
            ([*REQUIRED, "--seed", "many"], "argument --seed: invalid int value: 'many'"),
            ([*REQUIRED, "--way", "left"], "argument --way: invalid choice: 'left'"),
            ([*REQUIRED, "--count", "0"], "argument --count: must be a whole number from 1 to 100, not '0'"),
            (
                [*REQUIRED, "--count", "101"],
                "argument --count: must be a whole number from 1 to 100, not '101'",
            ),
            ([*REQUIRED, "--count", "x"], "argument --count: must be a whole number from 1 to 100, not 'x'"),
            ([*REQUIRED, "--nothing"], "unrecognized arguments: --nothing"),
            ([*REQUIRED, "--oth", "c"], "unrecognized arguments: --oth c"),
        ],
    )
    def test_what_is_wrong_is_said_with_status_2(self, words, message, capsys):
        with pytest.raises(SystemExit) as end:
            cli.parse(Arguments, "", words)
        assert end.value.code == 2 and message in capsys.readouterr().err

    @pytest.mark.parametrize("count", [1, 100])
    def test_a_bounded_number_can_be_either_end(self, count):
        assert cli.parse(Arguments, "", [*REQUIRED, "--count", str(count)]).count == count

    def test_help_has_the_description_and_that_of_each_option(self, capsys):
        with pytest.raises(SystemExit) as end:
            cli.parse(Arguments, "What the step does.", ["--help"])
        text = capsys.readouterr().out
        assert end.value.code == 0
        assert all(
            words in text
            for words in ("What the step does.", "file to write", "up or down", "--files [PATH ...]")
        )

    def test_help_names_values_and_states_defaults(self, capsys):
        with pytest.raises(SystemExit):
            cli.parse(Positional, "", ["--help"])
        text = capsys.readouterr().out
        assert "[--count COUNT] [--out PATH] SENTENCE [PHOTOGRAPHS ...]" in text
        assert "number of results (default: 10)" in text and "file to write\n" in text


class TestRun:
    def test_a_message_for_the_user_is_one_block_and_status_2(self, capsys):
        def work():
            raise GxnError("a.h5: is damaged\nb.h5: too")

        with pytest.raises(SystemExit) as end:
            cli.run(work)
        assert end.value.code == 2
        assert capsys.readouterr().err == "error: a.h5: is damaged\nb.h5: too\n"

    def test_a_full_disk_is_a_message_too(self, capsys):
        def work():
            raise OSError(errno.ENOSPC, "No space left on device", "a.h5")

        with pytest.raises(SystemExit) as end:
            cli.run(work)
        assert end.value.code == 2
        assert capsys.readouterr().err.startswith("error: a.h5: cannot be written: No space left on device")

    def test_a_missing_right_is_a_message_too(self, capsys):
        def work():
            raise OSError(errno.EACCES, "Permission denied", "photos")

        with pytest.raises(SystemExit) as end:
            cli.run(work)
        message = "error: photos: Permission denied; give yourself the right to it and run again\n"
        assert (end.value.code, capsys.readouterr().err) == (2, message)

    @pytest.mark.parametrize(
        "error", [OSError(errno.EIO, "Input/output error"), ValueError("a fault of ours")]
    )
    def test_what_is_not_the_users_is_raised(self, error):
        def work():
            raise error

        with pytest.raises(type(error)):
            cli.run(work)


def test_a_command_calls_its_step_with_its_arguments(monkeypatch):
    seen = []

    def step(arguments: Arguments) -> None:
        seen.append(arguments)

    # the step's help is its module's docstring
    monkeypatch.setitem(sys.modules, step.__module__, SimpleNamespace(__doc__="Toy."))
    monkeypatch.setattr(sys, "argv", ["gxn toy", *REQUIRED])
    cli.command(step, Arguments)()
    assert seen == [Arguments(out=Path("a/b.txt"), seed=3)]


def test_a_warning_is_a_line_of_its_own(capsys):
    cli.warn("the model has collapsed")
    assert capsys.readouterr().err == "warning: the model has collapsed\n"


class TestProgress:
    @pytest.fixture
    def clock(self, monkeypatch):
        """Time goes on by four seconds whenever it is looked at."""
        ticks = count(0, 4)
        monkeypatch.setattr(cli.time, "monotonic", lambda: float(next(ticks)))

    def test_the_items_come_as_they_are(self):
        assert list(cli.progress("abc", 3, "letters")) == ["a", "b", "c"]

    def test_a_line_comes_every_ten_seconds_and_at_the_end(self, clock, capsys):
        list(cli.progress(range(7), 7, "things"))
        assert capsys.readouterr().out.splitlines() == [
            "things: 3/7, 12 s gone, about 16 s to go",
            "things: 6/7, 24 s gone, about 4 s to go",
            "things: 7/7, 28 s gone, about 0 s to go",
        ]

    def test_nothing_to_do_prints_nothing(self, capsys):
        assert list(cli.progress([], 0, "things")) == [] and capsys.readouterr().out == ""


def gxn(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["gxn", *words])
    cli.main()


class TestMain:
    @pytest.mark.parametrize("words", [["--help"], ["-h"], []])
    def test_help_is_no_error(self, monkeypatch, capsys, words):
        gxn(monkeypatch, *words)
        assert capsys.readouterr().out.startswith("usage: gxn STEP [OPTIONS]; gxn STEP --help; gxn --version")

    def test_help_has_a_line_for_each_step(self, monkeypatch, capsys):
        gxn(monkeypatch, "--help")
        steps = Path(cli.__file__).with_name("steps").glob("[!_]*.py")
        said = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
        assert sorted(said) == sorted(step.stem for step in steps)

    def test_every_step_says_in_its_first_line_what_it_does(self, monkeypatch, capsys):
        gxn(monkeypatch, "--help")
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
        assert lines and all(len(line.split()) > 3 and len(line) <= 140 for line in lines)

    @pytest.mark.parametrize("group", ["train", "table", "figure"])
    def test_steps_of_a_kind_stand_together(self, monkeypatch, capsys, group):
        gxn(monkeypatch, "--help")
        blocks = [block.split("\n") for block in capsys.readouterr().out.split("\n\n")[1:]]
        assert all(block[0].endswith(":") and not block[0].startswith(" ") for block in blocks)
        found = [
            {line.split()[0].partition("_")[0] for line in block[1:] if line.strip()} for block in blocks
        ]
        assert [names for names in found if group in names] == [{group}]

    def test_the_version_is_the_packages(self, monkeypatch, capsys):
        gxn(monkeypatch, "--version")
        assert capsys.readouterr().out == f"gxn {version('gxn')}\n"

    def test_an_unknown_step_is_an_error_with_those_there_are(self, monkeypatch):
        with pytest.raises(SystemExit, match="gxn: there is no step trian_ranking\n") as end:
            gxn(monkeypatch, "trian_ranking")
        assert "train_ranking" in str(end.value)

    @pytest.mark.parametrize("name", ["table_datasets", "table-datasets"])
    def test_a_step_is_found_with_underscores_or_hyphens(self, monkeypatch, capsys, name):
        with pytest.raises(SystemExit) as end:
            gxn(monkeypatch, name, "--help")
        assert end.value.code == 0 and "usage: gxn table_datasets" in capsys.readouterr().out

    def test_a_folder_with_other_code_of_the_package_is_refused(self, monkeypatch, tmp_path, capsys):
        (tmp_path / "src" / "gxn").mkdir(parents=True)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as end:
            gxn(monkeypatch, "table_datasets", "--help")
        running, here = Path(cli.__file__).parent.resolve(), (tmp_path / "src" / "gxn").resolve()
        assert end.value.code == 2
        assert f"gxn runs the code in {running}, not that in {here}; run `uv sync`" in capsys.readouterr().err

    def test_a_folder_without_code_is_not(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as end:
            gxn(monkeypatch, "table_datasets", "--help")
        assert end.value.code == 0
