"""Files are written whole or not at all, and what the system refuses is said with what to do."""

import errno
import os

import pytest

from gxn.errors import GxnError
from gxn.writing import DeferredErrorFile, atomic, need_room, stale_temporaries, write_error, writing


class TestAtomic:
    def test_a_file_is_in_place_once_it_is_written(self, tmp_path):
        with atomic(tmp_path / "a.txt") as temporary:
            temporary.write_text("whole")
            assert not (tmp_path / "a.txt").exists()
        assert (tmp_path / "a.txt").read_text() == "whole"

    def test_a_failure_leaves_what_was_there(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("before")
        with pytest.raises(RuntimeError), atomic(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError
        assert path.read_text() == "before"

    def test_a_failure_leaves_no_temporary(self, tmp_path):
        with pytest.raises(RuntimeError), atomic(tmp_path / "a.txt"):
            raise RuntimeError
        assert list(tmp_path.iterdir()) == []

    def test_folders_on_the_way_are_made(self, tmp_path):
        with atomic(tmp_path / "a" / "b" / "c.txt") as temporary:
            temporary.write_text("")
        assert (tmp_path / "a" / "b" / "c.txt").exists()

    def test_everyone_may_read_the_file(self, tmp_path):
        with atomic(tmp_path / "a.txt") as temporary:
            temporary.write_text("")
        assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644

    @pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o027, 0o640)])
    def test_but_not_where_the_user_keeps_others_out(self, tmp_path, mask, mode):
        before = os.umask(mask)
        try:
            with atomic(tmp_path / "a.txt") as temporary:
                temporary.write_text("")
        finally:
            os.umask(before)
        assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode

    def test_what_a_killed_run_left_goes(self, tmp_path):
        (tmp_path / ".a.txt.12345678.part").write_text("left")
        with atomic(tmp_path / "a.txt") as temporary:
            assert list(tmp_path.iterdir()) == [temporary]

    def test_temporaries_of_other_files_stay(self, tmp_path):
        with atomic(tmp_path / "a.h5") as other:
            with atomic(tmp_path / "a") as temporary:
                temporary.write_text("")
            assert sorted(tmp_path.iterdir()) == sorted([other, tmp_path / "a"])

    def test_a_name_with_brackets_is_no_pattern(self, tmp_path):
        (tmp_path / ".b.12345678.part").write_text("of another file")
        assert stale_temporaries(tmp_path / "[ab]") == []

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path):
        (tmp_path / "file").write_text("")
        with (
            pytest.raises(GxnError, match=r"file/a\.txt: cannot be written: "),
            atomic(tmp_path / "file" / "a.txt"),
        ):
            pass


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "No space left on device; make room there and run again"),
        (errno.EDQUOT, "Disk quota exceeded; make room there and run again"),
        (errno.EFBIG, "File too large; allow larger files there and run again"),
        (errno.EROFS, "Read-only file system; make its folder writable and run again"),
        (errno.EACCES, "Permission denied; make its folder writable and run again"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_refusal_is_said_with_what_to_do(number, advice):
    error = OSError(number, os.strerror(number))
    assert str(write_error("a.h5", error)) == f"a.h5: cannot be written: {advice}"


def test_a_refusal_without_a_number_is_said_as_it_is():
    assert str(write_error("a.h5", OSError("odd"))) == "a.h5: cannot be written: odd"


def test_what_the_system_refuses_is_an_error_for_the_user():
    with pytest.raises(GxnError, match=r"^a\.h5: cannot be written: No space left"), writing("a.h5"):
        raise OSError(errno.ENOSPC, "")


def test_other_errors_pass():
    with pytest.raises(KeyError), writing("a.h5"):
        raise KeyError


def test_room_that_is_there_is_enough(tmp_path):
    need_room(tmp_path, 1)


def test_room_that_is_not_there_is_refused_with_both_sizes(tmp_path):
    with pytest.raises(GxnError, match=r"1000000000\.00 GB are needed, .* GB are free; make room there"):
        need_room(tmp_path, 10**18)


class TestDeferredErrorFile:
    def test_all_is_written(self, tmp_path):
        with DeferredErrorFile(tmp_path / "a", "w+b") as file:
            assert file.write(b"0123456789") == 10
            file.raise_deferred()
        assert (tmp_path / "a").read_bytes() == b"0123456789"

    def test_a_refusal_is_kept_for_later(self):
        with DeferredErrorFile("/dev/full", "w+b") as file:
            assert file.write(b"0123456789") == 10
            with pytest.raises(OSError, match="No space left"):
                file.raise_deferred()

    def test_the_first_refusal_is_the_one_that_is_raised(self):
        with DeferredErrorFile("/dev/full", "w+b") as file:
            file.write(b"0")
            first = file.refusal
            file.write(b"1")
            file.truncate(5)
            assert file.refusal is first

    def test_nothing_is_written_after_a_refusal(self, tmp_path):
        with DeferredErrorFile(tmp_path / "a", "w+b") as file:
            file.refusal = OSError(errno.ENOSPC, "")
            assert file.write(b"0123456789") == 10
        assert (tmp_path / "a").read_bytes() == b""

    def test_a_file_is_cut_or_extended(self, tmp_path):
        with DeferredErrorFile(tmp_path / "a", "w+b") as file:
            file.write(b"0123456789")
            assert file.truncate(4) == 4
        assert (tmp_path / "a").read_bytes() == b"0123"
