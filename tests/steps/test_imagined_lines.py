"""The step that measures people and chance as imagined captions are measured."""

import json

import pytest
from small import config_files
from tiny import SPLITS, TINY

from gxn.steps.imagined_lines import Arguments, imagined_lines


@pytest.fixture
def lines(data):
    images = [
        {"imgid": 100 + row, "split": split, "sentences": [{"sentid": 10 * row + k} for k in range(3)]}
        for row, split in enumerate(SPLITS)
    ]
    (data / "captions.json").write_text(json.dumps({"images": images}))
    imagined_lines(
        Arguments(
            config=config_files(data / "config", TINY),
            captions=data / "captions.json",
            tokens=data / "tokens.h5",
            features=data / "features.h5",
            frequencies=data / "frequencies.h5",
            out=data / "lines.json",
        )
    )
    return json.loads((data / "lines.json").read_text())


def test_the_dataset_is_named(lines):
    assert lines["dataset"] == "tiny"


def test_people_are_measured_by_one_caption_against_the_others(lines):
    assert {"bleu4", "cider_d"} <= lines["lines"]["people"].keys()


def test_chance_is_measured_by_the_captions_of_other_images(lines):
    people, chance = lines["lines"]["people"], lines["lines"]["chance"]
    assert chance["cider_d"] == people["cider_d_chance"] and "bleu4" in chance


def test_the_table_reads_them(lines, data):
    from gxn.reporting.imagined import imagination

    run = {"dataset": "tiny", "method": "a", "seed": 0, "metrics": {}, "warnings": []}
    (data / "a.json").write_text(json.dumps(run))
    rows = imagination([data / "a.json"], data / "lines.json", ["a"])
    assert [row["method"] for row in rows] == ["a", "people", "chance"]
