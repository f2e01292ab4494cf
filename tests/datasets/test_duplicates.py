"""Equal files and equal keys are found, and groups that share a member become one."""

import collections
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxn.datasets.duplicates import equal_files, equal_keys, joined
from gxn.errors import GxnError


def test_equal_files_are_those_of_equal_bytes(tmp_path):
    """Oracle: all bytes. Files differ in size, at an end or in the middle only."""
    data = [b"", b"", b"a", b"b", b"a", b"a" * 20_000, b"a" * 9_999 + b"b" + b"a" * 10_000, b"a" * 20_000]
    paths = [tmp_path / str(at) for at in range(len(data))]
    for path, each in zip(paths, data, strict=True):
        path.write_bytes(each)
    wanted = collections.defaultdict(list)
    for at, each in enumerate(data):
        wanted[each].append(at)
    # empty files are not images, so they are not equal images either
    assert equal_files(paths) == [group for each, group in wanted.items() if each and len(group) > 1]
    os.mkfifo(tmp_path / "pipe1")
    os.mkfifo(tmp_path / "pipe2")
    (tmp_path / "gone").symlink_to("gone")
    assert equal_files([tmp_path / "pipe1", tmp_path / "pipe2"]) == []  # of no size; the reader refuses them
    with pytest.raises(GxnError, match="gone: cannot be read"):
        equal_files([tmp_path / "gone"])


def test_equal_keys_are_grouped_and_empty_ones_are_none():
    assert equal_keys(["a", "b", "", "a", None, "", "b", "c", "a"]) == [[0, 3, 8], [1, 6]]


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), max_size=8))
def test_joined_groups_are_the_connected_components(groups):
    """Oracle: the label of each row is lowered to that of its neighbours until nothing changes."""
    labels = list(range(10))
    for _ in range(10):
        for group in groups:
            least = min(labels[row] for row in group)
            for row in group:
                labels[row] = least
    wanted = collections.defaultdict(list)
    for row, label in enumerate(labels):
        wanted[label].append(row)
    assert sorted(joined(10, groups)) == sorted(wanted.values())
