"""The kinds of files: stable to the byte, read without executing anything, and joined by id."""

import json
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from gxn import files
from gxn.errors import GxnError


class TestText:
    def test_text_is_utf_8(self, tmp_path):
        files.write_text(tmp_path / "a.txt", "é\n")
        assert (tmp_path / "a.txt").read_bytes() == "é\n".encode()

    def test_json_has_a_key_per_line(self, tmp_path):
        files.write_json(tmp_path / "a.json", {"b": 1, "a": ["é"]})
        assert (tmp_path / "a.json").read_text() == '{\n "b": 1,\n "a": [\n  "é"\n ]\n}\n'

    @pytest.mark.parametrize("number", [float("nan"), float("inf")])
    def test_json_refuses_what_is_no_number(self, tmp_path, number):
        with pytest.raises(ValueError):
            files.write_json(tmp_path / "a.json", {"r1": number})
        assert not list(tmp_path.iterdir())

    def test_json_comes_back(self, tmp_path):
        files.write_json(tmp_path / "a.json", {"a": [1, 2.5, None]})
        assert files.read_json(tmp_path / "a.json") == {"a": [1, 2.5, None]}

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
    def test_damaged_json_is_named(self, tmp_path, content):
        (tmp_path / "a.json").write_bytes(content)
        with pytest.raises(GxnError, match=r"a\.json: is not JSON"):
            files.read_json(tmp_path / "a.json")

    def test_missing_json_is_named(self, tmp_path):
        with pytest.raises(GxnError, match=r"a\.json: cannot be read: No such file or directory"):
            files.read_json(tmp_path / "a.json")

    def test_rows_become_lines_of_six_digits(self, tmp_path):
        files.write_rows(tmp_path / "a.csv", [{"epoch": 1, "loss": 1 / 3}, {"epoch": 2, "loss": 1e-9}])
        assert (tmp_path / "a.csv").read_text() == "epoch,loss\n1,0.333333\n2,1e-09\n"


class TestDigests:
    def test_a_files_is_that_of_its_bytes(self, tmp_path):
        (tmp_path / "a").write_bytes(b"abc")
        assert files.sha256(tmp_path / "a").startswith("ba7816bf8f01cfea")

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(GxnError, match=r"/a: cannot be read: No such file or directory"):
            files.sha256(tmp_path / "a")

    def test_a_values_does_not_depend_on_the_order_of_keys(self):
        assert files.digest({"a": 1, "b": [2]}) == files.digest(json.loads('{"b": [2], "a": 1}'))

    def test_another_value_has_another(self):
        assert files.digest({"a": 1}) != files.digest({"a": 2})


TENSORS = {
    "b": torch.arange(6.0).view(2, 3).t(),
    "a": torch.zeros(2, dtype=torch.int64),
    "scalar": torch.tensor(1.5),
    "half": torch.ones(3, dtype=torch.bfloat16),
}
ABOUT = {f"key{i}": i for i in range(20)}


