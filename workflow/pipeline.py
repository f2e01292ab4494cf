"""dvc.yaml, made whole from the configuration, and the fingerprints by which DVC knows what has changed.

    uv run python workflow/pipeline.py configure [FILE ...]   lay files over params.yaml, and make dvc.yaml by it
    uv run python workflow/pipeline.py fingerprints           write what each phase depends on; DVC runs this

DVC versions phases of the Snakemake DAG. A phase depends on the files that it reads and on its fingerprint: the
settings of its jobs and the digests of their code. So prose can change, and DVC has nothing to do.
"""

import hashlib
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

# what DVC itself reads and writes params.yaml with: comments and order stay
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import gxn.errors
from gxn.configuration.files import check, load, overlay, read
from gxn.configuration.root import is_fetched
from gxn.errors import GxnError
from gxn.files import write_json, write_text
from workflow import paths
from workflow.plan import PRETRAINING, STEPS, Plan, as_json
from workflow.preconditions import check_code

HEADER = """\
# What is versioned: one stage for each phase, a target of the Snakefile. Snakemake decides what to run, DVC
# keeps what came out (docs/versioning.md). Made by `python workflow/pipeline.py configure`; edit that, not this.
"""
PUBLISHED = "src/gxn/reporting/published.json"
FINGERPRINT = "results/fingerprints/{phase}.json"
TARGETS = {  # phase: targets of the Snakefile
    "data": "data",
    "features": "features",
    "pretraining": "pretraining",
    "joint": "joint",
    "evaluation": "evaluation",
    "tables": "tables figures",
}
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


def outs(plan: Plan) -> dict[str, list[str]]:
    """Files and folders that each phase makes."""
    trained = [stage for stage in PRETRAINING if plan.checkpoints(stage)]
    folder = paths.RESULTS.format(dataset=plan.dataset)
    tuned, imagined = bool(plan.tuned), bool(plan.imagining)
    return {
        "data": plan.data_files(),
        "features": plan.feature_files(),
        "pretraining": [
            *plan.checked("batch"),
            *(f"{folder}{kind}/{stage}" for kind in ("checkpoints", "curves") for stage in trained),
        ],
        "joint": [
            *plan.checked(*["cards"] * tuned),
            *(
                f"{folder}{kind}/{stage}"
                for kind in ("checkpoints", "curves")
                for stage in ("joint", *["finetune"] * tuned)
            ),
            *(f"{folder}embeddings/{name}" for name in plan.rows),
        ],
        "evaluation": [
            *plan.checked("protocols"),
            *(f"{folder}embeddings/{name}" for name in (*plan.config.seedless, *plan.tuned)),
            *(f"{folder}{kind}" for kind in ("ranks", "metrics")),
            *[f"{folder}imagined"] * imagined,
            *plan.reader(),
            *[f"{folder}features"] * tuned,
        ],
        "tables": [
            *(f"results/table_ablation.{form}" for form in ("csv", "tex", "md")),
            *(path for name in paths.TABLES for path in plan.expand(paths.table(name))),
            f"{folder}figures",
        ],
    }


def deps(plan: Plan) -> dict[str, list[str]]:
    """Files and folders that each phase reads: the user's, and those that earlier phases make."""
    made, folder = outs(plan), paths.RESULTS.format(dataset=plan.dataset)
    captions, tokens, features, frequencies = (
        plan.expand(pattern) for pattern in (paths.CAPTIONS, paths.TOKENS, paths.FEATURES, paths.FREQUENCIES)
    )
    own = [path for path in plan.config.dataset.source.captions_files() if not is_fetched(path)]
    ready, brought = [path for path in [plan.config.features.file] if path], plan.config.cnn.weights
    weights = [brought] if brought and not ready and not is_fetched(brought) else []
    captioning = any(row.captioning != "none" for row in plan.rows.values())
    trained = [*features, *tokens, *frequencies * captioning, *plan.gan_images()]
    pixels = [*captions, *plan.rendered()]
    tuning = [*pixels, *weights, *([] if weights else plan.expand(paths.CNN))] if plan.tuned else []
    curves = [path for phase in ("pretraining", "joint") for path in made[phase] if "/curves/" in path]
    foreign = [row.file for row in plan.config.seedless.values() if row.kind == "embeddings"]
    others = [path for path in plan.dataset_tables() if path not in made["tables"]]
    return {
        "data": list(dict.fromkeys([*own, *ready])),
        "features": [*captions, *plan.decided(), *ready] if ready else [*pixels, *weights],
        "pretraining": trained,
        "joint": [
            *tuning,
            *trained,
            *(path for path in made["pretraining"] if "/checkpoints/" in path),
        ],
        "evaluation": [
            *(pixels if plan.tuned else captions if plan.imagining else []),
            *features,
            *tokens,
            *frequencies * bool(plan.imagining),
            *(plan.gan_images() if plan.reader() else []),
            *foreign,
            *[f"{folder}checkpoints/joint"] * bool(plan.imagining),
            *[f"{folder}checkpoints/finetune"] * bool(plan.tuned),
            *(path for path in made["joint"] if "/embeddings/" in path),
        ],
        "tables": [
            *pixels,
            *plan.cnn_curves,
            PUBLISHED,
            *curves,
            f"{folder}embeddings/{plan.shown}",
            *(f"{folder}{kind}" for kind in ("metrics", "ranks")),
            *[f"{folder}imagined"] * bool(plan.imagining),
            *others,
        ],
    }


