"""Files are whole or absent, stable to the byte, and joined by id."""

import json
import time

import h5py
import numpy as np
import pytest
import torch

from gxn import files
from gxn.errors import GxnError


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    files.write_text(path, "before")
    with pytest.raises(RuntimeError), files.atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_goes_and_temporaries_of_other_files_stay(tmp_path):
    (tmp_path / ".a.12345678.part").write_text("left")
    with files.atomic(tmp_path / "a.h5") as other:
        files.write_text(tmp_path / "a", "")
        assert sorted(tmp_path.iterdir()) == sorted([other, tmp_path / "a"])


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GxnError, match=r"file/a\.txt: cannot be written"):
        files.write_text(tmp_path / "file" / "a.txt", "")


def test_json_refuses_what_is_no_number(tmp_path):
    with pytest.raises(ValueError):
        files.write_json(tmp_path / "a.json", {"r1": float("nan")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_damaged_json_is_named(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(GxnError, match=r"a\.json: is not JSON"):
        files.read_json(tmp_path / "a.json")


def test_checkpoints_are_stable_and_come_back(tmp_path):
    tensors = {"b": torch.arange(6.0).view(2, 3).t(), "a": torch.zeros(2, dtype=torch.int64)}
    about = {f"key{i}": i for i in range(20)}
    for name in ("one", "two"):
        files.save_tensors(tmp_path / name, dict(reversed(tensors.items())), about)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    found, metadata = files.load_tensors(tmp_path / "one")
    assert metadata == about and all(torch.equal(found[name], tensors[name]) for name in tensors)


def test_a_checkpoint_is_never_unpickled(tmp_path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(GxnError, match=r"a\.safetensors: cannot be read as safetensors"):
        files.load_tensors(tmp_path / "a.safetensors")


def test_hdf5_is_stable_and_named_when_damaged(tmp_path):
    for name in ("one", "two"):
        with files.create_hdf5(tmp_path / name, {"a": 1}) as file:
            file["x/y"] = np.arange(5)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with files.open_hdf5(tmp_path / "one") as file:
        assert files.hdf5_metadata(file) == {"a": 1}
    (tmp_path / "two").write_bytes((tmp_path / "one").read_bytes()[:100])
    with pytest.raises(GxnError, match="none: there is no such file"), files.open_hdf5(tmp_path / "none"):
        pass
    with pytest.raises(GxnError, match="two: "), files.open_hdf5(tmp_path / "two"):
        pass
    with pytest.raises(GxnError, match="one: "), files.open_hdf5(tmp_path / "one") as file:
        file["nothing"]
    with h5py.File(tmp_path / "bare", "w"):
        pass
    with pytest.raises(GxnError, match="gxn"), files.open_hdf5(tmp_path / "bare") as file:
        files.hdf5_metadata(file)


def test_a_folder_is_not_to_be_deleted(tmp_path):
    with pytest.raises(GxnError, match=r"is a folder, not an HDF5 file$"), files.open_hdf5(tmp_path):
        pass


def test_hdf5_holds_no_time_of_day(tmp_path):
    for name in ("one", "two"):
        with files.create_hdf5(tmp_path / name, {"a": 1}) as file:
            file["x/y"] = np.arange(5)
            file.create_dataset("z/w", (3, 2), "float32")[1] = 1
        time.sleep(1.01 if name == "one" else 0)  # HDF5 counts seconds
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_flipped_bit_is_an_error_or_of_no_matter(tmp_path):
    path = tmp_path / "a.h5"
    with files.create_hdf5(path, {"a": 1}) as file:
        file["x/y"] = np.arange(50)
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            with files.open_hdf5(path) as file:
                found = files.hdf5_dataset(file, "x/y", "iu", 1)[:]
                assert np.array_equal(found, np.arange(50)) and files.hdf5_metadata(file) == {"a": 1}
        except GxnError:
            refused += 1
    assert refused > 100


def test_rows_are_joined_by_id():
    present = np.array([30, 10, 20])
    assert files.rows_of(np.array([10, 30, 10]), present, "f").tolist() == [1, 0, 1]
    with pytest.raises(GxnError, match="f: imgid 11 is missing"):
        files.rows_of(np.array([10, 11, 99]), present, "f")
    with pytest.raises(GxnError, match="f: imgid 10 stands in it twice"):
        files.rows_of(np.array([10]), np.array([10, 10]), "f")


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert files.digest({"a": 1, "b": [2]}) == files.digest(json.loads('{"b": [2], "a": 1}'))
    assert files.digest({"a": 1}) != files.digest({"a": 2})
