"""Labels: of scenes, of COCO's categories, and of clusters of captions."""

import json

import numpy as np
import pytest

from gxn.datasets.clusters import fit_clusters, kmeans
from gxn.datasets.labels import category_labels, coco_id, read_labels, scene_labels, write_labels
from gxn.datasets.scenes import draw
from gxn.errors import GxnError


def test_a_scene_has_the_colour_and_shape_of_each_thing():
    rng = np.random.default_rng(0)
    made = [draw(rng, 2, 4) for _ in range(60)]
    labels = scene_labels([{"scene": scene.facts()} for scene in made], "captions.json")
    for scene, row in zip(made, labels.multi_hot, strict=True):
        own = {name for name, has in zip(labels.names, row, strict=True) if has}
        assert own == {f"{thing.colour} {thing.shape}" for thing in scene.things}
    assert not labels.pseudo
    with pytest.raises(GxnError, match="no facts of a scene"):
        scene_labels([{"filename": "a.jpg"}], "captions.json")


def instances(tmp_path, name, images, annotations, categories=((3, "car"), (18, "dog"))):
    path = tmp_path / name
    content = {
        "images": [{"id": each} for each in images],
        "annotations": [{"image_id": image, "category_id": category} for image, category in annotations],
        "categories": [{"id": number, "name": text} for number, text in categories],
    }
    path.write_text(json.dumps(content))
    return path


def test_coco_images_have_the_categories_of_their_objects(tmp_path):
    train = instances(tmp_path, "train.json", [9, 25], [(9, 3), (9, 3), (9, 18)])
    val = instances(tmp_path, "val.json", [42], [(42, 18)])
    names = ["val2014/COCO_val2014_000000000042.jpg", "COCO_train2014_000000000025.jpg", "000000000009.jpg"]
    labels = category_labels([train, val], names)
    assert labels.names == ("car", "dog") and labels.multi_hot.tolist() == [[0, 1], [0, 0], [1, 1]]
    with pytest.raises(GxnError, match=r"7\.jpg: is not in"):
        category_labels([train, val], ["7.jpg"])
    other = instances(tmp_path, "other.json", [42], [], ((3, "cat"),))
    with pytest.raises(GxnError, match="categories are not those"):
        category_labels([train, other], names)
    (tmp_path / "wrong.json").write_text("[]")
    with pytest.raises(GxnError, match="not a file of COCO's instances"):
        category_labels([tmp_path / "wrong.json"], names)
    (tmp_path / "mixed.json").write_text(
        '{"categories": [{"id": 1, "name": "a"}, {"id": null, "name": "b"}], "images": [], "annotations": []}'
    )
    with pytest.raises(GxnError, match=r"mixed\.json: is not a file of COCO's instances"):
        category_labels([tmp_path / "mixed.json"], names)
    with pytest.raises(GxnError, match="no number at its end"):
        coco_id("photo.jpg")


def test_the_file_gives_back_what_was_written_by_image(tmp_path):
    path = tmp_path / "labels.h5"
    labels = category_labels([instances(tmp_path, "a.json", [1, 2], [(1, 3), (2, 18)])], ["1.jpg", "2.jpg"])
    write_labels(path, np.array([10, 20]), labels)
    found = read_labels(path, np.array([20, 10, 20]))
    assert found.multi_hot.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert (found.names, found.source, found.pseudo) == (("car", "dog"), "categories", False)
    with pytest.raises(GxnError, match="imgid 30 is missing"):
        read_labels(path, np.array([30]))


def topics(images, seed=0, per_image=3, groups=4):
    """Captions whose words come from one topic of the image, among words that every caption has."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, groups, images)
    captions = [
        [3, 4, *(5 + 20 * topic[image] + rng.integers(0, 20, 6))]
        for image in range(images)
        for _ in range(per_image)
    ]
    tokens, offsets = np.concatenate(captions), np.cumsum([0, *map(len, captions)])
    return tokens, offsets, np.repeat(np.arange(images), per_image), topic


def test_clusters_find_planted_topics_in_new_captions_too():
    fitted = fit_clusters(*topics(300)[:3], first_word=3, count=4, max_words=1000)
    *new, topic = topics(100, seed=1)
    labels = fitted.labels(*new)
    cluster = labels.multi_hot.argmax(1)
    assert labels.pseudo and (labels.multi_hot.sum(1) == 1).all()
    assert len({*zip(topic.tolist(), cluster.tolist(), strict=True)}) == 4  # one cluster for each topic
    assert not {3, 4} & {*fitted.tfidf.word.tolist()}  # words of all captions say nothing


def test_clusters_are_the_same_on_every_run():
    one, two = (fit_clusters(*topics(80)[:3], first_word=3, count=5, max_words=1000) for _ in range(2))
    assert one.centres.tobytes() == two.centres.tobytes()


def test_more_clusters_than_images_are_refused():
    with pytest.raises(GxnError, match="6 training images are too few for 7 clusters"):
        fit_clusters(*topics(6)[:3], first_word=3, count=7, max_words=1000)


def test_kmeans_is_no_worse_than_scipys():
    vq = pytest.importorskip("scipy.cluster.vq")
    rng = np.random.default_rng(3)
    rows = np.concatenate([rng.normal(size=(60, 5)) + 6 * rng.normal(size=5) for _ in range(6)])

    def inertia(centres):
        return np.square(rows[:, None] - centres).sum(2).min(1).sum()

    theirs = min(inertia(vq.kmeans2(rows, 6, minit="++", rng=seed)[0]) for seed in range(10))
    assert inertia(kmeans(rows, 6, np.random.default_rng(0))) <= theirs * 1.001


def test_kmeans_of_equal_rows_stays_finite():
    assert np.isfinite(kmeans(np.ones((5, 2)), 3, np.random.default_rng(0))).all()
