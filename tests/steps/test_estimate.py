"""The step that says what a configuration takes."""

from small import config_files
from tiny import TINY

from gxn.steps import estimate as module
from gxn.steps.estimate import Arguments, estimate


def test_the_dataset_and_the_table_are_printed(tmp_path, monkeypatch, capsys):
    from gxn.estimation.table import Line

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "measured", lambda config, counts: [Line("joint plain", seconds=60.0)])
    estimate(Arguments(config=config_files(tmp_path, TINY, {"dataset": {"source": {"train": 50, "val": 2}}})))
    text = capsys.readouterr().out
    assert text.startswith("tiny: ") and " images, 250 training captions, 200 words (configured" in text
    assert "joint plain" in text and "all, one after another" in text
