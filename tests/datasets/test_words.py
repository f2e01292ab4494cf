"""The special words."""

from gxn.datasets.words import EOS, PAD, SPECIAL, UNK


def test_the_special_words_stand_at_their_ids():
    assert (SPECIAL[PAD], SPECIAL[EOS], SPECIAL[UNK]) == ("<pad>", "<eos>", "<unk>")


def test_padding_is_zero():
    assert PAD == 0
