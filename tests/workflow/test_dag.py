"""The DAG of the smallest configuration, and Snakemake's answers about it."""

import csv

import pytest

pytestmark = pytest.mark.slow

COLUMNS = (
    "dataset,method,seeds,i2t_r1,i2t_r1_std,i2t_r5,i2t_r5_std,i2t_r10,i2t_r10_std,i2t_medr,i2t_medr_std,"
    "t2i_r1,t2i_r1_std,t2i_r5,t2i_r5_std,t2i_r10,t2i_r10_std,t2i_medr,t2i_medr_std,rsum,rsum_std"
)
ROWS = ["cca", "vsepp", "gxn_i2t_t2i"]


@pytest.fixture(scope="module")
def table(pulled):
    return list(csv.DictReader((pulled.path / "results/table_ablation.csv").open()))


def test_the_table_has_its_columns(table):
    assert ",".join(table[0]).startswith(COLUMNS)


def test_the_table_has_its_rows_in_order(table):
    assert [(row["dataset"], row["method"]) for row in table] == [("smoke", method) for method in ROWS]


def test_recalls_are_percentages_and_rsum_is_their_sum(table):
    for row in table:
        recalls = [float(row[f"{way}_r{k}"]) for way in ("i2t", "t2i") for k in (1, 5, 10)]
        assert 0 < max(recalls) <= 100
        assert float(row["rsum"]) == pytest.approx(sum(recalls), abs=1e-4)


def test_a_second_call_has_nothing_to_do(pulled):
    assert pulled.dry_run("all").planned == {}


def test_one_rows_setting_retrains_that_row_alone(pulled, tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("methods: {vsepp: {joint: {learning_rate: 0.0005}}}\n")
    run = pulled.dry_run("--configfile", str(overlay), "--", "results/table_ablation.csv")
    assert run.planned == {"rank": 1, "evaluate": 1, "table_ablation": 1, "table_datasets": 1}


def test_another_seed_trains_nothing_again_that_is_there(pulled):
    planned = pulled.dry_run("--config", "seeds=[0,1]", "--", "joint").planned
    stages = ("pretrain_ranking", "pretrain_xe", "pretrain_scst", "pretrain_gan", "rank", "imagine_and_rank")
    assert planned == dict.fromkeys(stages, 1) | {"pretrain_ranking": 2, "joint": 1}


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("joint: {learnin_rate: 1}", "joint.learnin_rate: unknown key; did you mean 'learning_rate'?"),
        ("methods: {vsepp: {encoder: cosin}}", "methods.vsepp.encoder: no encoder 'cosin'"),
        ("gan: {epochs: 1}", "gan: renamed to pretrain_gan"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(pulled, tmp_path, overlay, message):
    path = tmp_path / "mine.yaml"
    path.write_text(overlay)
    out = pulled.snakemake("--dry-run", "--configfile", str(path), fails=True)
    assert f"mine.yaml: {message}" in out and "Traceback" not in out


@pytest.mark.parametrize("spelt", ["2e-5", "2e-05", "0.00002"])
def test_a_rate_is_a_number_however_it_is_spelt(copy, tmp_path, spelt):
    """DVC writes 2e-05, which YAML 1.1 reads as text; so may a user, with --config or in a file."""
    path = tmp_path / "mine.yaml"
    path.write_text(f"joint: {{lr_grounded_image: {spelt}}}\n")
    calls = [["--config", f"joint={{lr_grounded_image: {spelt}}}"], ["--configfile", str(path)]]
    for run in copy.dry_runs([[*call, "--", "joint"] for call in calls]):
        job = run.by_output["results/scenes/checkpoints/joint/gxn_i2t_xe/seed0.safetensors"]
        assert any('"grounding_rate": 2e-05' in value for value in job.params)


def test_a_rate_keeps_its_spelling_in_params(copy, place):
    other = copy.clone(place / "rates")
    (place / "rates.yaml").write_text("joint: {lr_grounded_image: 2e-5}\n")
    other.configure(str(place / "rates.yaml"))
    params = (other.path / "params.yaml").read_text()
    assert "lr_grounded_image: 2e-5 " in params
    (other.path / "params.yaml").write_text(params.replace("2e-5", "2e-05"))
    assert other.dry_run("data").planned


def test_a_card_that_is_named_is_asked_for_wherever_snakemake_runs(copy, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("{device: cuda, threads: 2, finetune: {methods: [vsepp], processes: 4}}")
    room = ("--cores", "8", "--resources", "gpu=4", "mem_mb=99999")
    asked = {
        job.rule: (job.gpu, job.threads)
        for job in copy.dry_run(*room, "--configfile", str(path), "--", "joint").jobs
    }
    assert asked["pretrain_ranking"] == (1, 2)
    assert asked["finetune"] == (4, 8)
    assert asked["prepare"] == (0, 1)


def test_the_report_holds_tables_and_figures(pulled, tmp_path):
    pulled.snakemake("--report", str(tmp_path / "report.html"))
    report = (tmp_path / "report.html").read_text()
    assert [name for name in ("table_ablation.csv", "recall.png", "i2t.png") if name not in report] == []


def test_the_linters_are_content(copy):
    assert "good condition" in copy.snakemake("--lint")
    copy.run("snakefmt", "--check", "Snakefile", "workflow")
