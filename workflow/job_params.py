"""Parameters of jobs: settings as JSON texts, and options. A job whose parameters differ runs again."""

import json
from typing import Any

from gxn.configuration import stages
from workflow import digests, paths, stage_files
from workflow.digests import as_json
from workflow.plan import ROWS, SEEDLESS, Plan
from workflow.result_files import judge


def features(plan: Plan) -> str:
    """Settings of the features."""
    own = plan.config.features
    if own.file:
        return as_json({"file": own.file, "storage_dtype": own.storage_dtype})
    cnn = {"cnn": stages.fixed_cnn(plan.config), "features": own}
    return as_json(cnn | {"machine": plan.machine})


def cnn(plan: Plan) -> str:
    """Settings of the CNN that is trained here."""
    return as_json({"cnn": plan.config.cnn, "machine": plan.machine})


def training(plan: Plan, step: str, stage: str) -> dict[str, Any]:
    """Give the params of a stage's rule: its files as options, settings, code, folder of unfinished work."""

    def files(wildcards: Any) -> str:
        read = stage_files.read_by(plan, stage, wildcards.name, wildcards.seed)
        return " ".join(f"--{name.replace('_', '-')} {path}" for name, path in read.items())

    def embeddings(wildcards: Any) -> str:
        run = {"dataset": plan.dataset, "name": wildcards.name, "seed": wildcards.seed}
        return f"--embeddings {paths.embeddings('{name}').format(**run)}"

    def settings(wildcards: Any) -> str:
        return as_json(digests.stage_settings(plan, stage, wildcards.name))

    def code(wildcards: Any) -> str:
        return digests.training(plan, step, stage, wildcards.name)

    return {
        "step": step,
        "embeddings": embeddings if stage in ROWS else "",
        "stage": stage,
        "files": files,
        "settings": settings,
        "code": code,
        "resume": paths.resume(f"{stage}/{{name}}/seed{{seed}}"),
    }


def labels(plan: Plan) -> str:
    """Settings of the labels."""
    return as_json({"labels": plan.config.labels, "renders": plan.config.dataset.source.renders()})


def cost_logs(plan: Plan) -> str:
    """Logs of the jobs that a row's embeddings come from, of each run, by row, as JSON."""

    def logs(jobs: list[tuple[str, str]]) -> list[list[str]]:
        patterns = [paths.log(f"{stage}/{name}/seed{{seed}}") for stage, name in jobs]
        return [[path.replace("{seed}", str(seed)) for path in patterns] for seed in plan.config.seeds]

    stage_of = dict.fromkeys(plan.rows, "joint") | dict.fromkeys(plan.systems, "system")
    found = {row: logs(stage_files.jobs_before(plan, stage, row)) for row, stage in stage_of.items()}
    for row, start in plan.tuned.items():
        found[row] = logs([*stage_files.jobs_before(plan, "joint", start), ("finetune", row)])
    found |= {row: [[paths.log(f"cca/{row}/{SEEDLESS}")]] for row in plan.seedless_of("cca")}
    return as_json(found).replace("{dataset}", plan.dataset)


def finetuning(plan: Plan, method: str) -> str:
    """Settings that the result of fine-tuning depends on."""
    return as_json(stages.finetune(plan.config, plan.tuned[method]))


def seedless(plan: Plan, method: str) -> str:
    """Settings of a row without a seed."""
    row = plan.config.seedless[method]
    return as_json(row.model_dump(mode="json", exclude={"label", "colour"}))


def seed_option(seed: str) -> str:
    """The seed of a run as an option; none where the row has none."""
    return f"--seed {seed}" if seed != "less" else ""


def evaluation(plan: Plan) -> str:
    """Settings of the step evaluate."""
    own = plan.config.evaluate
    return as_json({"protocols": own.protocols, "medr": own.medr})


def imagining(plan: Plan) -> str:
    """Settings that what is imagined, and its measures, depend on."""
    return as_json(plan.machine | {"max_length": plan.config.captioning.max_length} | _measuring(plan))


def lines(plan: Plan) -> str:
    """Settings that the measures of people and chance depend on."""
    return as_json(_measuring(plan))


def _measuring(plan: Plan) -> dict[str, Any]:
    """Settings of measures: METEOR, and the CNN by which drawings are compared with real pictures."""
    found: dict[str, Any] = {"meteor": plan.config.evaluate.meteor}
    if judge(plan):
        own = plan.config.features
        found |= {"cnn": stages.fixed_cnn(plan.config), "crop": own.crop, "compute_dtype": own.compute_dtype}
    return found


def reader(plan: Plan) -> str:
    """Settings of the reader of drawings."""
    dataset = plan.config.dataset
    size = {"size": max(dataset.source.image_side() or 0, dataset.gan_image_size)}
    return as_json(plan.machine | size | {"reader": plan.config.evaluate.reader})


def feature_source(plan: Plan) -> str:
    """Name the source of the features, as the table of published numbers names it."""
    return as_json({"cnn": plan.config.cnn.name, "file": plan.config.features.file})


def rows(plan: Plan) -> str:
    """Rows of tables and figures: keys, names in print, colours."""
    own = {name: [row.label, row.colour] for name, row in plan.config.methods.items() if row is not None}
    return json.dumps([own, list(plan.tuned)])  # their order counts