class TestTensors:
    def test_a_checkpoint_comes_back(self, tmp_path):
        files.save_tensors(tmp_path / "a", TENSORS, ABOUT)
        found, metadata = files.load_tensors(tmp_path / "a")
        assert metadata == ABOUT and found.keys() == TENSORS.keys()
        assert all(torch.equal(found[name], TENSORS[name]) for name in TENSORS)

    def test_its_bytes_do_not_depend_on_the_order_of_names(self, tmp_path):
        files.save_tensors(tmp_path / "one", TENSORS, ABOUT)
        files.save_tensors(tmp_path / "two", dict(reversed(TENSORS.items())), dict(reversed(ABOUT.items())))
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()

    def test_it_is_never_unpickled(self, tmp_path):
        torch.save({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
        with pytest.raises(GxnError, match=r"a\.safetensors: cannot be read as safetensors"):
            files.load_tensors(tmp_path / "a.safetensors")

    def test_somebody_elses_has_no_metadata(self, tmp_path):
        from safetensors.torch import save_file

        save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors", {"format": "pt"})
        assert files.load_tensors(tmp_path / "a.safetensors")[1] == {}

    def test_a_flipped_bit_is_refused(self, tmp_path):
        files.save_tensors(tmp_path / "a", TENSORS, {"seed": 1})
        whole = (tmp_path / "a").read_bytes()
        for place in range(0, len(whole), 5):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << place % 7
            (tmp_path / "b").write_bytes(damaged)
            with pytest.raises(GxnError, match=r"/b: (is damaged|cannot be read)"):
                files.load_tensors(tmp_path / "b")

    @pytest.mark.parametrize("length", [0, 7, 100, -1])
    def test_a_cut_file_is_refused(self, tmp_path, length):
        files.save_tensors(tmp_path / "a", TENSORS, ABOUT)
        (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:length])
        with pytest.raises(GxnError, match="/a: cannot be read as safetensors"):
            files.load_tensors(tmp_path / "a")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An HDF5 file of fifty integers and an empty dataset."""
    with files.create_hdf5(tmp_path / "a.h5", {"a": 1}) as file:
        file["x/y"] = np.arange(50)
        file.create_dataset("none", (0, 3), "float32")
    return tmp_path / "a.h5"


class TestHdf5:
    def test_metadata_come_back(self, store):
        with files.open_hdf5(store) as file:
            assert files.hdf5_metadata(file) == {"a": 1}

    def test_datasets_come_back(self, store):
        with files.open_hdf5(store) as file:
            assert files.hdf5_dataset(file, "x/y", "iu", 1)[:].tolist() == list(range(50))

    def test_an_empty_dataset_comes_back(self, store):
        with files.open_hdf5(store) as file:
            assert files.hdf5_dataset(file, "none", "f", 2).shape == (0, 3)

    def test_it_holds_no_time_of_day(self, tmp_path):
        for name in ("one", "two"):
            with files.create_hdf5(tmp_path / name, {"a": 1}) as file:
                file["x/y"] = np.arange(5)
                file.create_dataset("z/w", (3, 2), "float32")[1] = 1
            time.sleep(1.01 if name == "one" else 0)  # HDF5 counts seconds
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()

    def test_a_failure_leaves_nothing(self, tmp_path):
        with pytest.raises(KeyboardInterrupt), files.create_hdf5(tmp_path / "a.h5", {}) as file:
            file["x"] = np.arange(5)
            raise KeyboardInterrupt
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(GxnError, match="none: there is no such file"), files.open_hdf5(tmp_path / "none"):
            pass

    def test_a_folder_is_not_to_be_deleted(self, tmp_path):
        with pytest.raises(GxnError, match=r"is a folder, not an HDF5 file$"), files.open_hdf5(tmp_path):
            pass

    def test_a_cut_file_is_refused(self, store):
        store.write_bytes(store.read_bytes()[:100])
        with pytest.raises(GxnError, match=r"a\.h5: cannot be read as HDF5"), files.open_hdf5(store):
            pass

    def test_what_is_not_in_it_is_an_error_for_the_user(self, store):
        with pytest.raises(GxnError, match=r"a\.h5: "), files.open_hdf5(store) as file:
            file["nothing"]

    def test_a_file_of_another_program_has_no_metadata(self, tmp_path):
        with h5py.File(tmp_path / "bare", "w"):
            pass
        with (
            pytest.raises(GxnError, match="has no readable attribute 'gxn'"),
            files.open_hdf5(tmp_path / "bare") as file,
        ):
            files.hdf5_metadata(file)

    @pytest.mark.parametrize("text", ["[1]", "5", "{", "[" * 50_000])
    def test_metadata_that_are_no_mapping_are_refused(self, tmp_path, text):
        with h5py.File(tmp_path / "odd", "w") as file:
            file.attrs["gxn"] = np.bytes_(text.encode())
        with (
            pytest.raises(GxnError, match="attribute 'gxn'"),
            files.open_hdf5(tmp_path / "odd") as file,
        ):
            files.hdf5_metadata(file)

    def test_a_flipped_bit_is_an_error_or_of_no_matter(self, store):
        whole = store.read_bytes()
        refused = 0
        for place in range(0, len(whole), 7):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << place % 8
            store.write_bytes(damaged)
            try:
                with files.open_hdf5(store) as file:
                    found = files.hdf5_dataset(file, "x/y", "iu", 1)[:]
                    assert np.array_equal(found, np.arange(50)) and files.hdf5_metadata(file) == {"a": 1}
            except GxnError:
                refused += 1
        assert refused > 100

    @pytest.mark.parametrize(
        ("name", "kinds", "dimensions"), [("x/y", "f", 1), ("x/y", "iu", 2), ("x", "iu", 1)]
    )
    def test_a_dataset_of_another_kind_is_refused(self, store, name, kinds, dimensions):
        with (
            pytest.raises(
                GxnError, match=rf"a\.h5: has no dataset '{name}' of .* in {dimensions} dimensions"
            ),
            files.open_hdf5(store) as file,
        ):
            files.hdf5_dataset(file, name, kinds, dimensions)

    def test_a_dataset_that_was_never_written_whole_is_refused(self, tmp_path):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file.create_dataset("x", (1000,), "int64", chunks=(10,))[:10] = 1
        with (
            pytest.raises(GxnError, match=r"a\.h5: x \(1000,\) is not whole; delete it and run again"),
            files.open_hdf5(tmp_path / "a.h5") as file,
        ):
            files.hdf5_dataset(file, "x", "iu", 1)


class TestRows:
    def test_rows_are_joined_by_id(self):
        present = np.array([30, 10, 20])
        assert files.rows_of(np.array([10, 30, 10]), present, "f").tolist() == [1, 0, 1]

    def test_a_missing_id_is_named(self):
        with pytest.raises(GxnError, match=r"^f: imgid 11 is missing \(2 of 3\); make it again$"):
            files.rows_of(np.array([10, 11, 99]), np.array([30, 10, 20]), "f")

    def test_an_id_that_stands_twice_is_named(self):
        with pytest.raises(GxnError, match=r"^f: sentid 10 stands in it twice$"):
            files.rows_of(np.array([10]), np.array([10, 10]), "f", "sentid")

    def test_nothing_is_asked_for(self):
        assert files.rows_of(np.array([], int), np.array([10]), "f").tolist() == []

    def test_of_no_rows_none_is_there(self):
        with pytest.raises(GxnError, match="imgid 1 is missing"):
            files.rows_of(np.array([1]), np.array([], int), "f")

    @pytest.mark.parametrize("rows", [[0], [4, 1, 1], list(range(2500))[::-1], [1023, 1024, 2499]])
    def test_rows_are_read_in_the_order_asked_for(self, tmp_path, rows):
        values = np.arange(5000, dtype=np.float64).reshape(2500, 2)
        with files.create_hdf5(tmp_path / "a.h5", {}) as file:
            file["x"] = values
        with files.open_hdf5(tmp_path / "a.h5") as file:
            found = files.read_rows(file["x"], np.array(rows), np.float32)
        assert found.dtype == np.float32 and np.array_equal(found, values[rows])
