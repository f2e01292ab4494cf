"""The step that counts n-grams."""

from gxn.datasets.tokens import read_tokens
from gxn.rewards.frequencies import build_frequencies, read_frequencies


def test_the_frequencies_are_those_of_the_training_split(data):
    train = read_tokens(data / "tokens.h5", "train")
    found, expected = read_frequencies(data / "frequencies.h5", train.vocabulary), build_frequencies(train)
    assert found.documents == expected.documents == 12
    assert len(found.ngrams) == len(expected.ngrams) > 100


def test_it_says_how_many_there_are(data, capsys):
    from gxn.steps.document_frequencies import Arguments, document_frequencies

    document_frequencies(Arguments(tokens=data / "tokens.h5", out=data / "f.h5"))
    assert "n-grams in the captions of 12 images" in capsys.readouterr().out
    assert (data / "f.h5").read_bytes() == (data / "frequencies.h5").read_bytes()
