"""Time, memory and disk of the data of a run."""

import pytest
import torch
from karpathy_json import dataset
from small import PHOTOGRAPHS, ROOT, configuration

from gxn.configuration.files import load
from gxn.datasets.downloads import source
from gxn.errors import GxnError
from gxn.estimation.data import (
    PHOTOGRAPH_LENGTH,
    PHOTOGRAPH_WORDS,
    SCENE_LENGTH,
    SCENE_WORDS,
    Counts,
    count,
    downloads,
    features,
    rendering,
)
from gxn.files import write_json

CPU = torch.device("cpu")
SCENES = {
    "dataset": {"source": {"train": 100, "val": 20, "test": 30, "size": 64}},
    "training": {"batch_size": 64},
}
UNCOUNTED = {"dataset": {"source": {"expected_counts": None}}}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Nothing is prepared or downloaded in the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestCount:
    def test_scenes_are_counted_as_they_are_configured(self):
        assert count(configuration(SCENES)) == Counts(
            150, 500, SCENE_WORDS, SCENE_LENGTH, "configured; words in round figures"
        )

    def test_photographs_as_they_are_expected(self):
        expected = Counts(
            8000, 30_000, PHOTOGRAPH_WORDS, PHOTOGRAPH_LENGTH, "configured; words in round figures"
        )
        assert count(configuration(PHOTOGRAPHS)) == expected

    def test_or_in_their_prepared_files(self, elsewhere):
        folder = elsewhere / "data" / "mine"
        write_json(folder / "captions.json", {"images": dataset(("train", "train", "val", "test"))["images"]})
        write_json(folder / "vocabulary.json", {"words": ["<pad>", "<bos>", "<eos>", "<unk>", "a", "dog"]})
        found = count(configuration(PHOTOGRAPHS, {"dataset": {"name": "mine"}}))
        assert found == Counts(4, 4, 2, 2.0, "counted in data/mine")

    def test_or_in_the_users_captions(self, elsewhere):
        from karpathy_json import save_images

        write_json(elsewhere / "b.json", dataset())
        save_images(dataset(), elsewhere / "a")
        found = count(configuration(PHOTOGRAPHS, UNCOUNTED, {"vocabulary": {"min_count": 4}}))
        assert found == Counts(4, 4, 2, 2.0, "counted in the captions")

    def test_without_any_of_them_nothing_can_be(self):
        with pytest.raises(GxnError, match=r"^dataset\.source\.captions: b\.json: no such file, so nothing"):
            count(configuration(PHOTOGRAPHS, UNCOUNTED))


class TestDownloads:
    @pytest.fixture
    def coco(self):
        return load([ROOT / "params.yaml", ROOT / "config" / "coco.yaml"])

    def test_archives_and_weights_are_downloaded(self, coco):
        archives = sum(
            source(name).bytes for name in ("train2014.zip", "val2014.zip", "caption_datasets.zip")
        )
        weights = 230.434 * 2**20
        assert sum(line.download for line in downloads(coco)) == pytest.approx(archives + weights, rel=1e-6)

    def test_archives_stay_beside_what_is_unpacked(self, coco):
        assert sum(line.disk for line in downloads(coco)) > 2 * 20e9

    def test_what_is_there_is_not_downloaded(self, coco, elsewhere):
        (elsewhere / "data/raw/coco").mkdir(parents=True)
        assert sum(line.download for line in downloads(coco)) < 1e9

    def test_nor_what_is_the_users(self):
        assert downloads(configuration(PHOTOGRAPHS)) == []

    def test_scenes_need_nothing(self):
        assert downloads(configuration()) == []


class TestRendering:
    def test_scenes_take_their_pixels(self):
        (line,) = rendering(configuration(SCENES))
        assert (line.step, line.disk) == ("prepare", 3 * 64**2 * 150) and line.seconds > 0

    def test_photographs_are_not_rendered(self):
        assert rendering(configuration(PHOTOGRAPHS)) == []


@pytest.fixture(scope="module")
def found():
    """Estimate of the features of small images."""
    few = {"features": {"crop": 32, "storage_dtype": "float16"}, "cnn": {"pretrain": {"size": 32}}}
    return features(configuration(few), Counts(1000, 5000, 50, 11.0, ""), CPU)


class TestFeatures:
    def test_they_take_two_bytes_a_number_in_half_precision(self, found):
        lines, width, _ = found
        assert [line.step for line in lines] == ["prepare, gan_images", "features"]
        assert lines[1].disk == 2 * width * 1000

    def test_they_take_the_seconds_of_a_crop_for_each_image(self, found):
        lines, _, seconds = found
        assert lines[1].seconds == pytest.approx(1000 * seconds)

    def test_small_images_take_their_pixels(self, found):
        side = configuration().dataset.gan_image_size
        assert found[0][0].disk == 3 * side**2 * 1000
