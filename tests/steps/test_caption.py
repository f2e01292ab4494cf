"""gxn caption: a line for each photograph, and a warning where the decoder has collapsed."""

from pathlib import Path

from gxn.files import write_json
from gxn.steps.caption import Arguments, caption

PHOTOS = (Path("photos/3.png"), Path("photos/4.png"))


def test_a_caption_for_each_photograph_by_the_row_that_captions(trained, capsys):
    caption(Arguments(photographs=PHOTOS, config=(Path("config/mine.yaml"),)))
    said = capsys.readouterr()
    assert [line.split("\t")[0] for line in said.out.splitlines()] == ["photos/3.png", "photos/4.png"]
    assert "row both" in said.err and "warning" not in said.err


def test_a_collapsed_decoder_is_said(trained, capsys):
    path = trained / "results/tiny/imagined/both/seed3.json"
    write_json(
        path, {"warnings": ["the decoder's captions are nearly all alike", "the generator is at chance"]}
    )
    try:
        caption(Arguments(photographs=PHOTOS, config=(Path("config/mine.yaml"),)))
    finally:
        path.unlink()
    said = capsys.readouterr().err
    assert "warning: the decoder's captions are nearly all alike" in said and "at chance" not in said
