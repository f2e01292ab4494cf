"""A job takes nothing of the configuration but what its parameters state: they alone decide whether it runs again.

Every job gets the whole configuration. Here each runs once more with another value of every setting that is not
to reach it, and must make the same bytes.
"""

import hashlib

import pytest
import settings
import yaml

from gxn.configuration.files import check
from gxn.errors import GxnError

pytestmark = pytest.mark.slow

RULES = (
    *("prepare", "tokenize", "document_frequencies", "labels", "gan_images", "train_cnn", "extract_features"),
    *("pretrain_ranking", "pretrain_xe", "pretrain_scst", "pretrain_gan", "rank", "imagine_and_rank"),
    *("cca", "evaluate", "train_reader", "imagined_lines", "imagine"),
    *("table_ablation", "table_published", "table_imagined", "table_significance"),
    *("table_datasets", "figure_ablation", "figure_recall", "figure_training", "figure_i2t", "figure_t2i"),
    "figure_framework",
)
SHELL = (
    'set -euo pipefail; logged() { local log=$1; shift; mkdir -p "$(dirname "$log")"; '
    '"$@" > "$log" 2>&1 || { cat "$log"; return 1; }; }; '
)


@pytest.fixture(scope="module")
def copy(built, place):
    """A clone with all results."""
    found = built.clone(place / "job_settings")
    found.dvc("pull")
    return found


@pytest.fixture(scope="module")
def jobs(copy):
    """A job of every rule."""
    found = {job.rule: job for job in copy.dry_run("all").jobs}
    assert set(RULES) <= set(found)
    return found


def others(config, rule):
    """The configuration with another value of every setting that does not reach a rule, and how many those are."""
    changed = 0
    for leaf in settings.leaves(config):
        if rule in settings.reach(leaf):
            continue
        try:
            other = settings.with_another(config, leaf)
            check(other, leaf)
        except GxnError:
            continue  # it does not go with the others; alone it would
        config, changed = other, changed + 1
    return config, changed


def sums(copy, job):
    return {path: hashlib.sha256((copy.path / path).read_bytes()).hexdigest() for path in job.outputs}


@pytest.mark.parametrize("rule", RULES)
def test_settings_that_do_not_reach_a_job_do_not_change_what_it_makes(rule, copy, jobs):
    base = yaml.safe_load((copy.path / "params.yaml").read_text(encoding="utf-8"))
    config, changed = others(base, rule)
    assert changed > 30
    (copy.path / "other.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    job = jobs[rule]
    before = sums(copy, job)
    for path in job.outputs:
        (copy.path / path).unlink()
    code = {"PYTHONPATH": str(copy.path / "src"), "PYTHONSAFEPATH": "1"}
    copy.run("bash", "-c", f"config=other.yaml; {SHELL} {job.command}", **code)
    assert sums(copy, job) == before
