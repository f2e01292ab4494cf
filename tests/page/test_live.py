"""Questions to a tiny trained row, against its own scores."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gxn.errors import GxnError
from gxn.page.collection import BEST
from gxn.page.live import Live


def test_a_caption_of_the_collection_has_its_rank_and_its_picture_marked(asked):
    collection = asked.site.collection
    row, caption = collection.rows[0], 4
    found = asked.live.search(collection.sentences[caption])
    (one,) = found["found"]
    assert one.row is row and [picture.imgid for picture in found["own"]] == [102]
    assert one.rank == f"{row.ranks.t2i[caption]:g}"
    assert [hit.picture.imgid - 100 for hit in one.hits] == row.best_images[caption].tolist()
    assert [hit.true for hit in one.hits] == [place == 2 for place in row.best_images[caption]]


def test_scores_are_those_of_the_row_and_fall(asked):
    (one,) = asked.live.search("w1 w2")["found"]
    scores = [float(hit.score.replace("−", "-")) for hit in one.hits]
    assert len(scores) == BEST and scores == sorted(scores, reverse=True)
    index = asked.model.index_images(asked.pictures)
    assert scores == pytest.approx(
        [each.score for each in asked.model.search("w1 w2", index, BEST)], abs=6e-4
    )


def test_a_sentence_that_is_no_caption_has_no_rank_and_unknown_words_are_named(asked):
    found = asked.live.search("w1 w2 zebra")
    assert found["own"] == [] and found["unknown"] == ["zebra"]
    assert found["found"][0].rank == "" and not any(hit.true for hit in found["found"][0].hits)


def test_a_sentence_without_a_known_word_is_refused(asked):
    with pytest.raises(GxnError, match="none of its words is among"):
        asked.live.search("zebra <b>")


def test_a_row_that_draws_draws_the_sentence(asked):
    ((row, source),) = asked.live.search("w1 w2")["drawn"]
    assert row.key == "near" and source.startswith("data:image/webp;base64,")
    assert source != asked.live.search("w7 w5 w3")["drawn"][0][1]


def test_a_picture_of_the_collection_is_recognised_and_its_captions_are_marked(asked):
    found, row = asked.live.look(asked.pictures[3]), asked.site.collection.rows[0]
    (one,) = found["found"]
    assert found["same"].imgid == 103 and one.rank == f"{row.ranks.i2t[3]:g}"
    assert [hit.true for hit in one.hits] == [
        hit.text in asked.site.collection.sentences[6:8] for hit in one.hits
    ]


def test_what_a_row_says_of_a_picture_is_its_own_caption(asked):
    ((row, text),) = asked.live.look(asked.pictures[1])["spoken"]
    assert row.key == "near" and text == asked.model.caption([asked.pictures[1]])[0]


def test_a_picture_with_one_other_pixel_is_another_picture(asked, tmp_path):
    pixels = np.array(Image.open(asked.pictures[3]))
    pixels[0, 0] += 1
    Image.fromarray(pixels).save(tmp_path / "other.png")
    found = asked.live.look(tmp_path / "other.png")
    assert found["same"] is None and found["found"][0].rank == ""


def test_a_row_of_ready_features_cannot_look(asked):
    live = Live(asked.site.views, {"near": replace(asked.model, photographs=None)})
    with pytest.raises(GxnError, match="Row Near was trained on precomputed features"):
        live.look(asked.pictures[0])
