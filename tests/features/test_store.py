"""Features are joined by image id and checked on the way in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxn import hdf5
from gxn.errors import GxnError
from gxn.features.store import read_features
from gxn.hdf5 import create_hdf5

COUNT = 50


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "features.h5"
    ids = np.random.default_rng(0).permutation(COUNT) * 7
    with create_hdf5(path, {}) as file:
        file["features"] = np.repeat(ids[:, None], 3, 1).astype(np.float16)
        file["imgid"] = ids
    return path


@given(wanted=st.lists(st.integers(0, COUNT - 1)), block=st.integers(1, 60))
def test_rows_follow_the_ids_asked_for(stored, wanted, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hdf5, "BLOCK", block)
        features = read_features(stored, np.array(wanted, dtype=np.int64) * 7)
    assert features.dtype == np.float32 and features.shape == (len(wanted), 3)
    assert (features[:, 0] == np.array(wanted) * 7).all()


def test_a_missing_image_is_named(stored):
    with pytest.raises(GxnError, match=r"features.h5: imgid 8 is missing \(1 of 2\)"):
        read_features(stored, np.array([7, 8]))


@pytest.mark.parametrize(
    ("features", "imgid", "message"),
    [
        (np.array([[1.0], [np.nan]]), [4, 6], "image 6 are not finite"),
        (np.array([[1.0], [np.inf]]), [4, 6], "image 6 are not finite"),
        (np.zeros((3, 1)), [4, 6], "a row per imgid"),
        (np.zeros((2, 1), int), [4, 6], "of floats in 2 dimensions"),
        (np.zeros((2, 1)), [4, 4], "twice"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, features, imgid, message):
    with create_hdf5(tmp_path / "f.h5", {}) as file:
        file["features"], file["imgid"] = features, np.array(imgid)
    with pytest.raises(GxnError, match=message):
        read_features(tmp_path / "f.h5", np.array([4, 6]))


def test_a_missing_or_cut_file_is_refused(tmp_path, stored):
    with pytest.raises(GxnError, match=r"none.h5: cannot be read: No such file"):
        read_features(tmp_path / "none.h5", np.array([1]))
    (tmp_path / "cut.h5").write_bytes(stored.read_bytes()[:300])
    with pytest.raises(GxnError, match=r"cut.h5: is damaged"):
        read_features(tmp_path / "cut.h5", np.array([1]))
