"""Fingerprints of the phases: which change when a setting, a row or a place of files does."""

import pytest
import settings
from plans import OWN, TUNED, plan
from workflow import fingerprints, phases
from workflow.plan import Plan

from gxn.configuration.files import check

PHASES = list(phases.TARGETS)
CONFIG = settings.configuration()
LEAVES = list(settings.leaves(CONFIG))


@pytest.fixture(scope="module")
def before():
    return fingerprints.by_phase(Plan(check(CONFIG, "base")))


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_setting_changes_the_fingerprints_of_the_phases_whose_jobs_it_reaches(leaf, before):
    after = fingerprints.by_phase(Plan(check(settings.with_another(CONFIG, leaf), leaf)))
    changed = {phase for phase in before if before[phase] != after[phase]}
    assert changed == {settings.PHASES.get(rule, "tables") for rule in settings.reach(leaf)}


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("seeds: [0, 1]", {"pretraining", "joint", "evaluation", "tables"}),
        ("device: auto", {"features", "pretraining", "joint", "evaluation"}),
        ("finetune: {methods: [vsepp, order]}", {"joint", "evaluation", "tables"}),
        ("methods: {gxn_t2i: {captioning: xe}}", {"joint", "tables"}),
        ("methods: {new: {encoder: cosine}}", {"joint", "evaluation", "tables"}),
    ],
)
def test_more_files_change_the_fingerprints_of_the_phases_that_make_and_read_them(text, changed, before):
    now = fingerprints.by_phase(plan(settings.BASE, text))
    assert {phase for phase in before if before[phase] != now[phase]} == changed


def test_a_change_of_the_order_of_rows_is_one_of_the_tables_alone(before):
    rows = list(CONFIG["methods"].items())
    now = fingerprints.by_phase(Plan(check(CONFIG | {"methods": dict(rows[1:] + rows[:1])}, "order")))
    assert {phase for phase in before if before[phase] != now[phase]} == {"tables"}


@pytest.mark.parametrize(
    ("texts", "changed"), [([], {"data", "features", "tables"}), ([TUNED], {*PHASES} - {"pretraining"})]
)
def test_photographs_elsewhere_reach_all_phases_that_look_at_them(texts, changed):
    there, elsewhere = (
        fingerprints.by_phase(plan(OWN, *texts, {"dataset": {"source": {"images": folder}}}))
        for folder in "ab"
    )
    assert {phase for phase in there if there[phase] != elsewhere[phase]} == changed


def test_weights_of_the_users_need_no_settings_of_a_training():
    first, second = (
        fingerprints.by_phase(plan(OWN, f"cnn: {{pretrain: {{epochs: {epochs}}}}}")) for epochs in (1, 2)
    )
    assert first == second
