"""Protocols and the step `evaluate` against an independent brute-force ranking."""

import json
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings, read_embeddings
from gxn.evaluation.protocols import evaluate, folds
from gxn.files import create_hdf5
from gxn.steps import evaluate as step

SIMILARITIES = ("cosine", "order", "order_reversed")


def score(image, text, similarity):
    """Similarity of one image and one caption in one space, straight from the definitions."""
    image, text = [float(x) for x in image], [float(x) for x in text]
    if similarity == "cosine":
        return sum(x * y for x, y in zip(image, text, strict=True))
    sign = 1 if similarity == "order" else -1
    return -sum(max(0.0, sign * (y - x)) ** 2 for x, y in zip(image, text, strict=True))


def brute_force(one):
    """Ranks of every image and caption by loops over all pairs: (i2t, t2i)."""
    n, m = len(one.imgid), len(one.sentid)
    table = [
        [
            sum(
                weight * score(space[i], text[c], one.similarity)
                for weight, space, text in zip(one.weights, one.images, one.texts, strict=True)
            )
            for c in range(m)
        ]
        for i in range(n)
    ]

    def rank(own, others):
        return 1 + sum(other > own for other in others) + sum(other == own for other in others) / 2

    i2t = []
    for i in range(n):
        best = max(table[i][c] for c in range(m) if one.caption_image[c] == i)
        i2t.append(rank(best, [table[i][c] for c in range(m) if one.caption_image[c] != i]))
    t2i = []
    for c in range(m):
        own = one.caption_image[c]
        t2i.append(rank(table[own][c], [table[i][c] for i in range(n) if i != own]))
    return i2t, t2i


def embeddings(rng, captions, similarity="cosine", width=4, spaces=1):
    """Whole numbers as coordinates: sums are exact in any order, so that ties are ties in any computation.

    For cosine, which takes vectors of unit length, one entry of ±1 or four of ±0.5.
    """
    owners = rng.permutation(np.repeat(np.arange(len(captions)), captions))

    def draw(rows):
        if similarity != "cosine":
            return rng.integers(0, 3, (rows, width)).astype(np.float32)
        signs = rng.choice([-1.0, 1.0], (rows, 4))
        single = np.eye(4)[rng.integers(0, 4, rows)] * signs
        return np.where(rng.random((rows, 1)) < 0.5, single, signs / 2).astype(np.float32)

    return Embeddings(
        spaces=["abstract", "grounded"][:spaces],
        images=[draw(len(captions)) for _ in range(spaces)],
        texts=[draw(len(owners)) for _ in range(spaces)],
        weights=[1.0, 0.25][:spaces],  # with exact roots, for ranks() takes them
        similarity=similarity,
        imgid=rng.permutation(100 + np.arange(len(captions))),
        caption_image=owners,
        sentid=rng.permutation(1000 + np.arange(len(owners))),
        split="test",
        provenance={"config": "c", "data": "d", "seed": 3},
    )


def collapsed(one):
    return any(len(np.unique(side, axis=0)) == 1 for side in (np.hstack(one.images), np.hstack(one.texts)))


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    captions=st.lists(st.integers(1, 4), min_size=2, max_size=8),
    similarity=st.sampled_from(SIMILARITIES),
    spaces=st.integers(1, 2),
)
def test_everything_equals_brute_force(seed, captions, similarity, spaces):
    one = embeddings(np.random.default_rng(seed), captions, similarity, spaces=spaces)
    assume(not collapsed(one))
    found = evaluate(one, "full", floor=True)
    i2t, t2i = brute_force(one)
    assert found.i2t.tolist() == i2t and found.t2i.tolist() == t2i
    for way, ranks in (("i2t", i2t), ("t2i", t2i)):
        for k in (1, 5, 10):
            assert found.numbers[way][f"r{k}"] == 100.0 * sum(rank <= k for rank in ranks) / len(ranks)
        assert found.numbers[way]["medr"] == np.median(ranks) // 1
    numbers = found.numbers
    parts = [numbers[way][f"r{k}"] for way in ("i2t", "t2i") for k in (1, 5, 10)]
    assert numbers["rsum"] == sum(parts)
    assert (numbers["images"], numbers["captions"]) == (len(captions), sum(captions))


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), captions=st.lists(st.integers(1, 3), min_size=2, max_size=12))
def test_permuting_images_and_captions_changes_no_rank(seed, captions):
    rng = np.random.default_rng(seed)
    one = embeddings(rng, captions, "order")
    assume(not collapsed(one))
    images, texts = rng.permutation(len(one.imgid)), rng.permutation(len(one.sentid))
    other = Embeddings(
        spaces=one.spaces,
        images=[space[images] for space in one.images],
        texts=[space[texts] for space in one.texts],
        weights=one.weights,
        similarity=one.similarity,
        imgid=one.imgid[images],
        caption_image=np.argsort(images)[one.caption_image[texts]],
        sentid=one.sentid[texts],
        split="test",
        provenance={},
    )
    first, second = evaluate(one, "full", floor=True), evaluate(other, "full", floor=True)
    assert dict(zip(first.imgid, first.i2t, strict=True)) == dict(zip(second.imgid, second.i2t, strict=True))
    assert dict(zip(first.sentid, first.t2i, strict=True)) == dict(
        zip(second.sentid, second.t2i, strict=True)
    )


