"""Checks before jobs: what they read, and when they are done again."""

import shlex

import pytest
from plans import OWN, plan
from workflow import checks


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("vocabulary", "vocabulary: {min_count: 2}"),
        ("cnn", "cnn: {pretrain: {epochs: 1}}"),
        ("features", "features: {crop: 60}"),
        ("batch", "training: {batch_size: 64}"),
        ("protocols", "evaluate: {protocols: [full, 1k-5fold]}\ndataset: {source: {test: 5000}}"),
        ("cards", "device: cpu"),
    ],
)
def test_a_check_is_done_again_when_a_setting_that_it_reads_changes(check, change):
    assert checks.result(plan(), check) != checks.result(plan(change), check)


@pytest.mark.parametrize("check", ["vocabulary", "cnn", "features", "batch", "protocols", "cards"])
def test_a_check_is_not_done_again_for_another_setting(check):
    assert checks.result(plan(), check) == checks.result(plan("joint: {epochs: 1}"), check)


def test_a_folder_of_photographs_is_an_option_of_a_check_but_no_input():
    found = plan(OWN)
    assert "images" not in checks.inputs(found, "features")
    assert "--images own/images" in checks.options(found, "features")


@pytest.mark.parametrize("path", ["it's/$(touch pwned)", "a b", '"', "`touch pwned`; x"])
def test_paths_of_the_users_are_quoted_for_the_shell(path):
    own = {"dataset": {"source": {"images": path}}, "cnn": {"weights": path}}
    words = shlex.split(checks.options(plan(OWN, own), "features"))
    assert words[-4:] == ["--images", path, "--weights", path]
