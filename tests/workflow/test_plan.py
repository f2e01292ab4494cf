"""Rows, runs and stages that the configuration asks for, against answers by hand."""

import re

import pytest
from plans import PLAIN, TUNED, plan
from workflow.plan import PRETRAINING, only

SEEDS = "seeds: [3, 5]"


def test_no_names_match_nothing():
    assert not re.fullmatch(only([]), "")
    assert re.fullmatch(only(["a", "b"]), "b")


def test_rows_are_plain_imagining_tuned_or_without_a_seed():
    found = plan(TUNED)
    assert found.plain == ["bag", "vse0", "infonce", "vsepp", "order", "abstract", "two_space"]
    assert found.imagining == ["gxn_i2t_xe", "gxn_i2t_mix", "gxn_t2i", "gxn_i2t_t2i"]
    assert found.tuned == {"vsepp_ft": "vsepp"}
    assert found.seedless_of("cca") == ["cca"]
    assert found.all_rows == ["cca", *found.plain, *found.imagining, "vsepp_ft"]


def test_runs_are_of_every_seed_or_of_none():
    only_two = plan(PLAIN, SEEDS, "methods: {vsepp: null, order: null}")
    assert only_two.runs("{method}/seed{seed}") == ["vse0/seed3", "vse0/seed5", "cca/seedless"]


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
    assert names == ["cosine", "order", "abstract", "two_space", "infonce", "bag"]


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


def test_rows_stand_in_the_order_in_which_the_files_name_them():
    found = plan("methods: {mine: {encoder: order}, vsepp: {joint: {epochs: 1}}}")
    assert found.all_rows == [*plan().all_rows, "mine"]
