"""The settings, code and inputs that made a file."""

from importlib.metadata import version

import numpy as np
import pytest

from gxn.provenance import LIBRARIES, data_of, provenance

EARLIER = {"provenance": {"config": "a" * 64}}


def test_seed_data_and_versions_stand_in_it():
    found = provenance({"a": 1}, "data", 3)
    assert (found["seed"], found["data"]) == (3, "data")
    assert found["versions"] == {name: version(name) for name in LIBRARIES}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (provenance({"b": 2, "a": 1}, "d", 0), True),
        (provenance({"a": 1, "b": 3}, "d", 0), False),
        (provenance({"a": 1, "b": 2}, "d", 0, [EARLIER]), False),
    ],
)
def test_the_configuration_is_told_by_its_hash(other, same):
    assert (provenance({"a": 1, "b": 2}, "d", 0)["config"] == other["config"]) == same


def test_the_order_of_earlier_stages_counts():
    later = {"provenance": {"config": "b" * 64}}
    found = [provenance({}, "d", 0, before)["config"] for before in ([EARLIER, later], [later, EARLIER])]
    assert found[0] != found[1]


@pytest.mark.parametrize("changed", ["features", "tokens"])
def test_only_the_same_files_are_the_same_data(tmp_path, changed):
    for name in ("features", "tokens"):
        (tmp_path / name).write_bytes(np.arange(3).tobytes())
    before = data_of(tmp_path / "features", tmp_path / "tokens")
    (tmp_path / changed).write_bytes(b"other")
    assert data_of(tmp_path / "features", tmp_path / "tokens") != before


def test_files_count_and_not_their_names(tmp_path):
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).write_text("x" if name in "ac" else "y")
    assert data_of(tmp_path / "a", tmp_path / "b") == data_of(tmp_path / "c", tmp_path / "d")
