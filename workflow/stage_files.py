"""Files that the training stages and fine-tuning start from."""

from collections.abc import Callable
from typing import Any

from gxn.configuration import stages
from workflow import paths
from workflow.data_files import images, rendered, weights
from workflow.plan import Plan


def earlier(plan: Plan, stage: str, name: str) -> dict[str, tuple[str, str]]:
    """Stages, with the encoder, whose checkpoints a stage starts from, by the option that takes each.

    Args:
        plan: of the configuration.
        stage: one of `workflow.plan.STEPS`.
        name: of an encoder; for a stage of `workflow.plan.ROWS`, of a row.
    """
    if stage in ("pretrain_ranking", "system"):
        return {}
    row = plan.rows[name] if stage == "joint" else None
    encoder = row.encoder if row else name
    found = {"encoders": ("pretrain_ranking", encoder)}
    if stage == "pretrain_scst":
        found["decoder"] = ("pretrain_xe", encoder)
    if row and row.captioning != "none":
        found["decoder"] = (stages.DECODERS[row.captioning], encoder)
    if row and row.drawing:
        found["gan"] = ("pretrain_gan", encoder)
    return found


def start(plan: Plan, stage: str, name: str) -> dict[str, str]:
    """Files that a stage starts from besides features and tokens, by the option that takes them.

    Args:
        plan: of the configuration.
        stage: one of `workflow.plan.STEPS`.
        name: of an encoder; for a stage of `workflow.plan.ROWS`, of a row.
    """
    files = {option: paths.checkpoint(*each) for option, each in earlier(plan, stage, name).items()}
    if stage in ("pretrain_xe", "pretrain_scst") or "decoder" in files:
        files["frequencies"] = paths.FREQUENCIES
    if stage == "pretrain_gan" or "gan" in files:
        files["gan_images"] = paths.GAN_IMAGES
    if stage == "system" and plan.systems[name].kind == "adversarial":
        files["labels"] = paths.LABELS
    return files


def read_by(plan: Plan, stage: str, name: str, seed: str) -> dict[str, str]:
    """Files that a run of a stage reads, by the option that takes them."""
    files = {"features": paths.FEATURES, "tokens": paths.TOKENS} | start(plan, stage, name)
    return {option: path.format(dataset=plan.dataset, name=name, seed=seed) for option, path in files.items()}


def jobs_before(plan: Plan, stage: str, name: str) -> list[tuple[str, str]]:
    """Give a stage and those that it starts from, directly or not, the last one last."""
    before = [job for each in earlier(plan, stage, name).values() for job in jobs_before(plan, *each)]
    return [*dict.fromkeys(before), (stage, name)]


def inputs(plan: Plan, stage: str) -> Callable[[Any], dict[str, str]]:
    """Give Snakemake's input function of a stage: the files that it reads, and the check that it waits for."""
    check = {"preflight": plan.checked("batch")[0]} if stage in ("pretrain_ranking", "system") else {}

    def files(wildcards: Any) -> dict[str, str]:
        return read_by(plan, stage, wildcards.name, wildcards.seed) | check

    return files


def finetune_inputs(plan: Plan, method: str, seed: str) -> dict[str, str]:
    """Inputs of the fine-tuning of a row."""
    files = {
        "checkpoint": paths.checkpoint("joint", plan.tuned[method]),
        "weights": weights(plan),
        "captions": paths.CAPTIONS,
        "tokens": paths.TOKENS,
        "features": paths.FEATURES,
        "preflight": paths.CHECKED.replace("{check}", "cards"),
    }
    own = {name: path.format(dataset=plan.dataset, seed=seed) for name, path in files.items()}
    return own | ({"rendered": images(plan)} if rendered(plan) else {})
