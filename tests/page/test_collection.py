"""Collections opened from result files."""

import h5py
import numpy as np
import pytest
from pages import made_collection

from gxn.datasets.sentences import written
from gxn.errors import GxnError
from gxn.files import read_json, write_json
from gxn.hdf5 import seal
from gxn.page.collection import open_collection
from gxn.reporting.rows import RowName

ROWS = {"vse0": RowName("VSE0", "#123456"), "gxn_i2t_t2i": RowName("Both")}


def arguments(results, tmp_path, **changes):
    """Arguments of `open_collection` for made results, with an imagined file that names its row."""
    imagined = tmp_path / "imagined.json"
    content = read_json(results.folder / "imagined.json")
    write_json(imagined, content | {"method": "gxn_i2t_t2i", "warnings": ["alike"]})
    return {
        "dataset": "scenes",
        "captions": results.folder / "captions.json",
        "images": results.folder / "images.h5",
        "rows": ROWS,
        "embeddings": [results.folder / f"embeddings/{row}/seed0.h5" for row in ROWS],
        "imagined": [imagined],
        "drawings": [results.folder / "imagined.h5"],
    } | changes


def test_rows_have_their_names_colours_and_what_they_imagined(results, tmp_path):
    opened = open_collection(**arguments(results, tmp_path))
    assert [(row.key, row.label) for row in opened.rows] == [("vse0", "VSE0"), ("gxn_i2t_t2i", "Both")]
    assert opened.rows[0].colour == "#123456" and opened.rows[1].colour.startswith("#")
    assert opened.rows[0].imagined is None
    both = opened.rows[1].imagined
    assert both.captions[0] == "A red disc stands at the left, number 0." and both.warnings == ["alike"]
    with h5py.File(results.folder / "imagined.h5") as file:
        assert np.array_equal(both.drawings[int(file["sentid"][3])], file["images"][3].transpose(1, 2, 0))


def test_ranks_are_those_that_were_evaluated(results, tmp_path):
    opened = open_collection(**arguments(results, tmp_path))
    with h5py.File(results.folder / "ranks/vse0/seed0.h5") as file:
        assert np.array_equal(opened.rows[0].ranks.t2i, file["full/t2i"][:])
        assert np.array_equal(opened.rows[0].ranks.i2t, file["full/i2t"][:])


def test_captions_belong_to_their_images(results, tmp_path):
    given = {each["imgid"]: each for each in read_json(results.folder / "captions.json")["images"]}
    opened = open_collection(**arguments(results, tmp_path))
    for place, record in enumerate(opened.records):
        own = [opened.sentences[caption] for caption in opened.captions_of[place]]
        raw = {sentence["sentid"]: written(sentence["raw"]) for sentence in given[record.imgid]["sentences"]}
        assert own == [raw[sentence.sentid] for sentence in record.sentences]
        assert opened.place[record.imgid] == place


def test_pictures_are_sorted_from_easy_to_hard():
    one = made_collection(rows=("far",))
    row = one.rows[0]
    hard = [np.log(row.ranks.i2t[at]) + np.log(row.ranks.t2i[2 * at : 2 * at + 2]).mean() for at in range(6)]
    assert one.by_difficulty == np.argsort(hard, kind="stable").tolist()


def test_files_of_other_queries_are_refused(results, tmp_path):
    other = tmp_path / "seed0.h5"
    other.write_bytes((results.folder / "embeddings/vse0/seed0.h5").read_bytes())
    with h5py.File(other, "r+") as file:
        file["sentid"][0] = 10_000
    seal(other)
    paths = [results.folder / "embeddings/vse0/seed0.h5", other]
    with pytest.raises(GxnError, match=r"seed0.h5: its queries \(sentid\) are not those of"):
        open_collection(**arguments(results, tmp_path, embeddings=paths))


def test_a_row_without_embeddings_is_refused(results, tmp_path):
    with pytest.raises(GxnError, match="2 rows need as many files of embeddings"):
        open_collection(**arguments(results, tmp_path, embeddings=[]))


@pytest.mark.parametrize("content", [[], {"captions": {}}, {"method": "a", "captions": {"x": "y"}}])
def test_a_file_that_imagined_nothing_is_refused(results, tmp_path, content):
    path = tmp_path / "other.json"
    write_json(path, content)
    with pytest.raises(GxnError, match=r"other.json: is not a file of the step imagine"):
        open_collection(**arguments(results, tmp_path, imagined=[path]))
