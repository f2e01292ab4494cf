"""Every stage: one run of 2n epochs, and n epochs, a kill, n more, end in the same bytes."""

import pytest
import torch
from gxn.steps.caption import caption
from gxn.steps.draw import draw
from gxn.steps.match import match
from settings import CAPTION, DRAW, MATCH

from gxn.training import loop
from gxn.training.resume import Resume


class Killed(Exception):
    pass


def test_a_finished_stage_leaves_the_folders_of_others_alone(tmp_path):
    """Another job may be about to make its own beside it."""
    resume = Resume(tmp_path / "warmup/cosine/seed0", "recipe")
    resume.save({})
    resume.clear()
    assert list(tmp_path.rglob("*")) == [tmp_path / "warmup", tmp_path / "warmup/cosine"]


@pytest.fixture
def warmup(arguments, data):
    stage = {"epochs": 1, "matches": 1, "select": False, "match": MATCH}
    match(None, **arguments("warmup", stage=stage))
    return data / "warmup.safetensors"


def stages(data, warmup):
    """Each stage as a function of its common arguments, and its section, of four epochs."""
    frequencies, thumbnails = data / "frequencies.h5", data / "thumbnails.h5"
    rate = {"decay_epoch": 1}
    return {
        "match": (match, (None,), {"matches": 1, "select": False, "match": MATCH | rate}),
        "match_selecting": (match, (warmup,), {"matches": 2, "select": True, "match": MATCH | rate}),
        "caption_xe": (caption, (warmup, None, frequencies), {"caption": CAPTION | {"gamma": 0}}),
        "caption_mix": (caption, (warmup, None, frequencies), {"caption": CAPTION}),
        "draw": (draw, (warmup, thumbnails), {"draw": DRAW}),
    }


@pytest.mark.parametrize("name", ["match", "match_selecting", "caption_xe", "caption_mix", "draw"])
def test_half_a_kill_and_half_is_a_whole(arguments, data, warmup, monkeypatch, name):
    step, files, section = stages(data, warmup)[name]
    section = section | {"epochs": 4}
    step(*files, **arguments("whole", stage=section))
    save, saved = loop.Resume.save, []

    def save_and_die(self, state):
        save(self, state)
        saved.append(1)
        if len(saved) == 2:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(loop.Resume, "save", save_and_die)
        step(*files, **arguments("parts", stage=section))
    assert not (data / "parts.safetensors").exists()
    torch.manual_seed(999)  # nothing may hang on the state of the process that goes on
    step(*files, **arguments("parts", stage=section))
    for suffix in (".safetensors", ".csv"):
        assert (data / f"parts{suffix}").read_bytes() == (data / f"whole{suffix}").read_bytes()


def test_a_flipped_bit_in_the_state_starts_anew(arguments, data, monkeypatch, capsys):
    stage = {"epochs": 2, "matches": 1, "select": False, "match": MATCH}
    match(None, **arguments("whole", stage=stage))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        save = loop.Resume.save

        def save_and_die(self, state):
            save(self, state)
            raise Killed

        patch.setattr(loop.Resume, "save", save_and_die)
        match(None, **arguments("parts", stage=stage))
    state = data / "scratch" / "parts" / "last.pt"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    match(None, **arguments("parts", stage=stage))
    assert "starting anew" in capsys.readouterr().out
    assert (data / "parts.safetensors").read_bytes() == (data / "whole.safetensors").read_bytes()
