"""The paired bootstrap: differences as in the table, intervals that cover, nothing found where nothing is."""

from pathlib import Path

import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.evaluation.metrics import recall
from gxn.evaluation.ranked import Ranked, read_ranks
from gxn.evaluation.statistics import METRICS, compare, holm
from gxn.hdf5 import create_hdf5


def run(rng, method, seed, gain=0.0, images=200, captions=(3, 5)):
    """Ranks that are 1 with a probability of 0.3 + gain, else 2 to 60."""
    owners = np.repeat(np.arange(images), np.random.default_rng(1).integers(*captions, images))

    def draw(queries):
        return np.where(rng.random(queries) < 0.3 + gain, 1.0, rng.integers(2, 60, queries).astype(float))

    ids = np.arange(len(owners))
    arrays = (draw(images), draw(len(owners)), np.arange(images), ids, owners, np.zeros(images, int))
    return Ranked(Path(f"{method}{seed}.h5"), "scenes", "full", method, seed, *arrays)


def pair(gain, rng_seed=0, seeds=3):
    rng = np.random.default_rng(rng_seed)
    return [
        [run(rng, name, seed, by) for seed in range(seeds)] for name, by in (("row", gain), ("control", 0.0))
    ]


def test_difference_is_that_of_the_mean_recalls():
    row, control = pair(0.2)
    found = {one.metric: one.value for one in compare(row, control, 100, 0)}
    for way in ("i2t", "t2i"):
        for k in (1, 5, 10):
            means = [np.mean([recall(getattr(run, way), k) for run in runs]) for runs in (row, control)]
            assert found[f"{way}_r{k}"] == pytest.approx(means[0] - means[1])
    assert found["rsum"] == pytest.approx(sum(found[metric] for metric in METRICS[:6]))


def test_a_real_gain_is_found_and_no_gain_is_not():
    better = compare(*pair(0.2), 2000, 0)
    assert all(one.p < 0.01 and one.low > 0 for one in better if one.metric in ("i2t_r1", "t2i_r1", "rsum"))
    same = compare(*pair(0.0), 2000, 0)
    assert all(one.low < one.value < one.high for one in same)
    assert sum(one.p < 0.05 for one in same) <= 1


def test_a_row_against_itself_differs_by_nothing():
    row, _ = pair(0.0)
    assert {(one.value, one.low, one.high, one.p) for one in compare(row, row, 200, 0)} == {
        (0.0, 0.0, 0.0, 1.0)
    }


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    covered = 0
    for trial in range(60):
        r1 = compare(*pair(0.1, trial, seeds=1), 300, trial)[0]
        covered += r1.low <= 10.0 <= r1.high
    assert 50 <= covered <= 60


def test_a_seed_gives_the_same_resamples():
    assert compare(*pair(0.1), 300, 5) == compare(*pair(0.1), 300, 5)
    assert compare(*pair(0.1), 300, 5) != compare(*pair(0.1), 300, 6)


def test_unpaired_seeds_are_refused():
    row, control = pair(0.0)
    with pytest.raises(GxnError, match="seeds"):
        compare(row[:2], control, 100, 0)


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def write(path, one):
    with create_hdf5(path, {"dataset": one.dataset, "method": one.method, "seed": one.seed}) as file:
        for name in ("i2t", "t2i", "imgid", "sentid", "caption_image", "fold"):
            file[f"{one.protocol}/{name}"] = getattr(one, name)
    return path


def test_ranks_are_read_in_the_order_of_rows_and_seeds(tmp_path):
    row, control = pair(0.1)
    paths = [write(tmp_path / one.path.name, one) for one in (*row[::-1], *control)]
    found = read_ranks(paths, ["control", "row"])
    order = [(one.method, one.seed) for one in found]
    assert order == [("control", 0), ("control", 1), ("control", 2), ("row", 0), ("row", 1), ("row", 2)]
    assert (found[3].i2t == row[0].i2t).all()


FAULTS = {
    "unknown row": (lambda one: one.__dict__.update(method="other"), "is not among the rows"),
    "other queries": (lambda one: one.sentid.__iadd__(1), "queries"),
    "same run twice": (lambda one: one.__dict__.update(seed=1), "also in"),
    "rank of 0": (lambda one: one.i2t.__imul__(0), "below 1"),
    "rank of NaN": (lambda one: one.t2i.__imul__(np.nan), "NaN"),
    "infinite seed": (lambda one: one.__dict__.update(seed=np.inf), "is not a file of ranks"),
    "a caption of no image": (lambda one: one.caption_image.__iadd__(1), "does not point into"),
    "a caption before all images": (lambda one: one.caption_image.__isub__(1), "does not point into"),
    "lengths that differ": (lambda one: one.__dict__.update(t2i=one.t2i[:-1]), "shape"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_or_mixed_ranks_are_refused(tmp_path, fault):
    damage, message = FAULTS[fault]
    row, _ = pair(0.1)
    damage(row[2])
    paths = [write(tmp_path / f"{index}.h5", one) for index, one in enumerate(row)]
    with pytest.raises(GxnError, match=message):
        read_ranks(paths, ["row"])


def test_ranks_of_no_run_are_refused(tmp_path):
    path = tmp_path / "ranks.h5"
    with create_hdf5(path, {"method": "row", "seed": 0}):
        pass
    with pytest.raises(GxnError, match=r"ranks\.h5: its metadata has no 'dataset'\. Evaluate the run again"):
        read_ranks([path], ["row"])
