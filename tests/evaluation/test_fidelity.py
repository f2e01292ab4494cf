"""Real scenes follow their captions, permuted ones do not."""

import numpy as np
import pytest

from gxn.datasets.grammar import captions
from gxn.datasets.palette import COLOURS, GROUNDS, PLACES
from gxn.datasets.rendering import render
from gxn.datasets.scenes import generator, scenes
from gxn.errors import GxnError
from gxn.evaluation.fidelity import closeness, colour_fidelity, compared, facts, lab

COUNT = 60


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, list]:
    found = list(scenes(0, "test", COUNT))
    images = [render(scene, 32, generator(0, "test", index, 1)) for index, scene in enumerate(found)]
    told = [captions(scene, generator(0, "test", index, 2)) for index, scene in enumerate(found)]
    mentions = [[mention for caption in five for mention in caption.mentions] for five in told]
    return np.stack(images).transpose(0, 3, 1, 2), mentions


def test_real_scenes_score_high(drawn: tuple[np.ndarray, list]) -> None:
    result = colour_fidelity(*drawn)
    assert result.score > 0.7 and result.gain > 0.5 and result.z > 10
    assert result.score > 1.8 * result.chance


def test_permuted_captions_score_nothing(drawn: tuple[np.ndarray, list]) -> None:
    images, mentions = drawn
    # one shift of so few captions strays by some 0.03, so many are averaged
    results = [colour_fidelity(images, mentions[by:] + mentions[:by]) for by in range(7, 55, 4)]
    assert abs(np.mean([result.gain for result in results])) < 0.02
    assert abs(np.mean([result.z for result in results])) < 1
    assert max(result.z for result in results) < 4


@pytest.mark.parametrize("fact", ["placed", "anywhere", "ground"])
def test_each_kind_of_fact_counts(drawn: tuple[np.ndarray, list], fact: str) -> None:
    def kind(mention: dict) -> str:
        return "ground" if "ground" in mention else "placed" if "place" in mention else "anywhere"

    images, mentions = drawn
    result = colour_fidelity(images, [[each for each in told if kind(each) == fact] for told in mentions])
    assert result.gain > 0.4 and result.z > 5


def test_places_count(drawn: tuple[np.ndarray, list]) -> None:
    images, mentions = drawn
    placed = [[each for each in told if {"place", "colour"} <= set(each)] for told in mentions]
    upright, turned = colour_fidelity(images, placed), colour_fidelity(images[:, :, ::-1, ::-1], placed)
    assert turned.gain < upright.gain / 2


def test_floats_are_scored_as_bytes(drawn: tuple[np.ndarray, list]) -> None:
    images, mentions = drawn
    assert colour_fidelity((images / 255).astype(np.float32), mentions).score == pytest.approx(
        colour_fidelity(images, mentions).score, abs=1e-5
    )


def test_grey_images_are_at_chance() -> None:
    mentions = [[{"colour": colour, "place": place}] for colour in COLOURS for place in PLACES]
    result = colour_fidelity(np.full((len(mentions), 3, 32, 32), 128, np.uint8), mentions)
    assert result.gain == pytest.approx(0, abs=1e-9)
    assert result.z == 0


def test_a_painted_image_meets_its_facts_and_no_others() -> None:
    image = np.empty((1, 3, 64, 64), np.uint8)
    image[:] = np.array(GROUNDS["grass"], np.uint8)[None, :, None, None]
    image[0, :, 10:22, 10:22] = np.array(COLOURS["pink"], np.uint8)[:, None, None]
    scores = dict(zip(facts(), closeness(image)[0], strict=True))
    assert scores["top left", "pink"] == scores["anywhere", "pink"] == scores["ground", "grass"] == 1
    assert max(scores["middle", "pink"], scores["top left", "blue"], scores["ground", "night"]) < 0.2


def test_lab_of_known_colours() -> None:
    assert lab(np.array([1.0, 1, 1])) == pytest.approx([100, 0, 0], abs=0.1)
    assert lab(np.array([1.0, 0, 0])) == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    assert lab(np.zeros(3)) == pytest.approx([0, 0, 0], abs=0.1)


def test_chance_is_the_mean_of_the_other_captions() -> None:
    pairs = np.random.default_rng(1).random((7, 7))
    naive = np.mean([pairs[i, j] for i in range(7) for j in range(7) if i != j])
    assert compared(pairs).chance == pytest.approx(naive)
    assert compared(pairs).score == pytest.approx(np.mean([pairs[i, i] for i in range(7)]))


def test_bad_input_is_named() -> None:
    images = np.zeros((3, 3, 32, 32), np.uint8)
    told = [[{"ground": "sea"}]] * 3
    with pytest.raises(GxnError, match="3 captions"):
        colour_fidelity(images[:2], told)
    with pytest.raises(GxnError, match=r"within 0\.\.1"):
        colour_fidelity(images - 1.0, told)
    with pytest.raises(GxnError, match="fewer than two captions"):
        colour_fidelity(images, [[{"shape": "star"}], [], [{"ground": "sea"}]])
