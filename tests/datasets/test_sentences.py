"""Captions as they were written, and decoded words as sentences."""

import json

import pytest

from gxn.datasets.sentences import read_texts, readable, written
from gxn.errors import GxnError


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("A dog runs.", "A dog runs."),
        ("A dog runs .", "A dog runs."),
        ("A dog , a big one , runs .", "A dog, a big one, runs."),
        ("  Two\tlines\r\nof text ", "Two lines of text"),
        ("It costs .50 and 3 . 5", "It costs .50 and 3. 5"),
        ("Was für ein Hund ! Un chien ?", "Was für ein Hund ! Un chien ?"),
        (". . .", "..."),
        ("caf\u0065\u0301 \u0000now", "caf\u00e9 now"),
        ("一只狗 。", "一只狗 。"),
    ],
)
def test_a_caption_is_shown_as_it_was_written(raw, shown):
    assert written(raw) == shown == written(shown)


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        ("a dog runs", "A dog runs."),
        ("a dog , it seems , runs .", "A dog, it seems, runs."),
        ("10 dogs", "10 dogs."),
        ("ärzte", "Ärzte."),
        ("", ""),
        ("一 只 dog 在 跑", "一只 dog 在跑\u3002"),
        ("犬 が いる", "犬がいる\u3002"),
        ("สุ นั ข", "สุนัข"),
    ],
)
def test_tokens_become_a_sentence(tokens, sentence):
    assert readable(tokens.split()) == sentence


def captions(tmp_path, *sentences):
    path = tmp_path / "captions.json"
    path.write_text(json.dumps({"images": [{"sentences": list(sentences)}]}))
    return path


def test_texts_of_a_file_are_by_sentence_and_as_written_where_that_is_known(tmp_path):
    given = [{"sentid": 3, "tokens": ["a", "dog"], "raw": "A DOG !"}, {"sentid": 1, "tokens": ["a", "cat"]}]
    given += [{"sentid": 2, "tokens": ["a", "cow"], "raw": " "}]
    assert read_texts(captions(tmp_path, *given)) == {3: "A DOG !", 1: "A cat.", 2: "A cow."}


@pytest.mark.parametrize(
    "sentence", [{}, {"sentid": 1}, {"sentid": "x", "raw": "a"}, {"sentid": 1, "raw": 5}]
)
def test_another_layout_is_refused(tmp_path, sentence):
    with pytest.raises(
        GxnError, match=r"captions.json: is not a captions.json of this package \(.*make it with"
    ):
        read_texts(captions(tmp_path, sentence))
