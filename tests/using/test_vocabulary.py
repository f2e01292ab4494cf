"""Sentences become the ids of known words; what is unknown is named."""

import pytest

from gxn.datasets.words import SPECIAL, UNK
from gxn.errors import GxnError
from gxn.using.vocabulary import Vocabulary

WORDS = Vocabulary((*SPECIAL, "a", "dog", "runs"), "words", 3)


def test_ids_of_words_padded():
    tokens, lengths = WORDS.encode(["A dog runs!", "dog"])
    assert tokens.tolist() == [[4, 5, 6], [5, 0, 0]] and lengths.tolist() == [3, 1]


def test_unknown_words_are_named_once_and_read_as_unknown():
    assert WORDS.unknown("A zebra, a dog, a ZEBRA and <unk>") == ["zebra", "and", "unk"]
    assert WORDS.encode(["a zebra"])[0].tolist() == [[4, UNK]]


def test_what_is_too_long_is_cut():
    assert WORDS.encode(["dog dog dog a a"])[0].tolist() == [[5, 5, 5]]


@pytest.mark.parametrize("sentence", ["zebra", "", "?!", "x y z dog"])
def test_a_sentence_without_a_known_word_is_refused(sentence):
    with pytest.raises(GxnError, match="none of its words is among the 3 of the vocabulary"):
        WORDS.encode([sentence])


def test_text_leaves_special_words_out():
    assert WORDS.text([1, 4, 5, 2, 0]) == "A dog."
