"""The step that gives the facts of scenes as features."""

import h5py
import numpy as np
import pytest
from small import config_files

from gxn.datasets.palette import ATTRIBUTES, GROUNDS, PLACES
from gxn.errors import GxnError
from gxn.files import write_json
from gxn.steps.oracle_features import Arguments, one_hot, oracle_features

THING = {"shape": "star", "colour": "red", "size": "small", "texture": "plain", "place": "middle"}
SCENES = [
    {"ground": next(iter(GROUNDS)), "things": [THING]},
    {"ground": next(iter(GROUNDS)), "things": [THING | {"place": "top left"}]},
]


def written(tmp_path, images):
    write_json(tmp_path / "captions.json", {"images": images})
    paths = {"captions": tmp_path / "captions.json", "out": tmp_path / "facts.h5"}
    oracle_features(Arguments(config=config_files(tmp_path, {}), **paths))
    return paths["out"]


def test_a_scene_has_a_one_for_its_ground_and_for_each_attribute_of_a_thing():
    assert one_hot(SCENES[0]).sum() == 1 + len(ATTRIBUTES)


def test_all_facts_have_a_place():
    assert len(one_hot(SCENES[0])) == len(GROUNDS) + len(PLACES) * sum(map(len, ATTRIBUTES.values()))


def test_the_place_of_a_thing_counts():
    assert (one_hot(SCENES[0]) != one_hot(SCENES[1])).sum() == 2 * len(ATTRIBUTES)


def test_the_file_has_a_row_for_each_image(tmp_path):
    images = [{"imgid": number, "scene": scene} for number, scene in zip((7, 3), SCENES, strict=True)]
    with h5py.File(written(tmp_path, images)) as file:
        assert file["imgid"][:].tolist() == [7, 3]
        np.testing.assert_array_equal(file["features"][:], [one_hot(scene) for scene in SCENES])


def test_photographs_have_no_facts(tmp_path):
    with pytest.raises(GxnError, match=r"captions\.json: an image has no facts of a scene \('scene'\)"):
        written(tmp_path, [{"imgid": 1}])
