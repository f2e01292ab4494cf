"""Which files the configuration asks for, and what each job depends on, against answers by hand."""

import json
import re
import shlex
from types import SimpleNamespace

import pytest
from plans import OWN, PLAIN, TUNED, plan
from workflow.plan import PRETRAINING, STEPS, as_json, fingerprint, only

from gxn.sources.images import Parameters as Photographs

SEEDS = "seeds: [3, 5]"


def job(**wildcards):
    """Wildcards of a job."""
    return SimpleNamespace(dataset="scenes", **wildcards)


def settings(of, stage="joint", name="vsepp"):
    """What a training job's settings are."""
    return json.loads(of.training(STEPS[stage], stage)["settings"](job(name=name, seed="0")))


# what decides whether a job runs again


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


def test_no_names_match_nothing():
    assert not re.fullmatch(only([]), "")
    assert re.fullmatch(only(["a", "b"]), "b")


# rows and their files


def test_rows_are_plain_imagining_tuned_or_without_a_seed():
    found = plan(TUNED)
    assert found.plain == ["vse0", "vsepp", "order", "abstract", "two_space"]
    assert found.imagining == ["gxn_i2t_xe", "gxn_i2t_mix", "gxn_t2i", "gxn_i2t_t2i"]
    assert found.tuned == {"vsepp_ft": "vsepp"}
    assert found.seedless_of("cca") == ["cca"]
    assert found.all_rows == ["cca", *found.plain, *found.imagining, "vsepp_ft"]


def test_runs_are_of_every_seed_or_of_none():
    only_two = plan(PLAIN, SEEDS, "methods: {vsepp: null, order: null}")
    assert only_two.runs("{method}/seed{seed}") == ["vse0/seed3", "vse0/seed5", "cca/seedless"]
    options = [only_two.seed_option(job(seed=seed)) for seed in ("3", "less")]
    assert options == ["--seed 3", ""]


def test_files_are_of_every_row_and_seed():
    found = plan(SEEDS).expand("{dataset}/{method}/{seed}", method=["x", "y"])
    assert found == ["scenes/x/3", "scenes/x/5", "scenes/y/3", "scenes/y/5"]


def test_a_file_without_seed_is_one():
    assert plan(SEEDS).expand("data/{dataset}/tokens.h5") == ["data/scenes/tokens.h5"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, ["pretrain_ranking"]),
        ({"captioning": "xe"}, ["pretrain_ranking", "pretrain_xe"]),
        ({"captioning": "mix"}, ["pretrain_ranking", "pretrain_xe", "pretrain_scst"]),
        ({"drawing": True}, ["pretrain_ranking", "pretrain_gan"]),
        ({"captioning": "mix", "drawing": True}, list(PRETRAINING)),
    ],
)
def test_a_row_needs_the_stages_of_what_it_imagines(row, expected):
    others = dict.fromkeys(plan().rows)
    mine = {"encoder": "two_space", **row}
    found = plan({"methods": {**others, "mine": mine}, "significance": {"control": "mine"}})
    assert found.needed() == [*((stage, "two_space") for stage in expected), ("joint", "mine")]


def test_rows_of_one_encoder_share_its_pretraining():
    names = [name for stage, name in plan().needed() if stage == "pretrain_ranking"]
    assert names == ["cosine", "order", "abstract", "two_space"]


@pytest.mark.parametrize(
    ("stage", "name", "expected"),
    [
        ("pretrain_ranking", "cosine", {}),
        ("pretrain_xe", "two_space", {"encoders": "pretrain_ranking/two_space", "frequencies": ""}),
        (
            "pretrain_scst",
            "two_space",
            {
                "encoders": "pretrain_ranking/two_space",
                "decoder": "pretrain_xe/two_space",
                "frequencies": "",
            },
        ),
        ("pretrain_gan", "two_space", {"encoders": "pretrain_ranking/two_space", "gan_images": ""}),
        ("joint", "vsepp", {"encoders": "pretrain_ranking/cosine"}),
        (
            "joint",
            "gxn_i2t_xe",
            {
                "encoders": "pretrain_ranking/two_space",
                "decoder": "pretrain_xe/two_space",
                "frequencies": "",
            },
        ),
        (
            "joint",
            "gxn_i2t_t2i",
            {"encoders": "pretrain_ranking/two_space", "decoder": "pretrain_scst/two_space",
             "frequencies": "", "gan": "pretrain_gan/two_space", "gan_images": ""},
        ),
    ],
)  # fmt: skip
def test_a_stage_starts_from_the_files_of_those_before(stage, name, expected):
    found = plan().start(stage, name)
    assert set(found) == set(expected)
    assert all(f"checkpoints/{part}/seed" in found[key] for key, part in expected.items() if part)
    assert all(found[key].startswith("data/{dataset}/") for key, part in expected.items() if not part)


