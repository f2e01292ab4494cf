"""The state between epochs: read back as it was written, or not at all; losses that stop a stage."""

from pathlib import Path

import pytest
import torch

from gxn.errors import GxnError
from gxn.training.resume import LARGEST, Resume, check_loss, fingerprint

STATE = {"modules": {"a": {"weight": torch.arange(3.0)}}, "history": [{"loss": 0.5}], "best": None}


@pytest.fixture
def resume(tmp_path: Path) -> Resume:
    """A saved state."""
    made = Resume(tmp_path / "state", "one")
    made.save(STATE)
    return made


def test_a_state_comes_back(resume):
    found = resume.load()
    assert torch.equal(found["modules"]["a"]["weight"], torch.arange(3.0))
    assert (found["history"], found["best"]) == ([{"loss": 0.5}], None)


def test_before_the_first_there_is_none(tmp_path, capsys):
    assert Resume(tmp_path, "one").load() is None and capsys.readouterr().out == ""


def test_the_last_one_counts(resume):
    resume.save(STATE | {"history": [1, 2]})
    assert resume.load()["history"] == [1, 2]


def test_that_of_others_is_no_start(resume, capsys):
    assert Resume(resume.path.parent, "two").load() is None
    message = "was left by another configuration, other data or other code; starting over"
    assert capsys.readouterr().out == f"{resume.path}: {message}\n"


@pytest.mark.parametrize("place", [0, 31, 32, 100, -1])
def test_a_flipped_bit_starts_anew(resume, capsys, place):
    content = bytearray(resume.path.read_bytes())
    content[place] ^= 1
    resume.path.write_bytes(content)
    assert resume.load() is None
    assert f"{resume.path}: cannot be read (ValueError); starting over" in capsys.readouterr().out


@pytest.mark.parametrize("length", [0, 10, 32, 500, -1])
def test_a_state_cut_short_starts_anew(resume, capsys, length):
    resume.path.write_bytes(resume.path.read_bytes()[:length])
    assert resume.load() is None
    assert "starting over" in capsys.readouterr().out


def test_nothing_in_a_state_is_executed(tmp_path, capsys):
    import hashlib
    import io

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "touched",))

    content = io.BytesIO()
    torch.save({"fingerprint": "one", "evil": Evil()}, content)
    resume = Resume(tmp_path, "one")
    resume.path.write_bytes(hashlib.sha256(content.getvalue()).digest() + content.getvalue())
    assert resume.load() is None and not (tmp_path / "touched").exists()


def test_once_done_it_is_gone(resume):
    resume.clear()
    assert not resume.path.exists() and not resume.path.parent.exists()


def test_the_folders_of_others_stay(tmp_path):
    """Another job may be about to make its own beside it."""
    made = Resume(tmp_path / "warmup/cosine/seed0", "one")
    made.save({})
    made.clear()
    assert list(tmp_path.rglob("*")) == [tmp_path / "warmup", tmp_path / "warmup/cosine"]


class TestFingerprint:
    @pytest.fixture
    def inputs(self, tmp_path):
        (tmp_path / "a").write_text("a")
        return {"features": tmp_path / "a", "decoder": None}

    def test_it_is_the_same_for_the_same(self, inputs):
        assert fingerprint({"a": 1, "b": 2}, inputs, "c") == fingerprint({"b": 2, "a": 1}, inputs, "c")

    @pytest.mark.parametrize(("settings", "code"), [({"a": 2}, "c"), ({"a": 1}, "d")])
    def test_settings_and_code_count(self, inputs, settings, code):
        assert fingerprint(settings, inputs, code) != fingerprint({"a": 1}, inputs, "c")

    def test_what_the_files_hold_counts(self, inputs):
        before = fingerprint({}, inputs, "c")
        inputs["features"].write_text("b")
        assert fingerprint({}, inputs, "c") != before

    def test_which_file_is_which_counts(self, inputs):
        other = {"decoder": inputs["features"], "features": None}
        assert fingerprint({}, other, "c") != fingerprint({}, inputs, "c")

    def test_torch_counts(self, inputs, monkeypatch):
        before = fingerprint({}, inputs, "c")
        monkeypatch.setattr(torch, "__version__", "99.0")
        assert fingerprint({}, inputs, "c") != before


class TestCheckLoss:
    @pytest.mark.parametrize("value", [0.0, -LARGEST, LARGEST])
    def test_a_usual_loss_passes(self, value, tmp_path):
        check_loss(value, "xe_loss", 1, 0, [1, 2], tmp_path / "last.pt")

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2 * LARGEST])
    def test_any_other_stops(self, value, tmp_path):
        with pytest.raises(GxnError) as caught:
            check_loss(value, "xe_loss", 3, 1, [11, 12], tmp_path / "last.pt")
        assert str(caught.value) == (
            f"xe_loss is {value} at step 3 of epoch 2; batch of sentids 11, 12; no epoch was finished. "
            "Lower the learning rate or look at these captions' features"
        )

    def test_the_last_good_state_is_named(self, resume):
        with pytest.raises(GxnError, match=rf"; the state after epoch 1 is kept in {resume.path}\. Lower"):
            check_loss(float("nan"), "xe_loss", 3, 1, [11], resume.path)
