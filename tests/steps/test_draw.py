"""gxn draw: a picture of the generator's size."""

from pathlib import Path

from PIL import Image

from gxn.steps.draw import Arguments, draw


def test_a_sentence_is_drawn_by_the_row_that_draws(trained, tmp_path, capsys):
    out = tmp_path / "drawing.png"
    draw(Arguments(sentence="two people", config=(Path("config/mine.yaml"),), out=out))
    with Image.open(out) as picture:
        assert picture.size == (16, 16) and picture.mode == "RGB"
    assert f"{out}: 16 x 16 pixels" in capsys.readouterr().out