def test_inputs_and_options_of_a_training_job_are_the_same_files():
    found, run = plan(), job(name="gxn_i2t_mix", seed="3")
    inputs = found.start_files("joint")(run)
    options = found.training("train_joint", "joint")["files"](run)
    assert options == " ".join(f"--{name} {path}" for name, path in inputs.items())
    assert inputs["decoder"] == "results/scenes/checkpoints/pretrain_scst/two_space/seed3.safetensors"


def test_the_first_training_waits_for_the_check_of_its_batch():
    found = plan().start_files("pretrain_ranking")(job(name="order", seed="0"))
    assert found["preflight"] == "data/scenes/preflight/batch.json"


# settings and code of a training job


def test_a_rows_own_setting_is_of_that_row_alone():
    own = "methods: {vsepp: {joint: {epochs: 9}}}"
    assert settings(plan(own))["epochs"] == 9
    assert settings(plan(own), name="order") == settings(plan(), name="order")


def test_a_label_or_colour_is_no_setting_of_a_training():
    assert settings(plan("methods: {vsepp: {label: mine, colour: '#112233'}}")) == settings(plan())


def test_the_digest_of_a_training_follows_its_loss():
    loss = "encoders: {order: {loss: {kind: hardest, margin: 0.05}}}"
    run = job(name="order", seed="0")
    first, second = (
        each.training("train_ranking", "pretrain_ranking")["code"](run) for each in (plan(), plan(loss))
    )
    assert first != second


def test_the_seed_of_a_job_is_in_its_folder_of_unfinished_work():
    assert plan().training("train_joint", "joint")["resume"] == "scratch/{dataset}/joint/{name}/seed{seed}"


# the CNN and the pictures


def test_scenes_are_rendered_and_their_cnn_is_trained_here():
    found = plan()
    assert found.images() == "data/scenes/images.h5"
    assert found.weights == "results/{dataset}/checkpoints/cnn.safetensors"
    assert found.trained_cnn() == [
        "data/scenes/preflight/cnn.json",
        "results/scenes/checkpoints/cnn.safetensors",
        "results/scenes/curves/cnn.csv",
    ]
    assert found.source_inputs() == {"captions": [], "images": [], "features": []}


def test_photographs_and_weights_of_the_users_are_read_where_they_are():
    found = plan(OWN)
    assert (found.images(), found.weights) == ("own/images", "own/weights.safetensors")
    assert found.rendered() == found.trained_cnn() == found.cnn_curves == []
    assert found.source_inputs() == {"captions": ["own/captions.json"], "images": [], "features": []}
    assert found.decided() == ["data/mine/split.json"] and plan().decided() == []


def test_photographs_that_are_fetched_are_inputs():
    fetched = OWN.replace("own/images", "data/raw/coco")
    assert plan(fetched).source_inputs()["images"] == ["data/raw/coco"]


def test_other_captions_are_prepared_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    path = tmp_path / "own/captions.json"
    absent = plan(OWN).prepared_by()
    path.write_text("{}")
    first = plan(OWN).prepared_by()
    path.write_text("[]")
    assert len({absent, first, plan(OWN).prepared_by()}) == 3


READY = "features: {file: own/clip.npy}\ndataset: {source: {images: null}}\nfinetune: {methods: []}"
NO_DRAWING = "methods: {gxn_t2i: null, gxn_i2t_t2i: null}"


def test_ready_features_take_the_place_of_the_cnn_and_of_photographs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/clip.txt").write_text("1.jpg\n")
    found = plan(OWN, READY, NO_DRAWING, "cnn: {weights: null}")
    assert found.feature_files() == ["data/mine/features.h5"] and found.cnn_curves == []
    assert found.ready_features() == ["own/clip.npy", "own/clip.txt"]
    assert json.loads(found.feature_settings()) == {"file": "own/clip.npy", "storage_dtype": "float32"}
    assert (found.images_option(), found.gan_images()) == ("", [])
    assert "data/mine/gan_images.h5" not in found.data_files()
    assert plan(OWN).images_option() == "--images own/images"


def test_a_folder_of_captions_is_known_by_its_texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own/a").mkdir(parents=True)
    folder = "dataset: {source: {captions: own}}"
    (tmp_path / "own/a/1.txt").write_text("A dog.")
    (tmp_path / "own/a/1.jpg").write_bytes(b"1")
    first = plan(OWN, folder).prepared_by()
    (tmp_path / "own/a/1.jpg").write_bytes(b"2")
    assert plan(OWN, folder).prepared_by() == first and plan(OWN, folder).source_inputs()["captions"] == []
    (tmp_path / "own/a/1.txt").write_text("A cat.")
    second = plan(OWN, folder).prepared_by()
    (tmp_path / "own/a/1.txt").rename(tmp_path / "own/a/2.txt")
    assert len({first, second, plan(OWN, folder).prepared_by()}) == 3


