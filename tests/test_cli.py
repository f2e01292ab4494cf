"""The command gxn, and arguments that carry JSON."""

import argparse
import sys

import pytest

from gxn.cli import json_argument, main, names_argument


def test_names():
    assert names_argument('["vse0", "vsepp"]') == ["vse0", "vsepp"]


@pytest.mark.parametrize("text", ["5", '"ab"', '[["a"]]', '{"a": 1}', "null", "[1]"])
def test_what_is_no_list_of_names_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="must be a list of names"):
        names_argument(text)


@pytest.mark.parametrize("argument", [json_argument, names_argument])
def test_what_is_not_json_is_refused(argument):
    with pytest.raises(argparse.ArgumentTypeError, match="is not JSON"):
        argument("[vsepp]")


@pytest.mark.parametrize("words", [["--help"], ["-h"]])
def test_help_is_no_error(monkeypatch, capsys, words):
    monkeypatch.setattr(sys, "argv", ["gxn", *words])
    main()
    assert "usage: gxn STEP" in capsys.readouterr().out


def test_an_unknown_step_is(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gxn", "matsch"])
    with pytest.raises(SystemExit, match="there is no step matsch"):
        main()
