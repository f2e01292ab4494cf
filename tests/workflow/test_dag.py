"""What Snakemake makes, and what a change makes it make again."""

import csv
import re

import pytest

pytestmark = pytest.mark.slow

COLUMNS = (
    "dataset,method,seeds,i2t_r1,i2t_r1_std,i2t_r5,i2t_r5_std,i2t_r10,i2t_r10_std,i2t_medr,i2t_medr_std,"
    "t2i_r1,t2i_r1_std,t2i_r5,t2i_r5_std,t2i_r10,t2i_r10_std,t2i_medr,t2i_medr_std,rsum,rsum_std"
)


def planned(copy, *arguments):
    """Jobs by rule that a call would run."""
    out = copy.snakemake("--dry-run", *arguments)
    if "Nothing to be done" in out:
        return {}
    stats = out.rsplit("Job stats:", 1)[1].split("total", 1)[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", stats, re.MULTILINE)}


def append(copy, path, text="\n# changed\n"):
    file = copy.path / path
    file.write_text(file.read_text() + text)


def test_the_table_has_its_rows_and_columns(pulled):
    rows = list(csv.DictReader((pulled.path / "results/table_ablation.csv").open()))
    assert ",".join(rows[0]) == COLUMNS
    assert [(row["dataset"], row["method"]) for row in rows] == [
        ("smoke", "vsepp"),
        ("smoke", "gxn_i2t_t2i"),
    ]
    for row in rows:
        recalls = [float(row[f"{way}_r{k}"]) for way in ("i2t", "t2i") for k in (1, 5, 10)]
        assert float(row["rsum"]) == pytest.approx(sum(recalls), abs=1e-4) and 0 < max(recalls) <= 100


def test_a_second_call_has_nothing_to_do(pulled):
    assert planned(pulled, "all") == {}


def test_one_rows_setting_retrains_that_row_alone(pulled, tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("methods: {vsepp: {joint: {learning_rate: 0.001}}}\n")
    jobs = planned(pulled, "--configfile", str(overlay), "--", "results/table_ablation.csv")
    assert jobs == {"match_alone": 1, "embed": 1, "evaluate_run": 1, "table_ablation": 1}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("reporting/bars.py", ["ablation"]),
        ("reporting/style.py", ["ablation", "recall", "training", "i2t", "t2i", "framework"]),
    ],
    ids=["bars", "style"],  # no slash: a clone is named by its test and must lie beside the remote
)
def test_plotting_code_redraws_figures_only(clone, module, expected):
    copy = clone()
    copy.dvc("pull")
    append(copy, f"src/gxn/{module}")
    assert planned(copy, "figures") == {f"figure_{name}": 1 for name in expected} | {"figures": 1}


def test_a_module_reruns_the_steps_that_import_it_and_no_others(clone):
    copy = clone()
    copy.dvc("pull")
    append(copy, "src/gxn/losses/adversarial.py")
    jobs = planned(copy, "results/table_ablation.csv")
    assert jobs.keys() >= {"pretrain_drawing", "imagine_and_match"}
    assert not jobs.keys() & {
        "make_scenes",
        "extract_features",
        "warmup",
        "pretrain_captions_xe",
        "match_alone",
    }


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("joint: {learnin_rate: 1}", "joint.learnin_rate: unknown key; did you mean 'learning_rate'?"),
        ("methods: {vsepp: {encoder: cosin}}", "methods.vsepp.encoder: no encoder 'cosin'"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(pulled, tmp_path, overlay, message):
    path = tmp_path / "mine.yaml"
    path.write_text(overlay)
    out = pulled.snakemake("--dry-run", "--configfile", str(path), fails=True)
    assert f"mine.yaml: {message}" in out and "Traceback" not in out


def test_a_rate_is_a_number_in_every_yaml(copy, place):
    """DVC writes 2e-05, which YAML 1.1 reads as text; so may a user, with --config or in a file."""
    copy.snakemake("--dry-run", "--config", "joint={ground_image_rate: 2e-05}")
    other = copy.clone(place / "rates")
    (place / "rates.yaml").write_text("joint: {ground_image_rate: 2e-5}\n")
    other.snakemake("--dry-run", "--configfile", str(place / "rates.yaml"))
    other.configure(str(place / "rates.yaml"))
    params = (other.path / "params.yaml").read_text()
    assert "ground_image_rate: 2e-5 " in params
    for spelt in ("2e-5", "2e-05"):
        (other.path / "params.yaml").write_text(params.replace("2e-5", spelt))
        said = other.snakemake("--dry-run", "--printshellcmds")
        assert '"grounding_rate": 2e-05' in said


def test_the_report_holds_tables_and_figures(pulled, tmp_path):
    pulled.snakemake("--report", str(tmp_path / "report.html"))
    report = (tmp_path / "report.html").read_text()
    assert all(name in report for name in ("table_ablation.csv", "recall.png", "i2t.png"))


def test_the_linters_are_content(copy):
    assert "good condition" in copy.snakemake("--lint")
    copy.run("snakefmt", "--check", "Snakefile", "workflow/rules")
