"""The source that renders scenes: its files, sizes and bytes."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.hdf5 import hdf5_metadata
from gxn.sources._source import Order
from gxn.sources.scenes import Parameters, in_order, make

SETTINGS = {"seed": 0, "size": 32, "train": 70, "val": 10, "test": 12}


def made(folder: Path, **changes: int) -> tuple[list[dict], np.ndarray, np.ndarray]:
    """Images of captions.json, their pixels, and the ids of those."""
    order = Order("toy", folder / "captions.json", folder / "images.h5")
    make(Parameters(**SETTINGS | changes), order)
    with h5py.File(order.images) as file:
        return json.loads(order.captions.read_text())["images"], file["images"][:], file["imgid"][:]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict], np.ndarray, np.ndarray]:
    """Scenes of the settings above."""
    return made(tmp_path_factory.mktemp("small"))


def test_there_are_as_many_images_as_are_asked_for(small):
    images, pixels, _ = small
    assert [each["split"] for each in images] == ["train"] * 70 + ["val"] * 10 + ["test"] * 12
    assert pixels.shape == (92, 32, 32, 3) and pixels.dtype == np.uint8


def test_pixels_and_captions_are_joined_by_id(small):
    images, _, imgid = small
    assert imgid.tolist() == [each["imgid"] for each in images] == list(range(92))


def test_ids_of_sentences_count_through(small):
    sentences = [sentence for each in small[0] for sentence in each["sentences"]]
    assert [sentence["sentid"] for sentence in sentences] == list(range(5 * 92))


def test_sentences_are_those_of_their_image(small):
    for image in small[0]:
        assert image["sentids"] == [each["sentid"] for each in image["sentences"]]
        assert {each["imgid"] for each in image["sentences"]} == {image["imgid"]}


def test_file_names_differ(small):
    assert len({each["filename"] for each in small[0]}) == 92


def test_no_image_is_empty(small):
    assert all(image.std() > 0 for image in small[1])


def test_every_image_has_the_facts_of_its_scene(small):
    parameters = Parameters(**SETTINGS)
    expected = [scene.facts() for _, _, _, scene in in_order(parameters)]
    assert [each["scene"] for each in small[0]] == expected


def test_every_sentence_has_the_facts_that_it_states(small):
    assert all(sentence["mentions"] for each in small[0] for sentence in each["sentences"])


def test_the_dataset_is_named(tmp_path):
    made(tmp_path)
    assert json.loads((tmp_path / "captions.json").read_text())["dataset"] == "toy"


def test_the_same_settings_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        made(tmp_path / name)
    for file in ("captions.json", "images.h5"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("change", [{"seed": 1}, {"size": 33}, {"train": 71}])
def test_the_file_of_images_tells_the_settings(tmp_path, change):
    found = []
    for name, changes in (("one", {}), ("two", change)):
        made(tmp_path / name, **changes)
        with h5py.File(tmp_path / name / "images.h5") as file:
            found.append(hdf5_metadata(file))
    assert found[0] != found[1]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict], np.ndarray, np.ndarray]:
    """The same scenes, but for a larger training split."""
    return made(tmp_path_factory.mktemp("large"), train=130)


class TestSizes:
    """An image is the same whatever the sizes of the splits."""

    def test_its_pixels(self, small, large):
        assert (small[1][:70] == large[1][:70]).all() and (small[1][70:] == large[1][130:]).all()

    def test_its_scene(self, small, large):
        facts = [[each["scene"] for each in which[0]] for which in (small, large)]
        assert facts[0] == facts[1][:70] + facts[1][130:]

    def test_its_captions(self, small, large):
        raw = [[s["raw"] for each in which[0] for s in each["sentences"]] for which in (small, large)]
        assert raw[0] == raw[1][:350] + raw[1][650:]


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    from gxn.datasets import rendering

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rendering, "render", fail)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_source_says_what_it_will_make():
    parameters = Parameters(**SETTINGS)
    assert (parameters.renders(), parameters.images_folder(), parameters.captions_files()) == (True, None, ())
    assert (parameters.counts(), parameters.image_side()) == ((70, 10, 12, 350), 32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": 0}, "train: must be at least 2, not 0"),
        ({"test": 10_000_001}, "test: must be at most 10000000, not 10000001"),
        ({"val": "many"}, "val: must be a whole number, not 'many'"),
        ({"size": 16}, "size: must be at least 32, not 16"),
        ({"size": 513}, "size: must be at most 512, not 513"),
        ({"seed": 2**63}, f"seed: must be at most {2**63 - 1}, not {2**63}"),
        ({"tran": 3}, "tran: unknown key; did you mean 'train'?"),
    ],
)
def test_what_cannot_be_made_is_refused(change, message):
    with pytest.raises(GxnError) as caught:
        parse(Parameters, SETTINGS | change, "scenes")
    assert str(caught.value) == f"scenes: {message}"
