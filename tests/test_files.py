"""The kinds of files: text, JSON and tensors, stable to the byte and read without executing anything."""

import json

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

    @pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000])
    def test_damaged_json_is_named(self, tmp_path, content):
        (tmp_path / "a.json").write_bytes(content)
        with pytest.raises(GxnError, match=r"a\.json: is not JSON"):
            files.read_json(tmp_path / "a.json")

    def test_a_key_that_is_given_twice_is_refused(self, tmp_path):
        (tmp_path / "a.json").write_text('{"split": "train", "split": "test"}')
        with pytest.raises(GxnError, match=r"a\.json: the key 'split' is given twice"):
            files.read_json(tmp_path / "a.json")

    @pytest.mark.parametrize("content", [b"\xff\xfe", b"\xc3"])
    def test_json_that_is_not_utf_8_is_named(self, tmp_path, content):
        (tmp_path / "a.json").write_bytes(content)
        with pytest.raises(GxnError, match=r"a\.json: .*save (it|the file) as UTF-8"):
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

    @pytest.mark.parametrize("packed", [True, False])
    def test_it_is_never_unpickled(self, tmp_path, packed):
        torch.save({"a": torch.zeros(1)}, tmp_path / "a.safetensors", _use_new_zipfile_serialization=packed)
        with pytest.raises(
            GxnError, match=r"a\.safetensors: is torch's own format, .* convert it by safetensors"
        ):
            files.load_tensors(tmp_path / "a.safetensors")

    def test_a_header_of_any_length_is_read(self, tmp_path):
        """The file begins with that length, which is a multiple of 8: one of 32 begins as a pickle does."""
        starts = set()
        for length in range(0, 264, 4):
            files.save_tensors(tmp_path / "a", TENSORS, {"about": "x" * length})
            starts.add((tmp_path / "a").read_bytes()[:1])
            assert files.load_tensors(tmp_path / "a")[1] == {"about": "x" * length}
        assert b"\x80" in starts

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


class TestRows:
    def test_rows_are_joined_by_id(self):
        present = np.array([30, 10, 20])
        assert files.rows_of(np.array([10, 30, 10]), present, "f").tolist() == [1, 0, 1]

    def test_a_missing_id_is_named(self):
        with pytest.raises(GxnError, match=r"^f: imgid 11 is missing \(2 of 3\); make it again$"):
            files.rows_of(np.array([10, 11, 99]), np.array([30, 10, 20]), "f")

    def test_an_id_that_stands_twice_is_named(self):
        with pytest.raises(GxnError, match=r"^f: sentid 10 occurs twice$"):
            files.rows_of(np.array([10]), np.array([10, 10]), "f", "sentid")

    def test_nothing_is_asked_for(self):
        assert files.rows_of(np.array([], int), np.array([10]), "f").tolist() == []

    def test_of_no_rows_none_is_there(self):
        with pytest.raises(GxnError, match="imgid 1 is missing"):
            files.rows_of(np.array([1]), np.array([], int), "f")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_tensors_that_are_not_finite_are_refused(tmp_path, value):
    path = tmp_path / "w.safetensors"
    files.save_tensors(path, {"a": torch.zeros(3), "b": torch.tensor([1.0, value])}, {})
    with pytest.raises(GxnError, match=rf"{path}: b contains NaN or infinite numbers; make it again"):
        files.load_tensors(path)
