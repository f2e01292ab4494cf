"""Files of the data and of the CNN, whether they are made here or the user's."""

import json

from plans import OWN, plan
from workflow import data_files, job_params

READY = "features: {file: own/clip.npy}\ndataset: {source: {images: null}}\nfinetune: {methods: []}"
NO_DRAWING = "methods: {gxn_t2i: null, gxn_i2t_t2i: null}"


def test_scenes_are_rendered_and_their_cnn_is_trained_here():
    found = plan()
    assert data_files.images(found) == "data/scenes/images.h5"
    assert data_files.weights(found) == "results/{dataset}/checkpoints/cnn.safetensors"
    assert data_files.trained_cnn(found) == [
        "data/scenes/preflight/cnn.json",
        "results/scenes/checkpoints/cnn.safetensors",
        "results/scenes/curves/cnn.csv",
    ]
    assert data_files.source_inputs(found) == {"captions": [], "images": [], "features": []}


def test_photographs_and_weights_of_the_users_are_read_where_they_are():
    found = plan(OWN)
    assert (data_files.images(found), data_files.weights(found)) == ("own/images", "own/weights.safetensors")
    assert data_files.rendered(found) == data_files.trained_cnn(found) == data_files.cnn_curves(found) == []
    assert data_files.source_inputs(found) == {
        "captions": ["own/captions.json"],
        "images": [],
        "features": [],
    }
    assert data_files.decided(found) == ["data/mine/split.json"] and data_files.decided(plan()) == []


def test_photographs_that_are_fetched_are_inputs():
    fetched = OWN.replace("own/images", "data/raw/coco")
    assert data_files.source_inputs(plan(fetched))["images"] == ["data/raw/coco"]


def test_ready_features_take_the_place_of_the_cnn_and_of_photographs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/clip.txt").write_text("1.jpg\n")
    found = plan(OWN, READY, NO_DRAWING, "cnn: {weights: null}")
    assert data_files.feature_files(found) == ["data/mine/features.h5"] and data_files.cnn_curves(found) == []
    assert data_files.ready_features(found) == ["own/clip.npy", "own/clip.txt"]
    assert json.loads(job_params.features(found)) == {"file": "own/clip.npy", "storage_dtype": "float32"}
    assert (data_files.images_option(found), data_files.gan_images(found)) == ("", [])
    assert "data/mine/gan_images.h5" not in data_files.data_files(found)
    assert data_files.images_option(plan(OWN)) == "--images own/images"
