"""Content of the grids: queries by rule, what a run found for them, and what it imagined."""

import json

import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.ranks import ranks
from gxn.hdf5 import create_hdf5
from gxn.reporting.queries import (
    caption_queries,
    choose,
    has_collapsed,
    image_queries,
    read_drawn,
    read_sentences,
    read_spoken,
)
from gxn.similarities import SIMILARITIES

ROWS, BEST = 5, 5


@pytest.fixture
def one(results):
    return read_embeddings(results.folder / "embeddings/vse0/seed0.h5")


def ranked(one):
    return ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights)


class TestChoice:
    def test_queries_run_from_easy_to_hard(self, one):
        chosen = [each.rank for each in caption_queries(one, ranked(one).t2i, ROWS, BEST, None)]
        assert chosen == sorted(chosen)

    def test_one_is_of_each_fifth_of_all(self, one):
        found = ranked(one).t2i
        chosen = caption_queries(one, found, ROWS, BEST, None)
        fifths = np.quantile(found, [0.3, 0.7])
        assert chosen[0].rank <= fifths[0] and chosen[-1].rank >= fifths[1]

    def test_ranks_are_those_of_the_queries(self, one):
        found = ranked(one).t2i
        chosen = caption_queries(one, found, ROWS, BEST, None)
        assert [each.rank for each in chosen] == found[[each.query for each in chosen]].tolist()

    def test_no_two_are_of_one_image(self, one):
        chosen = caption_queries(one, ranked(one).t2i, ROWS, BEST, None)
        assert len({one.caption_image[each.query] for each in chosen}) == ROWS

    def test_nobody_picks_them(self, one):
        found = ranked(one).t2i
        assert caption_queries(one, found, ROWS, BEST, None) == caption_queries(one, found, ROWS, BEST, None)

    def test_only_captions_that_were_drawn_are_asked(self, one):
        drawn = one.sentid[::17]
        chosen = caption_queries(one, np.arange(1.0, len(one.sentid) + 1), ROWS, BEST, drawn)
        assert len(chosen) == ROWS and all(one.sentid[each.query] in drawn for each in chosen)

    def test_fewer_queries_than_rows_are_all_shown(self):
        ids = np.arange(3)
        assert choose(np.array([3.0, 1.0, np.nan]), ids, ids, ROWS) == [1, 0]

    def test_equal_ranks_are_ordered_by_ids_and_not_by_rows(self):
        ids = np.array([5, 6, 7, 8])
        order = np.array([2, 0, 3, 1])
        first = ids[choose(np.ones(4), ids, ids, 4)]
        assert ids[order][choose(np.ones(4), ids[order], ids[order], 4)].tolist() == first.tolist()


@pytest.mark.parametrize("similarity", SIMILARITIES)
class TestBest:
    """The true answer stands where its rank says."""

    @pytest.fixture
    def one(self, results, similarity):
        found = read_embeddings(results.folder / "embeddings/two_space/seed0.h5")
        object.__setattr__(found, "similarity", similarity)
        return found

    def test_among_images(self, one):
        for each in caption_queries(one, ranked(one).t2i, 20, BEST, None):
            place = each.best.index(one.caption_image[each.query]) + 1 if each.rank <= BEST else 0
            assert place == (each.rank if each.rank <= BEST else 0)

    def test_among_captions(self, one):
        for each in image_queries(one, ranked(one).i2t, 20, BEST):
            right = [one.caption_image[row] == each.query for row in each.best]
            assert (right.index(True) + 1 if any(right) else BEST + 1) == min(each.rank, BEST + 1)


class TestSentences:
    def test_they_are_captions_as_written_in_the_order_asked_for(self, results):
        images = json.loads((results.folder / "captions.json").read_text())["images"]
        asked = [images[3]["sentences"][1], images[0]["sentences"][0]]
        ids = np.array([each["sentid"] for each in asked])
        expected = [each["raw"] for each in asked]
        assert read_sentences(results.folder / "captions.json", ids) == expected

    def test_a_missing_one_is_named(self, results):
        with pytest.raises(GxnError, match=r"captions\.json: sentid 99999 is missing"):
            read_sentences(results.folder / "captions.json", np.array([99999]))


class TestImagined:
    def test_captions_are_joined_by_image(self, results):
        found = read_spoken(results.folder / "imagined.json", np.array([14, 7]))
        assert [text.split()[-1] for text in found] == ["14.", "7."] and found[0].startswith("A red disc")

    @pytest.mark.parametrize("content", [None, "{}", '{"captions": {}}', '{"metrics": {}}'])
    def test_a_run_without_captions_has_none(self, tmp_path, content):
        path = tmp_path / "i.json"
        if content is not None:
            path.write_text(content)
        assert read_spoken(path if content is not None else None, np.arange(3)) is None

    def test_a_missing_caption_is_named(self, tmp_path):
        (tmp_path / "i.json").write_text('{"captions": {"1": "a"}}')
        with pytest.raises(GxnError, match=r"i\.json: has no imagined caption for image 2$"):
            read_spoken(tmp_path / "i.json", np.array([1, 2]))

    @pytest.mark.parametrize("content", ['{"captions": [1]}', "[1]", '{"captions": 5}'])
    def test_captions_of_another_form_are_refused(self, tmp_path, content):
        (tmp_path / "i.json").write_text(content)
        with pytest.raises(GxnError, match=r"i\.json: its captions are not a mapping of image ids"):
            read_spoken(tmp_path / "i.json", np.array([1]))

    def test_drawings_stand_upright_with_their_sentences(self, results):
        images, sentid = read_drawn(results.folder / "imagined.h5")
        assert images.shape == (120, 64, 64, 3) and len(sentid) == 120

    def test_a_run_without_drawings_has_none(self, tmp_path):
        with create_hdf5(tmp_path / "i.h5", {}):
            pass
        assert read_drawn(tmp_path / "i.h5") is None and read_drawn(None) is None

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 3, 8, 8), "2 images, 3 sentid; run the step imagine again"),
            ((3, 1, 8, 8), r"images are \(3, 1, 8, 8\)"),
        ],
    )
    def test_drawings_of_another_shape_are_refused(self, tmp_path, shape, message):
        with create_hdf5(tmp_path / "i.h5", {}) as file:
            file["images"], file["sentid"] = np.zeros(shape, np.uint8), np.arange(3)
        with pytest.raises(GxnError, match=rf"i\.h5: {message}"):
            read_drawn(tmp_path / "i.h5")


def test_a_warning_names_the_network_that_collapsed(tmp_path):
    path = tmp_path / "seed0.json"
    path.write_text(json.dumps({"warnings": ["the generator is at chance"]}))
    assert has_collapsed(path, "generator") and not has_collapsed(path, "decoder")
    path.write_text("{}")
    assert not has_collapsed(path, "generator") and not has_collapsed(None, "generator")
