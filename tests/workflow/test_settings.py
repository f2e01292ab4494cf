"""Each setting of params.yaml reruns the jobs that depend on it and no others; nothing is computed."""

import pytest
import settings
import yaml
from copies import copy_of_working_tree

pytestmark = pytest.mark.slow

CONFIG = settings.configuration()
LEAVES = list(settings.leaves(CONFIG))
CHECKS = {"preflight", "passed"}  # their results are named by their settings: test_checks.py asks those


@pytest.fixture(scope="module")
def made(place):
    """Jobs of all outputs, by the setting that is another."""
    copy = copy_of_working_tree(place / "settings", place / "home")
    configurations = {"": CONFIG} | {leaf: settings.with_another(CONFIG, leaf) for leaf in LEAVES}
    another = copy.path / "results/coco/table_ablation.csv"  # of a dataset that paper.datasets names
    another.parent.mkdir(parents=True)
    another.touch()
    calls = []
    for number, config in enumerate(configurations.values()):
        path = copy.path / f"{number}.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        calls.append(["--configfile", path.name, "--", "all"])
    return {leaf: run.by_output for leaf, run in zip(configurations, copy.dry_runs(calls), strict=True)}


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_setting_reaches_the_jobs_that_depend_on_it_and_no_others(leaf, made):
    """By what Snakemake compares of a job that has run: its params and its input files."""
    before, now = made[""], made[leaf]
    changed = {
        now[path].rule
        for path in now
        if path not in before
        or (now[path].params, now[path].inputs) != (before[path].params, before[path].inputs)
    }
    assert changed - CHECKS == settings.reach(leaf)
