"""The step of the closed form."""

import pytest
from small import config_files
from tiny import TINY

from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.steps.cca import Arguments, cca

ROW = {"methods": {"cca": {"kind": "cca", "image_ridges": [1.0], "text_ridges": [1.0], "dims": [2, 4]}}}


def embedded(data, name="cca", out="e.h5"):
    cca(
        Arguments(
            config=config_files(data / "config", TINY, ROW),
            name=name,
            features=data / "features.h5",
            tokens=data / "tokens.h5",
            out=data / out,
        )
    )
    return read_embeddings(data / out)


def test_the_test_split_is_embedded_in_one_space(data):
    found = embedded(data)
    assert (found.spaces, found.similarity, found.split) == (["cca"], "cosine", "test")
    assert found.images[0].shape[1] in (2, 4) and len(found.texts[0]) == 18


def test_the_same_data_give_the_same_bytes(data):
    embedded(data, out="a.h5")
    embedded(data, out="b.h5")
    assert (data / "a.h5").read_bytes() == (data / "b.h5").read_bytes()


def test_it_says_what_validation_chose(data, capsys):
    embedded(data)
    assert "chosen: " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["plain", "nothing"])
def test_a_row_of_another_kind_is_refused(data, name):
    with pytest.raises(GxnError, match=rf"^methods\.{name}: there is no such row of kind cca$"):
        embedded(data, name)
