"""Files that tables, figures and grids read, against answers by hand."""

from plans import OWN, PLAIN, TUNED, plan
from workflow import result_files

SEEDS = "seeds: [3, 5]"


def test_grids_of_a_row_that_imagines_read_what_it_imagined():
    found = plan(SEEDS)
    assert result_files.grid_files(found) == {
        "embeddings": "results/scenes/embeddings/gxn_i2t_t2i/seed3.h5",
        "imagined": "results/scenes/imagined/gxn_i2t_t2i/seed3.json",
        "drawings": "results/scenes/imagined/gxn_i2t_t2i/seed3.h5",
    }
    assert (
        result_files.grid_option(found, "drawings")
        == "--imagined results/scenes/imagined/gxn_i2t_t2i/seed3.h5"
        " --judged results/scenes/imagined/gxn_i2t_t2i/seed3.json"
    )


def test_grids_of_a_plain_row_are_without():
    found = plan(PLAIN)
    assert (
        list(result_files.grid_files(found)) == ["embeddings"]
        and result_files.grid_option(found, "imagined") == ""
    )


def test_the_paper_shows_this_dataset_or_those_that_it_names():
    assert result_files.dataset_tables(plan()) == ["results/scenes/table_ablation.csv"]
    several = result_files.dataset_tables(plan("paper: {datasets: [coco, scenes]}"))
    assert several == ["results/coco/table_ablation.csv", "results/scenes/table_ablation.csv"]


def test_training_curves_are_of_all_that_is_trained():
    found = result_files.all_curves(plan(TUNED, PLAIN, "seeds: [0]"))
    names = [path.removeprefix("results/scenes/curves/").removesuffix("/seed0.csv") for path in found]
    assert names == ["pretrain_ranking/cosine", "pretrain_ranking/order", "joint/vse0", "joint/vsepp",
                     "joint/order", "finetune/vsepp_ft", "cnn.csv"]  # fmt: skip


def test_drawings_are_judged_by_encoders_trained_without_the_generator():
    found = plan(OWN)
    assert result_files.held_out_option(found, "gxn_t2i", "1") == (
        "--gan-images data/mine/gan_images.h5"
        " --encoders results/mine/checkpoints/pretrain_ranking/two_space/seed1.safetensors"
    )
    assert result_files.held_out(found, "vsepp", "1") == {}
    assert list(result_files.held_out(plan(), "gxn_t2i", "1")) == ["gan_images", "encoders"]
