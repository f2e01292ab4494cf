"""The option --config of steps, and the configuration behind it."""

import pytest
from small import ROOT

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.errors import GxnError


def test_the_files_are_laid_over_one_another(tmp_path):
    (tmp_path / "mine.yaml").write_text("threads: 2\n")
    words = ["--config", str(ROOT / "params.yaml"), str(tmp_path / "mine.yaml")]
    assert cli.parse(Configured, "", words).configuration.threads == 2


def test_they_are_read_once():
    arguments = Configured(config=(ROOT / "params.yaml",))
    assert arguments.configuration is arguments.configuration


def test_they_are_read_only_when_asked_for(tmp_path):
    arguments = Configured(config=(tmp_path / "missing.yaml",))
    with pytest.raises(GxnError, match=r"missing\.yaml: there is no such file"):
        _ = arguments.configuration


def test_the_option_is_required(capsys):
    with pytest.raises(SystemExit):
        cli.parse(Configured, "", [])
    assert "required: --config" in capsys.readouterr().err
