"""Precomputed features are joined to the images by name or by id, and come out as those of a CNN do."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small import configuration

from gxn.configuration.files import write
from gxn.errors import GxnError
from gxn.features.store import read_features
from gxn.files import write_json
from gxn.steps.import_features import Arguments, import_features

NAMES = ("b.jpg", "a.jpg", "c.jpg")
TABLE = np.arange(12, dtype=np.float32).reshape(3, 4) + 1


@pytest.fixture
def arguments(tmp_path: Path) -> Arguments:
    """Three images with the ids 5, 0 and 1, which came with the captions."""
    entries = [
        {"filename": name, "imgid": imgid, "split": split, "sentences": [{"sentid": imgid, "tokens": ["a"]}]}
        for name, imgid, split in zip(NAMES, (5, 0, 1), ("train", "val", "test"), strict=True)
    ]
    write_json(tmp_path / "captions.json", {"images": entries})
    write_json(tmp_path / "split.json", {"ids": {"imgid": 0}})
    write(tmp_path / "c.yaml", configuration({"features": {"file": "x"}}))
    return Arguments(
        config=(tmp_path / "c.yaml",),
        captions=tmp_path / "captions.json",
        split=tmp_path / "split.json",
        file=tmp_path / "f.npz",
        out=tmp_path / "features.h5",
    )


def imported(arguments: Arguments) -> list[list[float]]:
    import_features(arguments)
    return read_features(arguments.out, np.array([5, 0, 1])).tolist()


def test_rows_are_found_by_name(arguments, capsys):
    np.savez(arguments.file, features=TABLE, names=["c.jpg", "x/a.png", "b.jpg"])
    assert imported(arguments) == TABLE[[2, 1, 0]].tolist()
    assert "3 images, 4 features each" in capsys.readouterr().out


def test_rows_are_found_by_the_users_own_ids_but_not_by_ids_made_up_here(arguments):
    np.savez(arguments.file, features=TABLE, ids=np.array([0, 1, 5]))
    assert imported(arguments) == TABLE[[2, 0, 1]].tolist()
    write_json(arguments.split, {"ids": {"imgid": 3}})
    with pytest.raises(GxnError, match=r"f.npz: has no features of 3 of 3 images, such as 'b.jpg'"):
        imported(arguments)


def test_zeros_are_warned_of_and_what_is_not_finite_is_refused(arguments, capsys):
    table = TABLE.copy()
    table[1] = 0
    np.savez(arguments.file, features=table, names=NAMES)
    imported(arguments)
    assert "warning: " in capsys.readouterr().err
    table[1, 2] = np.nan
    np.savez(arguments.file, features=table, names=NAMES)
    with pytest.raises(GxnError, match="the features of image 0 are not finite numbers"):
        import_features(dataclasses.replace(arguments, out=arguments.out.with_name("other.h5")))
    assert not arguments.out.with_name("other.h5").exists()
