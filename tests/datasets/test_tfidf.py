"""TF-IDF bags against the formula, caption by caption."""

import math

import numpy as np
import pytest

from gxn.datasets.tfidf import fit_tfidf

CAPTIONS = [[3, 4, 3], [4, 5, 1], [6], [3, 3, 3, 5], [1, 1]]  # 1 is the unknown word


def flat(captions):
    return np.array([word for each in captions for word in each]), np.cumsum([0, *map(len, captions)])


def by_hand(captions, words, training):
    rows = np.zeros((len(captions), len(words)))
    for row, caption in enumerate(captions):
        for column, word in enumerate(words):
            frequency = sum(word in each for each in training)
            idf = math.log((len(training) + 1) / (frequency + 1)) + 1
            if word in caption:
                rows[row, column] = (1 + math.log(caption.count(word))) * idf
        length = math.sqrt((rows[row] ** 2).sum())
        rows[row] /= length or 1
    return rows


def test_weights_are_the_formula():
    model = fit_tfidf(*flat(CAPTIONS), first_word=3, max_words=9)
    bags = model.bags(*flat(CAPTIONS))
    assert model.word.tolist() == [3, 4, 5, 6]
    assert bags.dense() == pytest.approx(by_hand(CAPTIONS, [3, 4, 5, 6], CAPTIONS), abs=1e-15)
    assert not bags.dense()[4].any()  # nothing but unknown words


def test_new_captions_get_the_weights_of_the_training_captions():
    model = fit_tfidf(*flat(CAPTIONS), first_word=3, max_words=9)
    new = [[5, 9, 4, 5], [9]]
    assert model.bags(*flat(new)).dense() == pytest.approx(by_hand(new, [3, 4, 5, 6], CAPTIONS), abs=1e-15)


def test_the_most_frequent_words_stay_and_of_equals_the_first():
    assert fit_tfidf(*flat(CAPTIONS), first_word=3, max_words=2).word.tolist() == [3, 4]
    assert fit_tfidf(*flat(CAPTIONS), first_word=3, max_words=3).word.tolist() == [3, 4, 5]


def test_rows_are_a_slice():
    bags = fit_tfidf(*flat(CAPTIONS), first_word=3, max_words=9).bags(*flat(CAPTIONS))
    assert np.array_equal(bags.rows(1, 3).dense(), bags.dense()[1:3])


def test_products_and_second_moments_are_those_of_the_dense_rows():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 9, 2500)
    tokens, offsets = rng.integers(1, 30, lengths.sum()), np.cumsum([0, *lengths])
    bags = fit_tfidf(tokens, offsets, first_word=3, max_words=25).bags(tokens, offsets)
    dense, matrix = bags.dense(), rng.normal(size=(25, 4))
    assert bags.times(matrix) == pytest.approx(dense @ matrix, abs=1e-12)
    assert bags.second_moment() == pytest.approx(dense.T @ dense, abs=1e-9)
