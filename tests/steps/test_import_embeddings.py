"""The step that takes over embeddings of another program."""

import numpy as np
import pytest
from small import config_files
from tiny import TINY

from gxn.datasets.tokens import read_tokens
from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.provenance import data_of
from gxn.steps.import_embeddings import Arguments, import_embeddings


@pytest.fixture
def imported(data):
    """Import the embeddings of a file, made up, of which `changes` take the place."""

    def call(**changes):
        test, random = read_tokens(data / "tokens.h5", "test"), np.random.default_rng(0)
        arrays = {
            "image": random.standard_normal((6, 5)).astype(np.float32),
            "caption": random.standard_normal((18, 5)).astype(np.float32),
            "imgid": test.imgid[::-1].copy(),
            "sentid": test.sentid[::-1].copy(),
            "similarity": np.array("cosine"),
        }
        np.savez(data / "clip.npz", **arrays | changes)
        import_embeddings(
            Arguments(
                config=config_files(data / "config", TINY),
                file=data / "clip.npz",
                features=data / "features.h5",
                tokens=data / "tokens.h5",
                out=data / "e.h5",
            )
        )
        return read_embeddings(data / "e.h5"), arrays

    return call


def test_rows_are_joined_by_id(imported, data):
    found, arrays = imported()
    assert found.imgid.tolist() == read_tokens(data / "tokens.h5", "test").imgid.tolist()
    unit = arrays["image"][::-1] / np.linalg.norm(arrays["image"][::-1], axis=1, keepdims=True)
    np.testing.assert_allclose(found.images[0], unit, atol=1e-6)


def test_it_is_of_the_rows_data_and_has_no_seed(imported, data):
    made = imported()[0].provenance
    assert made["data"] == data_of(data / "features.h5", data / "tokens.h5") and made["seed"] is None


def test_an_image_that_is_missing_is_named(imported):
    with pytest.raises(GxnError, match=r"clip\.npz: imgid \d+ is missing"):
        imported(imgid=np.arange(6))
