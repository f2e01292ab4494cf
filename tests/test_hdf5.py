"""HDF5 files: sealed, the same to the byte, refused where anything has changed, never followed elsewhere."""

import errno
import os
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from edits import edited

from gxn import hdf5
from gxn.errors import GxnError


def _raw(file: h5py.File, folder: Path) -> None:
    (folder / "raw").write_bytes(np.arange(3).tobytes())
    file.create_dataset("out", (3,), "int64", external=[(str(folder / "raw"), 0, 24)])


def _virtual(file: h5py.File, folder: Path) -> None:
    layout = h5py.VirtualLayout((3,), "int64")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", shape=(3,))
    file.create_virtual_dataset("out", layout)


LEADS = {
    "external": lambda file, folder: file.update({"out": h5py.ExternalLink(str(folder / "o.h5"), "x")}),
    "folder": lambda file, folder: file.update({"out": h5py.ExternalLink(str(folder / "o.h5"), "/")}),
    "soft": lambda file, folder: file.update({"out": h5py.SoftLink("/x/y")}),
    "raw": _raw,
    "virtual": _virtual,
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An HDF5 file of fifty integers and an empty dataset."""
    with hdf5.create_hdf5(tmp_path / "a.h5", {"a": 1}) as file:
        file["x/y"] = np.arange(50)
        file.create_dataset("none", (0, 3), "float32")
    return tmp_path / "a.h5"


class TestHdf5:
    def test_metadata_come_back(self, store):
        with hdf5.open_hdf5(store) as file:
            assert hdf5.hdf5_metadata(file) == {"a": 1}

    def test_datasets_come_back(self, store):
        with hdf5.open_hdf5(store) as file:
            assert hdf5.hdf5_dataset(file, "x/y", "iu", 1)[:].tolist() == list(range(50))

    def test_an_empty_dataset_comes_back(self, store):
        with hdf5.open_hdf5(store) as file:
            assert hdf5.hdf5_dataset(file, "none", "f", 2).shape == (0, 3)

    def test_it_holds_no_time_of_day(self, tmp_path):
        for name in ("one", "two"):
            with hdf5.create_hdf5(tmp_path / name, {"a": 1}) as file:
                file["x/y"] = np.arange(5)
                file.create_dataset("z/w", (3, 2), "float32")[1] = 1
            time.sleep(1.01 if name == "one" else 0)  # HDF5 counts seconds
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()

    def test_a_failure_leaves_nothing(self, tmp_path):
        with pytest.raises(KeyboardInterrupt), hdf5.create_hdf5(tmp_path / "a.h5", {}) as file:
            file["x"] = np.arange(5)
            raise KeyboardInterrupt
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_file_is_named(self, tmp_path):
        with (
            pytest.raises(GxnError, match=r"none: cannot be read: No such file or directory$"),
            hdf5.open_hdf5(tmp_path / "none"),
        ):
            pass

    def test_a_folder_is_not_to_be_deleted(self, tmp_path):
        with pytest.raises(GxnError, match=r"is a folder, not a file$"), hdf5.open_hdf5(tmp_path):
            pass

    @pytest.mark.parametrize("length", [0, 100, 1000, -1])
    def test_a_cut_file_is_refused(self, store, length):
        store.write_bytes(store.read_bytes()[:length])
        with (
            pytest.raises(GxnError, match=r"a\.h5: is (damaged|not an HDF5)"),
            hdf5.open_hdf5(store),
        ):
            pass

    def test_what_is_not_in_it_is_an_error_for_the_user(self, store):
        with pytest.raises(GxnError, match=r"a\.h5: "), hdf5.open_hdf5(store) as file:
            file["nothing"]

    def test_a_file_of_another_program_is_refused(self, tmp_path):
        with h5py.File(tmp_path / "bare", "w"):
            pass
        with (
            pytest.raises(GxnError, match="bare: is not an HDF5 file of this package"),
            hdf5.open_hdf5(tmp_path / "bare"),
        ):
            pass

    @pytest.mark.parametrize("text", ["[1]", "5", "{", "[" * 50_000])
    def test_metadata_that_are_no_mapping_are_refused(self, store, text):
        with edited(store) as file:
            file.attrs["gxn"] = np.bytes_(text.encode())
        with (
            pytest.raises(GxnError, match="attribute 'gxn'"),
            hdf5.open_hdf5(store) as file,
        ):
            hdf5.hdf5_metadata(file)

    def test_a_flipped_bit_is_refused(self, store):
        """Fletcher-32 took some for good."""
        whole = store.read_bytes()
        for place in range(hdf5.USER_BLOCK, len(whole), 7):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << place % 8
            store.write_bytes(damaged)
            with pytest.raises(GxnError, match=r"a\.h5: is damaged"), hdf5.open_hdf5(store):
                pass

    def test_a_damaged_seal_is_refused(self, store):
        whole = store.read_bytes()
        for place in range(len(hdf5.SEAL) + 64):
            store.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with (
                pytest.raises(GxnError, match=r"a\.h5: is (damaged|not an HDF5 file)"),
                hdf5.open_hdf5(store),
            ):
                pass

    def test_other_programs_read_it(self, store):
        with h5py.File(store) as file:
            assert file["x/y"][:].tolist() == list(range(50))

    def test_one_that_a_notebook_has_open_is_not_to_be_deleted(self, store):
        held = h5py.File(store, "r+")
        with (
            pytest.raises(
                GxnError,
                match=r"a\.h5: another program, such as a notebook, has it open .* close it there and",
            ),
            hdf5.open_hdf5(store),
        ):
            pass
        held.close()

    def test_missing_rights_are_named(self, store, monkeypatch):
        """Root has all rights, so the system's refusal is made up."""
        for code, advice in ((errno.EACCES, "make it readable and run again"), (errno.EIO, "keep the file")):

            def refuse(*_arguments, code=code):
                raise OSError(code, os.strerror(code))

            monkeypatch.setattr("gxn.regular.os.open", refuse)
            with pytest.raises(GxnError, match=rf"a\.h5: cannot be read: .*{advice}"), hdf5.open_hdf5(store):
                pass

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "a.h5")
        with pytest.raises(GxnError, match=r"a\.h5: is a pipe"), hdf5.open_hdf5(tmp_path / "a.h5"):
            pass

    @pytest.mark.parametrize(
        ("name", "kinds", "dimensions"), [("x/y", "f", 1), ("x/y", "iu", 2), ("x", "iu", 1)]
    )
    def test_a_dataset_of_another_kind_is_refused(self, store, name, kinds, dimensions):
        with (
            pytest.raises(
                GxnError, match=rf"a\.h5: has no dataset '{name}' of .* in {dimensions} dimensions"
            ),
            hdf5.open_hdf5(store) as file,
        ):
            hdf5.hdf5_dataset(file, name, kinds, dimensions)

    @pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"fletcher32": True}])
    def test_a_dataset_that_was_never_written_whole_is_refused(self, store, options):
        """Read, it would take terabytes."""
        with edited(store) as file:
            file.create_dataset("x/z", (1 << 40,), "int64", chunks=(10,), **options)[:10] = 1
        with (
            pytest.raises(GxnError, match=r"a\.h5: /x/z \(1099511627776,\): was not written whole"),
            hdf5.open_hdf5(store) as file,
        ):
            hdf5.hdf5_dataset(file, "x/z", "iu", 1)

    @pytest.mark.parametrize("kind", LEADS)
    def test_what_lies_in_another_file_is_refused(self, store, tmp_path, kind):
        with edited(store) as file:
            LEADS[kind](file, tmp_path)
        with (
            pytest.raises(GxnError, match=r"a\.h5: /?out: is (a link|stored in other files)"),
            hdf5.open_hdf5(store) as file,
        ):
            hdf5.hdf5_dataset(file, "out/x" if kind == "folder" else "out", "iu", 1)

    @pytest.mark.parametrize("rows", [[0], [4, 1, 1], list(range(2500))[::-1], [1023, 1024, 2499]])
    def test_rows_are_read_in_the_order_asked_for(self, tmp_path, rows):
        values = np.arange(5000, dtype=np.float64).reshape(2500, 2)
        with hdf5.create_hdf5(tmp_path / "a.h5", {}) as file:
            file["x"] = values
        with hdf5.open_hdf5(tmp_path / "a.h5") as file:
            found = hdf5.read_rows(file["x"], np.array(rows), np.float32)
        assert found.dtype == np.float32 and np.array_equal(found, values[rows])
