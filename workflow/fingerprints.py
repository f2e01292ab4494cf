"""Fingerprints of the phases: settings and code of their jobs, by which DVC knows what has changed."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from workflow import checks, data_files, digests, job_params, paths, result_files
from workflow.digests import as_json
from workflow.phases import TARGETS
from workflow.plan import PRETRAINING, ROWS, STEPS, Plan

RULES = Path(__file__).parent / "rules"


def by_phase(plan: Plan) -> dict[str, Any]:
    """Settings and code of the jobs of each phase, as the rules give them to Snakemake."""
    jobs, steps = _jobs(plan), _steps(plan)
    return {
        phase: {
            "rules": _rules(),
            "jobs": jobs[phase],
            "code": {step: digests.step(step) for step in steps[phase]},
        }
        for phase in TARGETS
    }


def _jobs(plan: Plan) -> dict[str, list[Any]]:
    """Parameters of the jobs of each phase."""
    config, seeds = plan.config, list(plan.config.seeds)
    checked = {name: as_json(checks.settings(plan, name)) for name in checks.CHECKS}
    images = data_files.images_option(plan)
    own: dict[str, list[Any]] = {
        "data": [*(as_json(each) for each in (config.dataset, config.dataset.source, config.vocabulary))],
        "features": [
            *[job_params.cnn(plan), checked["cnn"]] * data_files.trains_cnn(plan),
            job_params.features(plan),
            checked["features"],
            config.features.file,
        ],
        "pretraining": [seeds, *_trained(plan, *PRETRAINING), checked["batch"]],
        "joint": [seeds, *_trained(plan, *ROWS), *_tuned(plan)],
        "evaluation": [seeds, sorted(plan.all_rows), sorted(plan.imagining), job_params.evaluation(plan)],
        "tables": [seeds, job_params.rows(plan), as_json(config.significance)],
    }
    own["tables"] += [result_files.dataset_tables(plan), plan.shown, job_params.cost_logs(plan)]
    own["tables"] += [job_params.feature_source(plan)]
    own["data"] += [config.dataset.gan_image_size, digests.source(plan), checked["vocabulary"]]
    own["data"] += [job_params.labels(plan)] * bool(data_files.labels(plan))
    own["evaluation"] += [data_files.labels_option(plan)]
    own["evaluation"] += [result_files.judges_option(plan), result_files.compared_option(plan)]
    own["evaluation"] += [job_params.lines(plan)] * bool(plan.imagining)
    imagined = [job_params.imagining(plan)] if plan.imagining else []
    reader = [job_params.reader(plan)] if result_files.reader(plan) else []
    machine = as_json(plan.machine)
    own["evaluation"] += [checked["protocols"], digests.evaluation(), machine, *imagined, *reader]
    own["evaluation"] += [*_seedless(plan), *_read_rows(plan)]
    if plan.tuned:
        own["joint"] += [checked["cards"], images]
        own["evaluation"] += [job_params.features(plan), images]
    for phase in ("data", "features", "tables"):
        own[phase] += [images]
    return own


def _steps(plan: Plan) -> dict[str, list[str]]:
    """Steps of each phase whose code does not depend on a job's settings."""
    tables = ("ablation", "published", "imagined", "significance", "costs", "datasets")
    return {
        "data": [
            *("tokenize", "document_frequencies", "gan_images"),
            *["labels"] * bool(data_files.labels(plan)),
        ],
        "features": [
            *["train_cnn"] * data_files.trains_cnn(plan),
            "import_features" if data_files.ready_features(plan) else "features",
        ],
        "pretraining": [],
        "joint": [],
        "evaluation": [
            *["features"] * bool(plan.tuned),
            *["imagined_lines"] * bool(plan.imagining),
            *["train_reader"] * bool(result_files.reader(plan)),
            *["cca"] * bool(plan.seedless_of("cca")),
            *["import_embeddings"] * bool(plan.seedless_of("embeddings")),
        ],
        "tables": [*(f"table_{name}" for name in tables), *(f"figure_{name}" for name in paths.FIGURES)],
    }


def _rules() -> str:
    """Digest of the rules, less their comments."""
    whole = hashlib.sha256()
    for path in sorted(RULES.glob("*.smk")):
        lines = (line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
        whole.update("\n".join(lines).encode())
    return whole.hexdigest()[:16]


def _trained(plan: Plan, *stages: str) -> list[Any]:
    """Settings and code of every job of some stages, seeds aside."""
    found = []
    for stage, name in sorted(plan.needed()):  # the order of rows is one of the tables alone
        if stage in stages:
            plain = stage == "joint" and name in plan.plain
            params = job_params.training(plan, "train_ranking" if plain else STEPS[stage], stage)
            run = SimpleNamespace(name=name, seed="0")
            found.append([stage, name, *(params[key](run) for key in ("files", "settings", "code"))])
    return found


def _tuned(plan: Plan) -> list[Any]:
    """Settings and code of fine-tuning."""
    return [[name, job_params.finetuning(plan, name), digests.finetuning(plan, name)] for name in plan.tuned]


def _seedless(plan: Plan) -> list[Any]:
    """Settings of the rows without a seed."""
    return [[name, job_params.seedless(plan, name)] for name in sorted(plan.config.seedless)]


def _read_rows(plan: Plan) -> list[Any]:
    """Code of the steps that read rows' networks, which depends on each row's plug-ins."""
    steps = {"embed": list(plan.tuned), "imagine": plan.imagining}
    runs = [(step, name) for step, names in steps.items() for name in sorted(names)]
    return [[step, name, digests.row_reader(plan, step, name)] for step, name in runs]
