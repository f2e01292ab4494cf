"""The step that says what a configuration takes."""

import shutil
from pathlib import Path

import pytest
from small import ROOT, config_files
from tiny import TINY

from gxn.errors import GxnError
from gxn.steps import estimate as module
from gxn.steps.estimate import Arguments, estimate


def test_the_dataset_and_the_table_are_printed(tmp_path, monkeypatch, capsys):
    from gxn.estimation.table import Line

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "measured", lambda config, counts: [Line("joint plain", seconds=60.0)])
    shutil.copy(ROOT / "params.yaml", tmp_path)
    _, mine = config_files(tmp_path, TINY, {"dataset": {"source": {"train": 50, "val": 2}}})
    estimate(Arguments(config=(mine,)))
    text = capsys.readouterr().out
    assert text.startswith("tiny: ") and " images, 250 training captions, 200 words (configured" in text
    assert "joint plain" in text and "all, one after another" in text


def test_the_defaults_may_be_named_or_not(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "measured", lambda config, counts: [])
    monkeypatch.setattr(module, "show", lambda lines: None)
    monkeypatch.chdir(ROOT)
    defaults, smoke = Path("params.yaml"), Path("config/smoke.yaml")
    said = []
    for config in ((), (defaults,), (smoke,), (defaults, smoke)):
        estimate(Arguments(config=config))
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != said[2] == said[3]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GxnError, match=r"has no params\.yaml; run this in the repository's folder"):
        estimate(Arguments())
