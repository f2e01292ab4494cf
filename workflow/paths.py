"""Places of all files of the workflow: patterns with Snakemake's wildcards, each written once.

Those of data and results, which the commands that use results need too, are in `gxn.paths`.
"""

# ruff: noqa: F403, F405
from gxn.paths import *

FACTS = DATA + "facts.h5"
CHECKED = DATA + "preflight/{check}.json"

TABLES = ("ablation.csv", "ablation.tex", "ablation.md", "spaces.csv", "imagined.csv", "published.csv")
TABLES += ("published.md", "significance.csv", "costs.csv")
EXPLORE = RESULTS + "explore/index.html"
EXPLORE_PAGES = RESULTS + "explore/pages"
FIGURES = ("ablation", "recall", "training", "i2t", "t2i", "framework")


def embeddings(name: str) -> str:
    """Pattern of a row's embeddings of the test split."""
    return EMBEDDINGS.replace("{method}", name)


def figure(name: str, form: str) -> str:
    """Pattern of a dataset's figure, PDF or PNG."""
    return RESULTS + f"figures/{name}.{form}"


def log(name: str) -> str:
    """Pattern of a job's log."""
    return f"logs/{{dataset}}/{name}.log"


def benchmark(name: str) -> str:
    """Pattern of a job's time and memory."""
    return f"logs/{{dataset}}/benchmarks/{name}.jsonl"


def resume(name: str) -> str:
    """Pattern of the folder of a job's unfinished work, outside every declared output."""
    return f"scratch/{{dataset}}/{name}"
