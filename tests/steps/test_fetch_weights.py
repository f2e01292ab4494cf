"""The step that fetches weights: what a checkpoint holds is read without running it."""

import os

import pytest
import torch

from gxn.errors import GxnError
from gxn.files import load_tensors
from gxn.steps.fetch_weights import convert

# torchvision's older files are of the older form
ZIPPED = pytest.mark.parametrize("zipped", [True, False])


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@ZIPPED
def test_a_checkpoint_becomes_safetensors(tmp_path, zipped):
    state = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}
    torch.save(state, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    convert(tmp_path / "a.pth", "https://example.org/a.pth", tmp_path / "a.safetensors")
    tensors, metadata = load_tensors(tmp_path / "a.safetensors")
    assert tensors.keys() == state.keys() and all(torch.equal(tensors[name], state[name]) for name in state)
    assert metadata["source"] == "https://example.org/a.pth"


@ZIPPED
def test_code_in_it_is_not_run(tmp_path, zipped):
    torch.save({"a": Evil(tmp_path / "run")}, tmp_path / "evil.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(GxnError, match=r"evil\.pth: cannot be read as a file of tensors"):
        convert(tmp_path / "evil.pth", "", tmp_path / "evil.safetensors")
    assert not (tmp_path / "run").exists() and not (tmp_path / "evil.safetensors").exists()


@pytest.mark.parametrize("value", [5, [torch.ones(1)], {"a": 5}])
def test_what_holds_no_tensors_by_name_is_refused(tmp_path, value):
    torch.save(value, tmp_path / "a.pth")
    with pytest.raises(GxnError, match=r"a\.pth: does not hold tensors by name$"):
        convert(tmp_path / "a.pth", "", tmp_path / "a.safetensors")


@pytest.mark.parametrize("content", [b"hello", b"", b"PK\x03\x04"])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "text.pth").write_bytes(content)
    with pytest.raises(GxnError, match=r"text\.pth: cannot be read as a file of tensors"):
        convert(tmp_path / "text.pth", "", tmp_path / "text.safetensors")