def plots(plan: Plan) -> list[dict[str, Any]]:
    """What `dvc plots` shows."""
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


def fingerprints(plan: Plan) -> dict[str, Any]:
    """Settings and code of the jobs of each phase, as the rules give them to Snakemake."""
    config, seeds = plan.config, list(plan.config.seeds)
    checks = {
        name: as_json(plan.check_settings(name))
        for name in ("vocabulary", "cnn", "features", "batch", "protocols", "cards")
    }
    cnn = as_json({"cnn": config.cnn, "machine": plan.machine})
    trained = bool(plan.trained_cnn())
    images = plan.images_option()
    own: dict[str, list[Any]] = {
        "data": [*(as_json(each) for each in (config.dataset, config.dataset.source, config.vocabulary))],
        "features": [
            *[cnn, checks["cnn"]] * trained,
            plan.feature_settings(),
            checks["features"],
            config.features.file,
        ],
        "pretraining": [seeds, *_trained(plan, *PRETRAINING), checks["batch"]],
        "joint": [seeds, *_trained(plan, "joint"), *_tuned(plan)],
        "evaluation": [seeds, sorted(plan.all_rows), sorted(plan.imagining), plan.evaluate_settings()],
        "tables": [seeds, plan.row_names(), as_json(config.significance), plan.dataset_tables(), plan.shown],
    }
    own["data"] += [config.dataset.gan_image_size, plan.source_code(), checks["vocabulary"]]
    imagined = [plan.imagine_settings()] if plan.imagining else []
    reader = [plan.reader_settings()] if plan.reader() else []
    machine = as_json(plan.machine)
    own["evaluation"] += [checks["protocols"], plan.evaluate_code(), machine, *imagined, *reader]
    own["evaluation"] += [*_seedless(plan), *_read_rows(plan)]
    if plan.tuned:
        own["joint"] += [checks["cards"], images]
        own["evaluation"] += [plan.feature_settings(), images]
    for phase in ("data", "features", "tables"):
        own[phase] += [images]
    return {
        phase: {
            "rules": _rules(),
            "jobs": own[phase],
            "code": {step: plan.code(step) for step in _steps(plan)[phase]},
        }
        for phase in TARGETS
    }


def _steps(plan: Plan) -> dict[str, list[str]]:
    """Steps of each phase whose code does not depend on a job's settings."""
    tables = ("ablation", "published", "imagined", "significance", "datasets")
    return {
        "data": ["tokenize", "document_frequencies", "gan_images"],
        "features": [
            *["train_cnn"] * bool(plan.trained_cnn()),
            "import_features" if plan.ready_features() else "features",
        ],
        "pretraining": [],
        "joint": [],
        "evaluation": [
            *["features"] * bool(plan.tuned),
            *["imagined_lines"] * bool(plan.imagining),
            *["train_reader"] * bool(plan.reader()),
            *["cca"] * bool(plan.seedless_of("cca")),
            *["import_embeddings"] * bool(plan.seedless_of("embeddings")),
        ],
        "tables": [*(f"table_{name}" for name in tables), *(f"figure_{name}" for name in paths.FIGURES)],
    }


def _rules() -> str:
    """Digest of the rules, less their comments."""
    whole = hashlib.sha256()
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        lines = (line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
        whole.update("\n".join(lines).encode())
    return whole.hexdigest()[:16]


def _trained(plan: Plan, *stages: str) -> list[Any]:
    """Settings and code of every job of some stages, seeds aside."""
    found = []
    for stage, name in sorted(plan.needed()):  # the order of rows is one of the tables alone
        if stage in stages:
            plain = stage == "joint" and name in plan.plain
            params = plan.training("train_ranking" if plain else STEPS[stage], stage)
            run = SimpleNamespace(dataset=plan.dataset, name=name, seed="0")
            found.append([stage, name, *(params[key](run) for key in ("files", "settings", "code"))])
    return found


def _tuned(plan: Plan) -> list[Any]:
    """Settings and code of fine-tuning."""
    runs = [SimpleNamespace(method=name) for name in plan.tuned]
    return [[run.method, plan.finetune_settings(run), plan.finetune_code(run)] for run in runs]


def _seedless(plan: Plan) -> list[Any]:
    """Settings of the rows without a seed."""
    runs = [SimpleNamespace(method=name) for name in sorted(plan.config.seedless)]
    return [[run.method, plan.seedless_settings(run)] for run in runs]


def _read_rows(plan: Plan) -> list[Any]:
    """Code of the steps that read rows' networks, which depends on each row's plug-ins."""
    steps = {"embed": list(plan.tuned), "imagine": plan.imagining}
    runs = [(step, SimpleNamespace(method=name)) for step, names in steps.items() for name in sorted(names)]
    return [[step, run.method, plan.row_code(step)(run)] for step, run in runs]


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
        for phase, content in fingerprints(Plan(load([ROOT / "params.yaml"]))).items():
            write_json(ROOT / FINGERPRINT.format(phase=phase), content)
    else:
        raise GxnError("workflow/pipeline.py: say `configure [FILES]` or `fingerprints`")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except GxnError as error:
        sys.exit(f"error: {error}")
