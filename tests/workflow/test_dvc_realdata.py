"""A real dataset beside the embedded one: a branch, with the photographs themselves under DVC."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from copies import copy_of_working_tree

pytestmark = pytest.mark.slow
MINE = """
dataset: {name: flickr8k, source: {kind: images, images: own/photographs, captions: own/captions.json}}
cnn: {name: squeezenet1_1, layer: pool, weights: own/weights.safetensors}
features: {crop: 224, batch_size: 4}
methods: {gxn_i2t_t2i: null}
"""
SPLITS = {"train": 200, "val": 40, "test": 60}


def cut(realdata: Path, own: Path) -> None:
    """The first images of each split, their captions and a small network's weights."""
    captions = json.loads((realdata / "flickr8k/dataset_flickr8k.json").read_text(encoding="utf-8"))
    images = [
        image
        for split, count in SPLITS.items()
        for image in [each for each in captions["images"] if each["split"] == split][:count]
    ]
    (own / "photographs").mkdir(parents=True)
    for image in images:
        shutil.copyfile(
            realdata / "flickr8k/images" / image["filename"], own / "photographs" / image["filename"]
        )
    shutil.copyfile(realdata / "weights/squeezenet1_1.safetensors", own / "weights.safetensors")
    (own / "captions.json").write_text(json.dumps(captions | {"images": images}), encoding="utf-8")
    (own / "mine.yaml").write_text(MINE, encoding="utf-8")


def test_a_branch_with_photographs_travels(realdata, place):
    """One row that imagines nothing: dvc.yaml has to do without the outs of the others."""
    copy = copy_of_working_tree(place / "photographs", place / "home")
    copy.git("switch", "--quiet", "--create", "flickr8k")
    cut(realdata, copy.path / "own")
    copy.dvc("add", "own/captions.json", "own/photographs", "own/weights.safetensors")
    copy.configure("config/smoke.yaml", "own/mine.yaml")
    copy.dvc("repro")
    copy.commit("Flickr8k, a cut")
    tracked = copy.git("ls-files", "own").split()
    assert not [name for name in tracked if name.endswith((".jpg", ".safetensors", "captions.json"))]
    storage = ["remote", "modify", "--local", "storage", "url", str(place / "photographs-storage")]
    copy.dvc(*storage)
    copy.dvc("push")

    clone = copy.clone(place / "photographs-clone")
    clone.dvc(*storage)
    clone.dvc("pull")
    folders = ("data", "results", "own/photographs")
    made = {path: md5 for path, (md5, _) in copy.files(*folders).items()}
    assert {path: md5 for path, (md5, _) in clone.files(*folders).items()} == made
    assert "Data and pipelines are up to date." in clone.dvc("status")
    said = clone.snakemake("-n", "results/table_ablation.csv")
    assert "Nothing to be done" in said and "missing provenance" not in said
    table = pd.read_csv(clone.path / "results/table_ablation.csv")
    assert set(table.dataset) == {"flickr8k"} and list(table.method) == ["cca", "vsepp"]

    clone.git("switch", "--quiet", "main")
    assert not (clone.path / "own/captions.json.dvc").exists(), "main knows nothing of it"
    shutil.rmtree(copy.path)
    shutil.rmtree(clone.path)
