"""Caption metrics of the standard package."""

import pytest

from gxn.evaluation.captioning import caption_metrics

CAPTIONS = {1: "a red dog runs on the grass".split(), 2: "two cats sleep in a box".split()}


def test_a_caption_equal_to_its_reference_scores_all():
    found = caption_metrics(CAPTIONS, {image: [words] for image, words in CAPTIONS.items()})
    assert {name: round(found[name], 3) for name in ("bleu1", "bleu4", "rouge_l")} == {
        "bleu1": 100.0, "bleu4": 100.0, "rouge_l": 100.0,
    }  # fmt: skip


def test_words_alone_count_for_bleu1_and_not_for_bleu4():
    turned = {image: words[::-1] for image, words in CAPTIONS.items()}
    found = caption_metrics(turned, {image: [words] for image, words in CAPTIONS.items()})
    assert found["bleu1"] == pytest.approx(100.0) and found["bleu4"] < 1


def test_nothing_in_common_scores_nothing():
    found = caption_metrics(CAPTIONS, {1: [["u", "v", "w"]], 2: [["x", "y", "z"]]})
    assert found["cider"] < 1e-6 and found["bleu4"] < 1


def test_the_best_reference_counts_for_rouge():
    references = {1: [["x"], CAPTIONS[1]], 2: [CAPTIONS[2]]}
    assert caption_metrics(CAPTIONS, references)["rouge_l"] == pytest.approx(100.0)


def test_nothing_is_printed(capsys):
    caption_metrics(CAPTIONS, {image: [words] for image, words in CAPTIONS.items()})
    assert capsys.readouterr().out == ""
