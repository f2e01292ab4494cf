"""Half-done feature rows: what was not written whole, or has changed since, is made again."""

import resource
from pathlib import Path

import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.features.writer import DIGEST, ResumableFeatureWriter

WIDTH, BATCH, TOTAL = 3, 4, 10
BLOCK = DIGEST + BATCH * WIDTH * 4  # bytes of a batch
ROWS = np.random.default_rng(0).standard_normal((TOTAL, WIDTH)).astype(np.float32)


def writer(folder: Path, fingerprint: str = "one", width: int = WIDTH) -> ResumableFeatureWriter:
    return ResumableFeatureWriter(folder, fingerprint, width, np.dtype("float32"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten rows in batches of four, four and two."""
    made = writer(tmp_path / "state")
    for start in range(0, TOTAL, BATCH):
        made.append(ROWS[start : start + BATCH])
    return tmp_path / "state"


def test_all_rows_come_back(folder):
    made = writer(folder)
    assert made.begin(BATCH, TOTAL) == TOTAL
    assert np.array_equal(np.concatenate(list(made.blocks(BATCH))), ROWS)


def test_they_come_back_batch_by_batch(folder):
    assert [len(block) for block in writer(folder).blocks(BATCH)] == [4, 4, 2]


def test_a_new_folder_holds_nothing(tmp_path):
    assert writer(tmp_path / "new").begin(BATCH, TOTAL) == 0


@pytest.mark.parametrize("batch", [0, 1, 2])
@pytest.mark.parametrize("where", [0, DIGEST - 1, DIGEST, -1])
def test_a_flipped_bit_drops_its_batch_and_all_that_follow(folder, batch, where):
    content = bytearray((folder / "rows.bin").read_bytes())
    length = BLOCK if batch < 2 else len(content) - 2 * BLOCK
    content[batch * BLOCK + where % length] ^= 1
    (folder / "rows.bin").write_bytes(content)
    assert writer(folder).begin(BATCH, TOTAL) == batch * BATCH


@pytest.mark.parametrize("batch", [0, 1, 2])
def test_zeros_after_a_power_cut_drop_their_batch(folder, batch):
    content = (folder / "rows.bin").read_bytes()
    cut = batch * BLOCK + 5
    (folder / "rows.bin").write_bytes(content[:cut] + bytes(len(content) - cut))
    assert writer(folder).begin(BATCH, TOTAL) == batch * BATCH


def test_a_batch_of_zeros_alone_is_dropped(folder):
    (folder / "rows.bin").write_bytes(bytes(3 * BLOCK))
    assert writer(folder).begin(BATCH, TOTAL) == 0


@pytest.mark.parametrize("length", [0, 1, DIGEST, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 55])
def test_what_a_kill_cut_short_is_dropped(folder, length):
    content = (folder / "rows.bin").read_bytes()
    (folder / "rows.bin").write_bytes(content[:length])
    assert writer(folder).begin(BATCH, TOTAL) == length // BLOCK * BATCH


def test_what_is_dropped_is_gone_from_the_file(folder):
    with open(folder / "rows.bin", "ab") as file:
        file.write(b"\1" * 20)
    made = writer(folder)
    made.begin(BATCH, TOTAL)
    assert np.array_equal(np.concatenate(list(made.blocks(BATCH))), ROWS)


def test_rows_are_added_after_those_that_were_kept(folder):
    content = (folder / "rows.bin").read_bytes()
    (folder / "rows.bin").write_bytes(content[: BLOCK + 7])
    made = writer(folder)
    done = made.begin(BATCH, TOTAL)
    for start in range(done, TOTAL, BATCH):
        made.append(ROWS[start : start + BATCH])
    assert (folder / "rows.bin").read_bytes() == content


@pytest.mark.parametrize(
    ("batch", "total", "kept"), [(4, 10, 10), (4, 11, 8), (4, 8, 8), (5, 10, 0), (2, 10, 0)]
)
def test_batches_of_other_sizes_are_not_taken_for_those_asked_for(folder, batch, total, kept):
    assert writer(folder).begin(batch, total) == kept


def test_work_with_another_fingerprint_is_thrown_away(folder):
    assert writer(folder, "two").begin(BATCH, TOTAL) == 0


def test_and_does_not_come_back(folder):
    writer(folder, "two")
    assert writer(folder, "one").begin(BATCH, TOTAL) == 0


@pytest.mark.parametrize("state", [b"half a JS", b"", b"\xff\xfe", b'["one"]', b"[" * 100_000])
def test_work_whose_fingerprint_cannot_be_read_is_thrown_away(folder, state):
    (folder / "state.json").write_bytes(state)
    assert writer(folder).begin(BATCH, TOTAL) == 0


@pytest.mark.parametrize("room", [0, 5, DIGEST, DIGEST + 5])
def test_rows_that_cannot_be_written_whole_leave_nothing_behind(folder, room):
    made, before = writer(folder), (folder / "rows.bin").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, hard))
    try:
        with pytest.raises(
            GxnError, match=r"rows\.bin: cannot be written: File too large; allow larger files"
        ):
            made.append(ROWS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (folder / "rows.bin").read_bytes() == before


def test_once_done_the_folder_is_gone(folder):
    writer(folder).remove()
    assert not folder.exists()


def test_a_strange_file_in_the_folder_stays_and_does_no_harm(folder):
    (folder / ".DS_Store").touch()
    writer(folder).remove()
    assert list(folder.iterdir()) == [folder / ".DS_Store"]
