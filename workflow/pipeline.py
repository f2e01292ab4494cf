"""The commands that write dvc.yaml and fingerprints from the configuration.

    uv run python workflow/pipeline.py configure [FILE ...]   lay files over params.yaml, and make dvc.yaml by it
    uv run python workflow/pipeline.py fingerprints           write what each phase depends on; DVC runs this

DVC versions phases of the Snakemake DAG. A phase depends on the files that it reads and on its fingerprint: the
settings of its jobs and the digests of their code. So prose can change, and DVC has nothing to do.
"""

import sys
from io import StringIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

# what DVC itself reads and writes params.yaml with: comments and order stay
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import gxn.errors
from gxn.configuration.files import check, load, overlay, read
from gxn.errors import GxnError
from gxn.files import write_json, write_text
from workflow import fingerprints, paths
from workflow.phases import FINGERPRINT, TARGETS, deps, outs
from workflow.plan import Plan
from workflow.preconditions import check_code

HEADER = """\
# What is versioned: one stage for each phase, a target of the Snakefile. Snakemake decides what to run, DVC
# keeps what came out (docs/versioning.md). Made by `python workflow/pipeline.py configure`; edit that, not this.
"""
ABOUT = {
    "data": "Captioned images, their vocabulary and caption integers.",
    "features": "The fixed CNN, trained here unless its weights are given, and its features of every image.",
    "pretraining": "Ranking, captioning and drawing before the joint stage, shared by the rows.",
    "joint": "Every row of the table, from the stages that it shares with others; then those with the CNN.",
    "evaluation": "Embeddings of the test split, ranks and recalls, and what the rows imagine of it.",
    "tables": "Tables and figures, from results, captions and images.",
}


def pipeline(plan: Plan) -> dict[str, Any]:
    """Make the content of dvc.yaml."""
    made, read_by = outs(plan), deps(plan)
    stages: dict[str, Any] = {
        "fingerprints": {
            "desc": "Settings and digests of the code behind each phase.",
            "cmd": "python workflow/pipeline.py fingerprints",
            "params": [{"params.yaml": None}],
            "deps": ["src/gxn", "workflow"],
            "outs": _kept(FINGERPRINT.format(phase=phase) for phase in TARGETS),
        }
    }
    for phase, target in TARGETS.items():
        metrics = [path for path in made[phase] if path.endswith("/metrics")]
        stages[phase] = {
            "desc": ABOUT[phase],
            "cmd": f"snakemake {target}",
            "deps": [FINGERPRINT.format(phase=phase), *read_by[phase]],
            "outs": _kept(path for path in made[phase] if path not in metrics),
        } | ({"metrics": _kept(metrics)} if metrics else {})
    stages["provenance"] = {
        "desc": "What Snakemake knows of how each output was made, so that a clone need not make it again.",
        "cmd": "snakemake",
        "deps": made["tables"],
        "outs": _kept([".snakemake/metadata"]),
    }
    return {"stages": stages, "plots": plots(plan)}


def _kept(outs: Any) -> list[dict[str, Any]]:
    # DVC would otherwise delete the outs of a phase before it runs, and all its jobs would run again
    return [{path: {"persist": True}} for path in outs]


def plots(plan: Plan) -> list[dict[str, Any]]:
    """The curves and recalls that `dvc plots` shows."""
    table, folder = "results/table_ablation.csv", paths.RESULTS.format(dataset=plan.dataset)
    recalls = [
        {
            name: {
                "title": f"Recall@K, {name.replace('-', ' ')}",
                "template": "rows",
                "x": {table: "method"},
                "y": {table: [f"{way}_r{k}" for k in (1, 5, 10)]},
            }
        }
        for name, way in (("image-to-text", "i2t"), ("text-to-image", "t2i"))
    ]
    shown = {
        "pretrain_ranking": "val_rsum",
        "pretrain_xe": ["xe_loss", "val_cider_d"],
        "pretrain_scst": ["xe_loss", "val_cider_d"],
        "pretrain_gan": ["discriminator_loss", "generator_loss"],
        "joint": "val_rsum",
        "system": "val_rsum",
    }
    curves = [
        {
            f"{folder}curves/{stage}": {"x": "epoch", "y": y}
            | ({"template": "panels"} if isinstance(y, list) else {})
        }
        for stage, y in shown.items()
        if plan.checkpoints(stage)
    ]
    return [*recalls, *curves]


def write_pipeline(plan: Plan) -> None:
    """Write dvc.yaml."""
    write_text(ROOT / "dvc.yaml", text(pipeline(plan)))


def text(content: dict[str, Any]) -> str:
    """Write the content of dvc.yaml as text."""
    yaml, written = _yaml(), StringIO()
    yaml.dump(content, written)
    return HEADER + written.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.representer.add_representer(
        type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def configure(files: list[str]) -> None:
    """Overlay params.yaml with files, keeping its comments, and make dvc.yaml by it; rows set to null go.

    Raises:
        GxnError: a file cannot be read, or the configuration is wrong; nothing is written then.
    """
    yaml, params = _yaml(), ROOT / "params.yaml"
    config = read(params, yaml.load, YAMLError)
    for path in files:
        overlay(config, read(Path(path), yaml.load, YAMLError))
    checked = check(config, " + ".join(["params.yaml", *files]))
    for name in [name for name, row in config["methods"].items() if row is None]:
        del config["methods"][name]
    written = StringIO()
    yaml.dump(config, written)
    # in this order: where only the first is done, a call without files does the second
    if files:
        write_text(params, written.getvalue())
    write_pipeline(Plan(checked))


def main(words: list[str]) -> None:
    """Do what the command line says.

    Raises:
        GxnError: it says nothing that is known, or another copy's code would run.
    """
    check_code(Path(gxn.errors.__file__).parent, ROOT / "src" / "gxn")
    if words[:1] == ["configure"]:
        configure(words[1:])
    elif words == ["fingerprints"]:
        for phase, content in fingerprints.by_phase(Plan(load([ROOT / "params.yaml"]))).items():
            write_json(ROOT / FINGERPRINT.format(phase=phase), content)
    else:
        raise GxnError("workflow/pipeline.py: say `configure [FILES]` or `fingerprints`")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except GxnError as error:
        sys.exit(f"error: {error}")