def test_another_tokeniser_prepares_anew():
    assert plan(OWN).prepared_by() != plan(OWN, "vocabulary: {tokeniser: characters}").prepared_by()


def test_fine_tuning_reads_its_row_and_the_pictures():
    files = plan(TUNED).finetune_files(job(method="vsepp_ft", seed="2"))
    assert files["checkpoint"] == "results/scenes/checkpoints/joint/vsepp/seed2.safetensors"
    assert files["rendered"] == "data/scenes/images.h5"
    assert "rendered" not in plan(OWN, TUNED).finetune_files(job(method="vsepp_ft", seed="2"))


# checks


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
    run = job(check=check)
    assert plan().check_result(run) != plan(change).check_result(run)


@pytest.mark.parametrize("check", ["vocabulary", "cnn", "features", "batch", "protocols", "cards"])
def test_a_check_is_not_done_again_for_another_setting(check):
    run = job(check=check)
    assert plan().check_result(run) == plan("joint: {epochs: 1}").check_result(run)


def test_a_folder_of_photographs_is_an_option_of_a_check_but_no_input():
    found, run = plan(OWN), job(check="features")
    assert "images" not in found.check_inputs(run)
    assert "--images own/images" in found.check_options(run)


@pytest.mark.parametrize("path", ["it's/$(touch pwned)", "a b", '"', "`touch pwned`; x"])
def test_paths_of_the_users_are_quoted_for_the_shell(path):
    own = {"dataset": {"source": {"images": path}}, "cnn": {"weights": path}}
    words = shlex.split(plan(OWN, own).check_options(job(check="features")))
    assert words[-4:] == ["--images", path, "--weights", path]


# tables and figures


@pytest.mark.parametrize(
    ("texts", "row"),
    [
        ([], "gxn_i2t_t2i"),
        (["methods: {gxn_i2t_t2i: null}"], "gxn_t2i"),
        (["methods: {gxn_i2t_t2i: null, gxn_t2i: null}"], "gxn_i2t_xe"),
        ([PLAIN], "vse0"),
    ],
)
def test_grids_show_the_first_row_that_imagines_most(texts, row):
    assert plan(*texts).shown == row


def test_grids_of_a_row_that_imagines_read_what_it_imagined():
    found = plan(SEEDS)
    assert found.grid_files() == {
        "embeddings": "results/scenes/embeddings/gxn_i2t_t2i/seed3.h5",
        "imagined": "results/scenes/imagined/gxn_i2t_t2i/seed3.json",
        "drawings": "results/scenes/imagined/gxn_i2t_t2i/seed3.h5",
    }
    assert found.grid_option("drawings") == "--imagined results/scenes/imagined/gxn_i2t_t2i/seed3.h5"


def test_grids_of_a_plain_row_are_without():
    found = plan(PLAIN)
    assert list(found.grid_files()) == ["embeddings"] and found.grid_option("imagined") == ""


def test_the_paper_shows_this_dataset_or_those_that_it_names():
    assert plan().dataset_tables() == ["results/scenes/table_ablation.csv"]
    several = plan("paper: {datasets: [coco, scenes]}").dataset_tables()
    assert several == ["results/coco/table_ablation.csv", "results/scenes/table_ablation.csv"]


def test_rows_of_tables_are_named_in_their_order():
    rows, tuned = json.loads(plan(TUNED).row_names())
    assert list(rows)[:3] == ["cca", "vse0", "vsepp"] and tuned == ["vsepp_ft"]
    assert rows["vsepp"] == ["VSE++", None]


def test_rows_stand_in_the_order_in_which_the_files_name_them():
    found = plan("methods: {mine: {encoder: order}, vsepp: {joint: {epochs: 1}}}")
    assert found.all_rows == [*plan().all_rows, "mine"]


def test_training_curves_are_of_all_that_is_trained():
    found = plan(TUNED, PLAIN, "seeds: [0]").all_curves()
    names = [path.removeprefix("results/scenes/curves/").removesuffix("/seed0.csv") for path in found]
    assert names == ["pretrain_ranking/cosine", "pretrain_ranking/order", "joint/vse0", "joint/vsepp",
                     "joint/order", "finetune/vsepp_ft", "cnn.csv"]  # fmt: skip
