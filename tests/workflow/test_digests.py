"""Texts and hashes that identify a job: equal for equal work, different for different work."""

import json
import re

from plans import OWN, plan
from workflow import data_files, digests
from workflow.digests import as_json, fingerprint

from gxn.sources.images import Parameters as Photographs


def test_equal_settings_have_one_text():
    assert as_json({"b": 1, "a": {"d": 2, "c": 3}}) == as_json({"a": {"c": 3, "d": 2}, "b": 1})


def test_settings_of_other_keys_with_the_same_values_differ():
    """Snakemake compares the set of a job's values: swapped numbers would pass unseen."""
    assert as_json({"epochs": 3, "seed": 5}) != as_json({"epochs": 5, "seed": 3})


def test_a_section_is_written_by_its_keys():
    source = Photographs(images="a", captions="b", split_seed=3)
    found = json.loads(as_json({"source": source}))["source"]
    assert list(found) == sorted(Photographs.model_fields)
    assert (found["images"], found["captions"], found["split_seed"]) == ("a", ["b"], 3)


def test_a_fingerprint_fits_a_file_name():
    assert re.fullmatch("[0-9a-f]{16}", fingerprint({"a": 1}))
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_the_digest_of_a_training_follows_its_loss():
    loss = "encoders: {order: {loss: {kind: hardest, margin: 0.05}}}"
    first, second = (
        digests.training(each, "train_ranking", "pretrain_ranking", "order") for each in (plan(), plan(loss))
    )
    assert first != second


def test_other_captions_are_prepared_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    path = tmp_path / "own/captions.json"
    absent = digests.prepared_by(plan(OWN))
    path.write_text("{}")
    first = digests.prepared_by(plan(OWN))
    path.write_text("[]")
    assert len({absent, first, digests.prepared_by(plan(OWN))}) == 3


def test_a_folder_of_captions_is_known_by_its_texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own/a").mkdir(parents=True)
    folder = "dataset: {source: {captions: own}}"
    (tmp_path / "own/a/1.txt").write_text("A dog.")
    (tmp_path / "own/a/1.jpg").write_bytes(b"1")
    first = digests.prepared_by(plan(OWN, folder))
    (tmp_path / "own/a/1.jpg").write_bytes(b"2")
    assert digests.prepared_by(plan(OWN, folder)) == first
    assert data_files.source_inputs(plan(OWN, folder))["captions"] == []
    (tmp_path / "own/a/1.txt").write_text("A cat.")
    second = digests.prepared_by(plan(OWN, folder))
    (tmp_path / "own/a/1.txt").rename(tmp_path / "own/a/2.txt")
    assert len({first, second, digests.prepared_by(plan(OWN, folder))}) == 3


def test_another_tokeniser_prepares_anew():
    assert digests.prepared_by(plan(OWN)) != digests.prepared_by(
        plan(OWN, "vocabulary: {tokeniser: characters}")
    )
