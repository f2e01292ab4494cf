"""Settings and options of jobs, against answers by hand."""

import json
from types import SimpleNamespace

import pytest
from plans import OWN, TUNED, plan
from workflow import job_params, stage_files
from workflow.plan import STEPS


def job(**wildcards):
    """Wildcards of a job."""
    return SimpleNamespace(dataset="scenes", **wildcards)


def settings(of, stage="joint", name="vsepp"):
    """Settings of a training job."""
    return json.loads(job_params.training(of, STEPS[stage], stage)["settings"](job(name=name, seed="0")))


def test_inputs_and_options_of_a_training_job_are_the_same_files():
    found, run = plan(), job(name="gxn_i2t_mix", seed="3")
    inputs = stage_files.inputs(found, "joint")(run)
    options = job_params.training(found, "train_joint", "joint")["files"](run)
    assert options == " ".join(f"--{name} {path}" for name, path in inputs.items())
    assert inputs["decoder"] == "results/scenes/checkpoints/pretrain_scst/two_space/seed3.safetensors"


def test_a_rows_own_setting_is_of_that_row_alone():
    own = "methods: {vsepp: {joint: {epochs: 9}}}"
    assert settings(plan(own))["epochs"] == 9
    assert settings(plan(own), name="order") == settings(plan(), name="order")


def test_a_label_or_colour_is_no_setting_of_a_training():
    assert settings(plan("methods: {vsepp: {label: mine, colour: '#112233'}}")) == settings(plan())


def test_the_seed_of_a_job_is_in_its_folder_of_unfinished_work():
    assert (
        job_params.training(plan(), "train_joint", "joint")["resume"]
        == "scratch/{dataset}/joint/{name}/seed{seed}"
    )


def test_rows_of_tables_are_named_in_their_order():
    rows, tuned = json.loads(job_params.rows(plan(TUNED)))
    assert list(rows)[:3] == ["cca", "bag", "vse0"] and tuned == ["vsepp_ft"]
    assert rows["vsepp"] == ["VSE++", "#0072B2"]


@pytest.mark.parametrize(("seed", "option"), [("3", "--seed 3"), ("less", "")])
def test_the_seed_of_a_run_is_an_option_where_the_row_has_one(seed, option):
    assert job_params.seed_option(seed) == option


@pytest.mark.parametrize("of", [job_params.imagining, job_params.lines])
def test_what_measures_drawings_is_a_setting_of_them_where_a_row_draws(of):
    bare = "methods: {gxn_t2i: null, gxn_i2t_t2i: null}"
    precision = "features: {compute_dtype: bfloat16}"
    assert json.loads(of(plan()))["cnn"]["name"] == "plain"
    assert of(plan(precision)) != of(plan())
    assert of(plan(bare)) == of(plan(bare, precision))


def test_the_table_of_published_numbers_runs_again_for_another_cnn():
    assert job_params.feature_source(plan(OWN, "cnn: {name: resnet18}")) != job_params.feature_source(
        plan(OWN)
    )
