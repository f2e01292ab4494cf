"""Prose reruns nothing; a changed constant reruns what it reaches, and nothing else."""

import json

import pytest
from workflow import phases

pytestmark = pytest.mark.slow

FIGURES = {f"figure_{name}": 1 for name in ("ablation", "recall", "training", "i2t", "t2i", "framework")}
SHOWN = {
    "table_ablation": 1,
    "table_costs": 1,
    "table_published": 1,
    "table_significance": 1,
    "table_datasets": 1,
} | {f"figure_{name}": 1 for name in ("ablation", "recall")}
IMAGINED = {"imagine": 1, "table_imagined": 1, "figure_i2t": 1, "figure_t2i": 1}


@pytest.fixture(scope="module")
def finished(built, place):
    """A clone with all results; each test undoes its edits."""
    copy = built.clone(place / "code_changes")
    copy.dvc("pull")
    return copy


@pytest.fixture
def copy(finished):
    yield finished
    finished.git("checkout", "--quiet", ".")


def add(copy, path, text):
    file = copy.path / path
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def fingerprints(copy):
    copy.run("python", "workflow/pipeline.py", "fingerprints")
    return copy.files("results/fingerprints")


@pytest.fixture
def prose(copy):
    """Other docstrings and comments in every module, other comments in every rule."""
    before = fingerprints(copy)
    for path in (copy.path / "src/gxn").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"""', '"""Another word. ', 1) + "\n# another word\n", encoding="utf-8")
    for path in (copy.path / "workflow").rglob("*.smk"):
        path.write_text("# another word\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    return before


def test_prose_reruns_nothing(copy, prose):
    assert copy.dry_run("all").planned == {}


def test_prose_changes_no_fingerprint_and_dvc_has_nothing_to_do(copy, prose):
    assert {path: md5 for path, (md5, _) in fingerprints(copy).items()} == {
        path: md5 for path, (md5, _) in prose.items()
    }
    said = copy.dvc("repro")
    assert [line for line in said.splitlines() if "Running stage" in line] == [
        "Running stage 'fingerprints':"
    ]


@pytest.mark.parametrize(
    ("module", "jobs"),
    [
        ("reporting/bars.py", {"figure_ablation": 1}),
        ("reporting/style.py", FIGURES),
        ("reporting/published.py", {"table_published": 1}),
        ("evaluation/statistics.py", {"table_significance": 1}),
        ("evaluation/columns/_another.py", {}),
        ("losses/ranking/infonce.py", {}),
        ("losses/ranking/hardest.py", {"rank": 1, "evaluate": 1, "figure_training": 1} | SHOWN),
        (
            "losses/adversarial.py",
            {"pretrain_gan": 1, "imagine_and_rank": 1, "evaluate": 1, "figure_training": 1}
            | SHOWN
            | IMAGINED,
        ),
    ],
)
def test_a_constant_reruns_what_it_reaches(copy, module, jobs):
    path = copy.path / "src/gxn" / module
    existed = path.exists()
    path.touch()
    add(copy, f"src/gxn/{module}", "\nCHANGED = 1\n")
    try:
        assert copy.dry_run("all").planned == jobs | ({"all": 1} if jobs else {})
    finally:
        if not existed:
            path.unlink()


def test_a_constant_changes_the_fingerprints_of_the_phases_that_it_reaches(copy):
    before = fingerprints(copy)
    add(copy, "src/gxn/losses/adversarial.py", "\nCHANGED = 1\n")
    after = fingerprints(copy)
    changed = {phase for phase in phases.TARGETS if before[_of(phase)][0] != after[_of(phase)][0]}
    # `imagine` reads real pictures by the module of the drawing objective
    assert changed == {"pretraining", "joint", "evaluation"}


def _of(phase):
    return phases.FINGERPRINT.format(phase=phase)


def test_fingerprints_say_which_code_changed(copy):
    path = copy.path / _of("tables")
    before = json.loads(path.read_text())["code"]
    add(copy, "src/gxn/reporting/bars.py", "\nCHANGED = 1\n")
    fingerprints(copy)
    after = json.loads(path.read_text())["code"]
    assert {step for step in before if before[step] != after[step]} == {"figure_ablation"}


def test_the_record_tests_of_the_lock_hold_after_a_run(finished):
    said = finished.run(
        *("python", "-m", "pytest", "-q", "-m", "record", "-k", "lock and not reference and not tables"),
        *("tests/workflow/test_record.py", "-p", "no:cacheprovider"),
    )
    assert "failed" not in said and "passed" in said