def test_a_duplicate_image_ties_with_its_twin():
    rng = np.random.default_rng(0)
    space = rng.normal(size=(20, 8)).astype(np.float32)
    space /= np.linalg.norm(space, axis=1, keepdims=True)
    space[7] = space[3]
    one = Embeddings(["grounded"], [space], [space.copy()], [1.0], "cosine", *[np.arange(20)] * 3, "test", {})
    found = evaluate(one, "full", floor=True)
    expected = np.where(np.isin(np.arange(20), (3, 7)), 1.5, 1.0)
    assert found.i2t.tolist() == found.t2i.tolist() == expected.tolist()
    assert found.numbers["tied"] == pytest.approx(0.1)
    assert found.numbers["i2t"]["r1"] == 90.0


def plain(images, width=6, seed=0, captions=1):
    """Embeddings of random coordinates, `captions` per image."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(images), captions)
    space = rng.normal(size=(images, width)).astype(np.float32)
    noise = rng.normal(size=(len(owners), width)).astype(np.float32)
    texts = space[owners] + noise
    ids = rng.permutation(images)
    return Embeddings(
        ["grounded"], [space], [texts], [1.0], "cosine", ids, owners, np.arange(len(owners)), "test", {}
    )


@pytest.mark.parametrize("side", ["images", "texts"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_an_error(side, value):
    one = plain(10)
    getattr(one, side)[0][2, 1] = value
    with pytest.raises(GxnError):
        evaluate(one, "full", floor=True)


@pytest.mark.parametrize("side", ["images", "texts"])
def test_a_collapsed_embedding_is_reported_not_scored(side):
    one = plain(10)
    getattr(one, side)[0][:] = 1.0
    with pytest.raises(GxnError):
        evaluate(one, "full", floor=True)


def test_folds_are_disjoint_thousands_in_the_order_of_image_ids():
    imgid = np.random.default_rng(0).permutation(20_000)[:5_400]
    parts = folds(imgid, "1k-5fold")
    assert [len(rows) for rows in parts] == [1000] * 5
    assert imgid[np.concatenate(parts)].tolist() == sorted(imgid)[:5000]


@pytest.mark.parametrize(("protocol", "images"), [("1k-5fold", 4999), ("5k", 4999), ("5k", 5001), ("7k", 10)])
def test_a_split_that_does_not_suit_is_refused(protocol, images):
    with pytest.raises(GxnError, match=protocol):
        folds(np.arange(images), protocol)


def test_five_folds_are_the_mean_of_five_evaluations():
    one = plain(5000, captions=2)
    found = evaluate(one, "1k-5fold", floor=True)
    order = np.argsort(one.imgid)
    parts = [evaluate(one.of_images(rows), "full", floor=True) for rows in np.split(order[:5000], 5)]
    for way in ("i2t", "t2i"):
        for key in ("r1", "r5", "r10", "medr", "meanr"):
            mean = sum(part.numbers[way][key] for part in parts) / 5
            assert found.numbers[way][key] == pytest.approx(mean, abs=1e-9)
    assert found.i2t.tolist() == np.concatenate([part.i2t for part in parts]).tolist()
    assert found.imgid.tolist() == sorted(one.imgid)
    owners = one.imgid[one.caption_image]
    assert (found.imgid[found.caption_image] == owners[found.sentid]).all()
    assert (found.fold == np.repeat(np.arange(5), 1000)).all()
    assert found.numbers["rsum"] > evaluate(one, "5k", floor=True).numbers["rsum"]


def write(path, one):
    metadata = {"similarity": one.similarity, "weights": dict(zip(one.spaces, one.weights, strict=True))}
    metadata |= {"split": one.split, "provenance": one.provenance}
    with create_hdf5(path, metadata) as file:
        for space, images, texts in zip(one.spaces, one.images, one.texts, strict=True):
            file[f"image/{space}"], file[f"text/{space}"] = images, texts
        for name in ("imgid", "caption_image", "sentid"):
            file[name] = getattr(one, name)


def call(monkeypatch, folder, source, **changes):
    """Run the step in this process and return its exit status."""
    arguments = {
        "embeddings": source,
        "protocols": '["full"]',
        "medr": "floor",
        "dataset": "scenes",
        "method": "vse0",
        "seed": 3,
    }
    arguments |= {"metrics": folder / "m.json", "ranks": folder / "r.h5"} | changes
    monkeypatch.setattr(sys, "argv", ["evaluate", *(f"--{key}={value}" for key, value in arguments.items())])
    try:
        step.main()
    except SystemExit as end:
        return end.code
    return 0


def test_the_step_writes_metrics_and_ranks(tmp_path, monkeypatch):
    one = embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order")
    write(tmp_path / "e.h5", one)
    assert call(monkeypatch, tmp_path, tmp_path / "e.h5") == 0
    content = json.loads((tmp_path / "m.json").read_text())
    expected = evaluate(one, "full", floor=True)
    assert content["protocols"] == {"full": expected.numbers} and content["spaces"] == {}
    assert (content["dataset"], content["method"], content["seed"]) == ("scenes", "vse0", 3)
    assert content["provenance"].items() >= {"config": "c", "data": "d", "seed": 3}.items()
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["full/i2t"][:].tolist() == brute_force(one)[0]
        assert file["full/t2i"][:].tolist() == brute_force(one)[1]
        assert file["full/imgid"][:].tolist() == one.imgid.tolist()
    first = [(tmp_path / name).read_bytes() for name in ("m.json", "r.h5")]
    call(monkeypatch, tmp_path, tmp_path / "e.h5")
    assert first == [(tmp_path / name).read_bytes() for name in ("m.json", "r.h5")]


def test_the_step_says_what_each_of_several_spaces_finds_alone(tmp_path, monkeypatch):
    one = embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order", spaces=2)
    write(tmp_path / "e.h5", one)
    assert call(monkeypatch, tmp_path, tmp_path / "e.h5") == 0
    spaces = json.loads((tmp_path / "m.json").read_text())["spaces"]
    assert list(spaces) == ["abstract", "grounded"]
    for place, numbers in enumerate(spaces.values()):
        single = replace(one, images=[one.images[place]], texts=[one.texts[place]], weights=[1.0])
        i2t, t2i = brute_force(single)
        assert numbers["full"]["i2t"]["meanr"] == np.mean(i2t)
        assert numbers["full"]["t2i"]["meanr"] == np.mean(t2i)


FAULTS = {
    "wrong seed": ({"seed": 4}, lambda one: None, "seed"),
    "protocol that does not suit": ({"protocols": '["full", "5k"]'}, lambda one: None, "5k"),
    "no protocol": ({"protocols": "[]"}, lambda one: None, "protocol"),
    "NaN": ({}, lambda one: one.images[0].fill(np.nan), "e.h5"),
    "collapse": ({}, lambda one: one.texts[0].fill(1.0), "e.h5"),
    "caption of no image": ({}, lambda one: one.caption_image.fill(99), "caption_image"),
    "image without caption": ({}, lambda one: one.caption_image.fill(0), "no caption"),
    "image id twice": ({}, lambda one: one.imgid.fill(1), "twice"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_step_fails_in_one_line_and_writes_nothing(tmp_path, monkeypatch, capsys, fault):
    changes, damage, message = FAULTS[fault]
    one = embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order")
    damage(one)
    write(tmp_path / "e.h5", one)
    assert call(monkeypatch, tmp_path, tmp_path / "e.h5", **changes) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and message in said
    assert [path.name for path in tmp_path.iterdir()] == ["e.h5"]


@pytest.mark.parametrize("similarity", ["dot", ["order"], {}, None])
def test_an_unknown_similarity_is_refused(tmp_path, similarity):
    path = tmp_path / "e.h5"
    write(path, replace(plain(6), similarity=similarity))
    with pytest.raises(GxnError, match=r"e\.h5: similarity: must be one of cosine, order"):
        read_embeddings(path)


@pytest.mark.parametrize("change", ["truncate", "no metadata", "other spaces", "short", "no similarity"])
def test_a_damaged_file_is_refused(tmp_path, change):
    path = tmp_path / "e.h5"
    write(path, plain(6))
    if change == "truncate":
        path.write_bytes(path.read_bytes()[:700])
    else:
        with h5py.File(path, "a") as file:
            if change == "no metadata":
                del file.attrs["gxn"]
            elif change == "other spaces":
                file.move("image/grounded", "image/abstract")
            elif change == "short":
                del file["sentid"]
                file["sentid"] = np.arange(3)
            else:
                about = {"weights": {"grounded": 1.0}, "split": "test", "provenance": {}}
                file.attrs["gxn"] = np.bytes_(json.dumps(about))
    with pytest.raises(GxnError, match=r"e\.h5"):
        read_embeddings(path)


def test_the_step_starts_without_torch():
    check = "import sys, gxn.steps.evaluate; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0
