"""The classification set of the CNN: its answers are true, and it repeats itself."""

from dataclasses import replace

import pytest

from gxn.datasets.scenes import Scene, Thing, stream_of
from gxn.datasets.shapes import QUESTIONS, STREAM, answers, classification_set, mirrored


def test_answers_of_the_classification_set() -> None:
    scene = Scene("sea", (Thing("star", "red", "small", "dotted", "bottom left"),))
    told = dict(zip(QUESTIONS, answers(scene), strict=True))
    assert QUESTIONS["ground", ""][told["ground", ""]] == "sea"
    named = {key: QUESTIONS[key][answer] for key, answer in told.items() if key[1]}
    assert {key: value for key, value in named.items() if value != "none"} == {
        ("shape", "bottom left"): "star",
        ("colour", "bottom left"): "red",
        ("size", "bottom left"): "small",
        ("texture", "bottom left"): "dotted",
    }
    mirror = answers(Scene("sea", (replace(scene.things[0], place="bottom right"),)))
    assert (answers(scene)[mirrored()] == mirror).all()


def test_the_classification_set_repeats_itself() -> None:
    one, two = list(classification_set(0, 32, 6)), list(classification_set(0, 32, 6))
    assert all((a == c).all() and (b == d).all() for (a, b), (c, d) in zip(one, two, strict=True))


@pytest.mark.parametrize("size", [32, 48])
def test_images_have_the_side_asked_for(size: int) -> None:
    images, right = zip(*classification_set(0, size, 3), strict=True)
    assert all(image.shape == (size, size, 3) for image in images)
    assert all(each.shape == (len(QUESTIONS),) for each in right)


def test_its_scenes_are_in_no_split() -> None:
    assert STREAM not in ("train", "val", "test")
    scene = Scene("sea", (Thing("star", "red", "small", "dotted", "middle"),))
    assert stream_of(scene) in ("train", "val", "test", STREAM)


def test_every_answer_is_one_of_its_question() -> None:
    for _, right in classification_set(3, 32, 20):
        assert all(0 <= each < len(values) for each, values in zip(right, QUESTIONS.values(), strict=True))


def test_mirroring_twice_changes_nothing() -> None:
    assert (mirrored()[mirrored()] == range(len(QUESTIONS))).all()
