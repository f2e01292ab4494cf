"""Captions are parted as Karpathy parted his, or into characters, in time that grows with their length alone."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxn.datasets import karpathy
from gxn.datasets.tokenisers import characters, nfc, propose, spaceless_share, tokeniser, words
from gxn.errors import GxnError

CHINESE = ["一只棕色的狗在雪地里奔跑。", "两个孩子在公园里玩耍，旁边有一棵大树。"]
JAPANESE = ["茶色の犬が雪の中を走っている。", "テーブルに二人の人が座っている。"]
THAI = ["สุนัขสีน้ำตาลกำลังวิ่งอยู่บนหิมะ", "เด็กสองคนกำลังเล่นอยู่ในสวนสาธารณะ"]
ENGLISH = ["A brown dog runs in the snow.", "Two children play."]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("A man in a red T-shirt .", ["a", "man", "in", "a", "red", "tshirt"]),
        ("Cafe\u0301 au lait — 3 €", ["café", "au", "lait", "3"]),
        ("a\u00a0dog\u2028ran\u200b\tby", ["a", "dog", "ran", "by"]),
        ("犬 と 猫。", ["犬", "と", "猫"]),
        ("犬と猫", ["犬と猫"]),
        (" ... !\n", []),
    ],
)
def test_words(text, tokens):
    assert words(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("一只Dog在 跑。3岁", ["一", "只", "dog", "在", "跑", "3", "岁"]),
        ("スーパーで、", ["ス", "ー", "パ", "ー", "で"]),
        ("น้ำตาล", ["น้", "ำ", "ต", "า", "ล"]),
        ("か\u3099き", ["が", "き"]),
        ("A café-dog", ["a", "cafédog"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("。！", []),
    ],
)
def test_characters(text, tokens):
    assert characters(text) == tokens


@given(st.text())
def test_words_are_those_of_the_definition(text):
    assert words(text) == karpathy.tokenise(text)


@given(st.text(alphabet=st.sampled_from("a é\u0301犬かがน้ำ\u3099. \n")))
def test_characters_lose_nothing_that_words_keep(text):
    assert "".join(characters(text)) == "".join(words(text))


def test_tokens_of_real_captions_are_those_given(realdata):
    images = json.loads((realdata / "flickr8k/dataset_flickr8k.json").read_text())["images"]
    sentences = [sentence for image in images for sentence in image["sentences"]]
    assert all(words(sentence["raw"]) == sentence["tokens"] for sentence in sentences)
    assert propose([sentence["raw"] for sentence in sentences]) == "words"


@pytest.mark.parametrize(
    ("sentences", "proposed"),
    [
        (CHINESE, "characters"),
        (JAPANESE, "characters"),
        (THAI, "characters"),
        (ENGLISH, "words"),
        (["갈색 개가 눈밭을 달리고 있다", "두 아이가 공원에서 놀고 있다"], "words"),
        (["一 只 棕色 的 狗 在 雪地 里 奔跑", "两 个 孩子 在 公园 里 玩耍"], "words"),
        (["สุนัข สีน้ำตาล กำลัง วิ่ง อยู่ บน หิมะ"], "words"),
        ([*CHINESE, *ENGLISH, *ENGLISH], "words"),
        ([*CHINESE, "A dog."], "characters"),
        ([], "words"),
    ],
)
def test_the_tokeniser_is_proposed_by_how_sentences_are_written(sentences, proposed):
    assert propose(sentences) == proposed
    assert tokeniser(proposed) in (words, characters)


def test_a_sample_at_even_distances_is_enough():
    assert spaceless_share([*CHINESE * 30_000, *ENGLISH * 10_000]) == pytest.approx(0.75, abs=1e-3)


@given(st.text())
def test_nfc_is_unicodes(text):
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_runs_of_marks_take_no_quadratic_time():
    """40 s for each of these texts by Unicode's algorithm, which sorts the marks one by one."""
    for text in ("a" + "\u0301\u0316" * 100_000, "a" + "\u0301" * 100_000 + "\u0316" * 100_000):
        assert len(nfc(text)) <= 31
        assert len(words(text)) == 1


def test_an_unknown_tokeniser_is_refused():
    with pytest.raises(GxnError, match=r"tokeniser: must be words or characters, not 'bpe'"):
        tokeniser("bpe")
