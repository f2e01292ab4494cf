"""The reader learns to read, reads pictures of any size alike, and survives its file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from gxn.datasets.images import centre_crop, resize_shorter
from gxn.datasets.palette import PLACES, SIZES
from gxn.datasets.scenes import draw
from gxn.datasets.shapes import answers, classification_set
from gxn.errors import GxnError
from gxn.evaluation import reader_training
from gxn.evaluation.reader import PATCH, SIDE, Reader, corners, load_reader, read, save_reader
from gxn.evaluation.reader_training import jittered, reading_loss, rendered, scene_of, train_reader


@pytest.fixture(scope="module", autouse=True)
def few_held_out() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader_training, "HELD_OUT", 60)
        yield


@pytest.fixture(scope="module")
def trained(few_held_out: None) -> tuple:
    return train_reader(seed=1, images=320, steps=60, size=32)


def test_two_seconds_of_training_are_far_above_chance(trained: tuple) -> None:
    _, accuracy = trained
    assert accuracy.ground > 0.9 and accuracy.presence > 0.85 and accuracy.colour > 0.5


def test_training_repeats_to_the_bit() -> None:
    one, two = (train_reader(seed=2, images=32, steps=3, size=32)[0].state_dict() for _ in range(2))
    other = train_reader(seed=3, images=32, steps=3, size=32)[0].state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["ground_head.weight"], other["ground_head.weight"])


def test_reading_does_not_depend_on_the_batch_and_leaves_the_global_state(trained: tuple) -> None:
    pictures = np.stack([pixels for pixels, _ in classification_set(5, 32, 20)]).transpose(0, 3, 1, 2)
    state = torch.random.get_rng_state()
    together = read(trained[0], pictures)
    assert together == [read(trained[0], each[None])[0] for each in pictures]
    assert torch.equal(state, torch.random.get_rng_state())
    assert read(trained[0], pictures[:0]) == []


def test_larger_pictures_are_read_as_their_thumbnails(trained: tuple) -> None:
    large = [pixels for pixels, _ in classification_set(5, 64, 20)]
    small = [centre_crop(resize_shorter(pixels, 32), 32) for pixels in large]
    one, two = (read(trained[0], np.stack(each).transpose(0, 3, 1, 2)) for each in (large, small))
    assert one == two


def test_patches_hold_their_places() -> None:
    for (x, y), centre in zip(corners(), PLACES.values(), strict=True):
        assert 0 <= x <= SIDE - PATCH and 0 <= y <= SIDE - PATCH
        assert abs(x + PATCH / 2 - centre[0] * SIDE) < 0.5 and abs(y + PATCH / 2 - centre[1] * SIDE) < 0.5
    assert 2 * max(SIZES.values()) * SIDE < PATCH


def test_only_the_patch_of_a_place_changes_its_answers() -> None:
    torch.manual_seed(0)
    reader = Reader().eval()
    picture = torch.rand(1, 3, SIDE, SIDE)
    other = picture.clone()
    other[:, :, :8, :8] = 0  # inside the patch of the top left alone
    for one, two in zip(reader(picture)[1:], reader(other)[1:], strict=True):
        assert not torch.allclose(one[0, 0], two[0, 0])
        assert torch.equal(one[0, 1:], two[0, 1:])


def test_answers_become_the_scene_again() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        scene = draw(rng, 1, 5)
        assert scene_of(answers(scene).tolist()) == scene.facts()


def test_rendered_pictures_of_both_sizes() -> None:
    for size in (32, 64):
        pictures, right = rendered(0, 3, size)
        assert pictures.shape == (3, 3, 32, 32) and pictures.dtype == torch.uint8 and right.shape == (3, 21)
    first = next(classification_set(0, 32, 1))[0]
    assert np.array_equal(rendered(0, 1, 32)[0][0].numpy(), first.transpose(2, 0, 1))


def test_jitter_keeps_the_picture() -> None:
    pictures = rendered(0, 8, 32)[0]
    noisy = jittered(pictures, torch.Generator().manual_seed(0))
    apart = (noisy - pictures).abs().mean(dim=(1, 2, 3))
    assert (apart > 0.5).all() and (apart < 60).all()


def test_loss_by_hand() -> None:
    answers = torch.zeros(1, 21, dtype=torch.long)
    answers[0, :5] = torch.tensor(
        [2, 3, 1, 2, 4]
    )  # ground 2; in the first place shape 3, colour 1, size 2, texture 4
    zeros = [torch.zeros(1, 8), *(torch.zeros(1, 5, width) for width in (1, 9, 9, 3, 4))]
    expected = sum(np.log(width) for width in (8, 2, 9, 9, 3, 4))
    assert reading_loss(zeros, answers).item() == pytest.approx(expected, rel=1e-5)
    sure = [each.clone() for each in zeros]
    sure[0][0, 2] = 50
    sure[1][0, :, 0] = torch.tensor([50.0, -50, -50, -50, -50])
    for logits, index in zip(sure[2:], (2, 0, 1, 3), strict=True):
        logits[0, 0, index] = 50
        logits[0, 1:] = 7.0  # where no thing is, attributes do not count
    assert reading_loss(sure, answers).item() == pytest.approx(0, abs=1e-6)


def test_file_and_back(trained: tuple, tmp_path: Path) -> None:
    reader, accuracy = trained
    pictures = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    save_reader(tmp_path / "reader.safetensors", reader, {"accuracy": accuracy.mean})
    again, metadata = load_reader(tmp_path / "reader.safetensors")
    assert read(again, pictures) == read(reader, pictures)
    assert metadata == {"accuracy": accuracy.mean}


def test_bad_input_is_named(tmp_path: Path) -> None:
    reader = Reader()
    for pictures in (
        np.zeros((1, 3, 32, 32)),
        np.zeros((1, 3, 16, 16), np.uint8),
        np.zeros((3, 32, 32), np.uint8),
    ):
        with pytest.raises(GxnError, match="pictures must be"):
            read(reader, pictures)
    with pytest.raises(GxnError, match="images >= 32"):
        train_reader(0, 8, 1, 32)
    from gxn.files import save_tensors

    save_tensors(tmp_path / "other.safetensors", {"x": torch.zeros(1)}, {})
    with pytest.raises(GxnError, match="is not a reader"):
        load_reader(tmp_path / "other.safetensors")
