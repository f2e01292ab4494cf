"""Measures of captions: answers by hand, the human line against pycocoevalcap, and real captions where present."""

import numpy as np
import pytest
from pycocoevalcap.cider.cider_scorer import CiderScorer

from gxn.datasets.tokens import Captions
from gxn.errors import GxnError
from gxn.evaluation import caption_measures as measures
from gxn.evaluation.caption_measures import (
    caption_measures,
    cider_d_columns,
    diversity,
    first_against_others,
    human_cider_d,
    meteor_columns,
)
from gxn.files import read_json
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies

EOS = 2


def test_diversity_by_hand() -> None:
    captions = [["a", "dog"], ["a", "dog"], ["a", "dog", "runs"], []]
    found = diversity(captions, [["a", "dog"], ["a"]])
    assert found["distinct_1"] == pytest.approx(3 / 7)  # a, dog, runs of seven words
    assert found["distinct_2"] == pytest.approx(2 / 4)  # a dog, dog runs of four pairs
    assert found["distinct"] == pytest.approx(75)
    assert found["novel"] == pytest.approx(50)  # a dog runs, and the empty caption
    assert found["length"] == pytest.approx(7 / 4)


def test_captions_that_are_all_alike() -> None:
    found = diversity([["a", "dog"]] * 100, [])
    assert found["distinct_1"] == pytest.approx(2 / 200) and found["distinct"] == pytest.approx(1)
    assert found["novel"] == 100
    assert diversity([[]], [[]])["distinct_1"] == diversity([[]], [[]])["novel"] == 0


def test_copies_of_a_reference_score_all() -> None:
    references = {3: [["a", "red", "dog", "runs"], ["x"]], 5: [["two", "cats", "sit", "there"]]}
    copies = {image: written[0] for image, written in references.items()}
    found = caption_measures(copies, references, [])
    assert found["bleu4"] == pytest.approx(100) and found["rouge_l"] == pytest.approx(100)
    empty = caption_measures({3: [], 5: []}, references, [])
    assert all(empty[name] == pytest.approx(0, abs=1e-3) for name in ("bleu1", "bleu4", "rouge_l", "cider"))


def test_the_first_caption_against_the_others() -> None:
    first, others = first_against_others({1: ["a", "b", "c"], 2: ["d"], 3: ["e", "f"]})
    assert first == {1: "a", 3: "e"} and others == {1: ["b", "c"], 3: ["f"]}


def written(rng: np.random.Generator, images: int = 30, words: int = 12) -> Captions:
    caption_image = np.repeat(np.arange(images), rng.integers(1, 5, images))
    lengths = rng.integers(1, 8, len(caption_image))
    tokens = rng.integers(4, words, lengths.sum()).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    names = tuple(map(str, range(words)))
    return Captions(tokens, offsets, np.arange(images), caption_image, np.arange(len(lengths)), names, "hash")


def test_human_cider_d_is_that_of_pycocoevalcap() -> None:
    captions = written(np.random.default_rng(1))
    frequencies = build_frequencies(captions)
    texts: dict[int, list[str]] = {}
    for caption, image in enumerate(captions.caption_image.tolist()):
        row = captions.tokens[captions.offsets[caption] : captions.offsets[caption + 1]]
        texts.setdefault(image, []).append(" ".join([*map(str, row), str(EOS)]))
    documents = CiderScorer()
    for several in texts.values():
        documents += (None, several)
    documents.compute_doc_freq()
    scores = []
    for first, *others in texts.values():
        if others:
            judged = CiderScorer(first, others)
            judged.document_frequency = documents.document_frequency
            judged.crefs = _Documents(judged.crefs, len(texts))
            scores.append(judged.compute_cider()[0])
    found = human_cider_d(captions, frequencies)
    assert found["cider_d"] == pytest.approx(np.mean(scores))
    assert 0 <= found["cider_d_chance"]


class _Documents(list):
    """A list that reports another length: the scorer takes the number of documents of its IDF from it."""

    def __init__(self, values: list, documents: int) -> None:
        super().__init__(values)
        self.documents = documents

    def __len__(self) -> int:
        return self.documents


def test_chance_is_the_mean_over_other_images() -> None:
    captions = written(np.random.default_rng(2), images=6)
    reward = CiderD(captions.tokens, captions.offsets, captions.caption_image, build_frequencies(captions))
    hypotheses = np.random.default_rng(3).integers(4, 12, (6, 5))
    pairs = np.array([reward.score(np.full(6, image), hypotheses) for image in range(6)])
    found = cider_d_columns(reward, hypotheses, 6)
    assert found["cider_d"] == pytest.approx(np.trace(pairs) / 6)
    # five shifts of six images are all of the others
    assert found["cider_d_chance"] == pytest.approx((pairs.sum() - np.trace(pairs)) / 30)
    assert "cider_d_chance" not in cider_d_columns(reward, hypotheses[:1], 1)


def test_meteor_by_name_or_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = {"human": ({0: ["a"]}, {0: [["a"]]}), "row": ({0: ["b"]}, {0: [["a"]]})}
    monkeypatch.setattr(measures, "meteor_scores", lambda given, limit: ([25.0, 20.0], ""))
    assert meteor_columns(sets) == ({"human": 25.0, "row": 20.0}, "")
    monkeypatch.setattr(measures, "meteor_scores", lambda given, limit: (None, "METEOR is left out: why"))
    assert meteor_columns(sets) == ({}, "METEOR is left out: why")


def test_human_line_of_real_captions(realdata) -> None:
    images = read_json(realdata / "flickr8k/dataset_flickr8k.json")["images"]
    tokens = {
        image["imgid"]: [sentence["tokens"] for sentence in image["sentences"]]
        for image in images
        if image["split"] == "test"
    }
    first, others = first_against_others(tokens)
    found = caption_measures(first, others, [])
    expected = {"bleu1": 63.6, "bleu2": 44.6, "bleu3": 30.5, "bleu4": 20.9, "rouge_l": 48.8, "cider": 78.9}
    assert {name: round(found[name], 1) for name in expected} == expected
    assert round(found["distinct_1"], 3) == 0.136 and round(found["distinct_2"], 3) == 0.474


def test_bad_input_is_named() -> None:
    with pytest.raises(GxnError, match="no captions"):
        diversity([], [])
    with pytest.raises(GxnError, match="no image has two captions"):
        first_against_others({1: ["a"]})
