"""The step of the joint stage: its files, a kill, modes, and what a row that lacks a file is told."""

import pytest
import torch
from tiny import Killed, kill_after, train

from gxn.errors import GxnError
from gxn.files import load_tensors, save_tensors
from gxn.training.captioning import Captioning
from gxn.training.drawing import Drawing
from gxn.training.matching import Matching

GROUNDS = {"joint": {"epochs": 3, "lr_grounded_image": 0.001, "lr_grounded_text": 0.001}}
OBJECTIVES = (Matching, Captioning, Drawing)


def joint(data, pretrained, out: str, *changes: dict, row: str = "both", **files):
    return train(data, out, "joint", row, *changes, **pretrained | files)


@pytest.mark.parametrize(
    ("row", "networks"),
    [
        ("captions", {"encoders", "decoder"}),
        ("draws", {"encoders", "augmentation", "generator", "discriminator"}),
        ("both", {"encoders", "decoder", "augmentation", "generator", "discriminator"}),
    ],
)
def test_the_checkpoint_holds_the_networks_of_the_row(data, pretrained, row, networks):
    tensors, _ = load_tensors(joint(data, pretrained, "a", row=row))
    assert {name.partition(".")[0] for name in tensors} == networks


@pytest.mark.parametrize("saves", [1, 3])
def test_a_run_that_is_killed_ends_with_the_same_bytes(data, pretrained, monkeypatch, saves):
    whole = joint(data, pretrained, "whole", GROUNDS)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, saves)
        joint(data, pretrained, "parts", GROUNDS)
    torch.manual_seed(999)  # the resumed process must not depend on what its generator was
    parts = joint(data, pretrained, "parts", GROUNDS)
    for suffix in (".safetensors", ".csv"):
        assert parts.with_suffix(suffix).read_bytes() == whole.with_suffix(suffix).read_bytes()
    assert list((data / "scratch").iterdir()) == []


def test_a_discriminator_that_won_before_is_kept_as_a_warning(data, pretrained):
    tensors, about = load_tensors(pretrained["gan"])
    save_tensors(data / "won.safetensors", tensors, about | {"warnings": ["the discriminator has won"]})
    for row, expected in (("draws", ["the discriminator has won"]), ("captions", [])):
        _, found = load_tensors(joint(data, pretrained, row, row=row, gan=data / "won.safetensors"))
        assert found["warnings"] == expected


def test_a_row_that_grounds_ends_elsewhere(data, pretrained):
    found = [
        load_tensors(joint(data, pretrained, out, changes))[0]["encoders.image.grounded.weight"]
        for out, changes in (("a", {"joint": {"epochs": 3}}), ("b", GROUNDS))
    ]
    assert not torch.equal(*found)


def test_a_shuffled_row_grounds_otherwise(data, pretrained):
    found = [
        load_tensors(joint(data, pretrained, out, GROUNDS, changes))[0]["encoders.image.grounded.weight"]
        for out, changes in (("a", {}), ("b", {"methods": {"both": {"shuffled": True}}}))
    ]
    assert not torch.equal(*found)


def test_every_network_trains_in_training_mode_and_validates_in_evaluation_mode(
    data, pretrained, monkeypatch
):
    seen = set()
    for objective in OBJECTIVES:
        for name, mode in (("step", True), ("validate", False)):
            original = getattr(objective, name)

            def checked(self, given, original=original, mode=mode):
                trained = [each for key, each in self.modules.items() if key != "average"]
                assert all(module.training == mode for each in trained for module in each.modules())
                seen.add((type(self), mode))
                return original(self, given)

            monkeypatch.setattr(objective, name, checked)
    joint(data, pretrained, "a")
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("row", "missing", "message"),
    [
        ("captions", {"decoder": None}, "row captions: captions, so it needs --decoder and --frequencies"),
        (
            "captions",
            {"frequencies": None},
            "row captions: captions, so it needs --decoder and --frequencies",
        ),
        ("draws", {"gan": None}, "row draws: draws, so it needs --gan and --gan-images"),
        ("draws", {"gan_images": None}, "row draws: draws, so it needs --gan and --gan-images"),
    ],
)
def test_a_row_that_lacks_a_file_is_told(data, pretrained, row, missing, message):
    with pytest.raises(GxnError) as caught:
        joint(data, pretrained, "a", row=row, **missing)
    assert str(caught.value) == message


def test_a_row_that_captions_needs_nothing_of_drawing(data, pretrained):
    joint(data, pretrained, "a", row="captions", gan=None, gan_images=None)


def test_a_checkpoint_of_another_kind_is_refused(data, pretrained):
    with pytest.raises(GxnError, match=r"gan\.safetensors: does not fit the configured decoder"):
        joint(data, pretrained, "a", row="captions", decoder=pretrained["gan"])
