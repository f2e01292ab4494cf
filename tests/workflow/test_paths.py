"""Patterns of files: distinct, inside the dataset's folders, and with wildcards that the rules constrain."""

import re

from workflow import paths

PATTERNS = {
    name: value
    for name, value in vars(paths).items()
    if name.isupper() and isinstance(value, str) and name not in ("DATA", "RESULTS", "RUN")
} | {
    "checkpoint": paths.checkpoint("joint"),
    "curves": paths.curves("joint"),
    "table": paths.table("ablation.csv"),
    "figure": paths.figure("recall", "pdf"),
}


def test_every_file_lies_in_a_folder_of_its_dataset():
    assert [p for p in PATTERNS.values() if not p.startswith(("data/{dataset}/", "results/{dataset}/"))] == []


def test_no_two_patterns_can_be_the_same_file():
    filled = [re.sub(r"\{\w+\}", "x", pattern) for pattern in PATTERNS.values()]
    assert len(set(filled)) == len(filled)


def test_wildcards_are_those_that_the_rules_constrain():
    known = {"dataset", "method", "name", "seed", "check"}
    assert {word for pattern in PATTERNS.values() for word in re.findall(r"\{(\w+)\}", pattern)} <= known


def test_a_checkpoint_and_its_curves_are_named_by_stage_row_and_seed():
    values = {"dataset": "d", "name": "vsepp", "seed": 3}
    assert paths.checkpoint("joint").format(**values) == "results/d/checkpoints/joint/vsepp/seed3.safetensors"
    assert (
        paths.checkpoint("joint", "{method}")
        .format(dataset="d", method="m", seed=0)
        .endswith("m/seed0.safetensors")
    )
    assert paths.curves("pretrain_xe").format(**values) == "results/d/curves/pretrain_xe/vsepp/seed3.csv"


def test_logs_times_and_unfinished_work_are_no_results():
    assert paths.log("embed") == "logs/{dataset}/embed.log"
    assert paths.benchmark("embed") == "logs/{dataset}/benchmarks/embed.jsonl"
    assert paths.resume("cnn") == "scratch/{dataset}/cnn"
