"""Checks before jobs: the settings and files that each reads.

A check reads only settings that its dependent job also reads, so it never triggers an extra rerun.
"""

import shlex
from typing import Any

from gxn.configuration import stages
from workflow import paths
from workflow.data_files import images, rendered, weights
from workflow.digests import fingerprint
from workflow.plan import Plan

CHECKS = ("vocabulary", "cnn", "features", "batch", "protocols", "cards")


def settings(plan: Plan, check: str) -> dict[str, Any]:
    """Settings that a check reads."""
    config = plan.config
    return {
        "vocabulary": {"min_count": config.vocabulary.min_count},
        "cnn": plan.machine | {"cnn": config.cnn},
        "features": plan.machine | {"cnn": stages.fixed_cnn(config), "features": config.features},
        "batch": {"batch_size": config.training.batch_size},
        "protocols": {"protocols": config.evaluate.protocols},
        "cards": {"device": config.device, "processes": config.finetune.processes},
    }[check]


def files(plan: Plan, check: str) -> dict[str, str]:
    """Files that a check reads, by the option that takes them."""
    found = {
        "vocabulary": {"captions": paths.CAPTIONS},
        "cnn": {},
        "features": {"captions": paths.CAPTIONS, "images": images(plan), "weights": weights(plan)},
        "batch": {"tokens": paths.TOKENS},
        "protocols": {"tokens": paths.TOKENS},
        "cards": {},
    }[check]
    return {name: path.replace("{dataset}", plan.dataset) for name, path in found.items()}


def inputs(plan: Plan, check: str) -> dict[str, str]:
    """Files that a check reads, as inputs of its job; the user's folder of photographs is none."""
    return {name: path for name, path in files(plan, check).items() if name != "images" or rendered(plan)}


def options(plan: Plan, check: str) -> str:
    """Files that a check reads, as options; the user may name some with any characters."""
    return " ".join(f"--{name} {shlex.quote(path)}" for name, path in files(plan, check).items())


def result(plan: Plan, check: str) -> str:
    """Path of the result of a check with these settings and files."""
    own = settings(plan, check) | {"files": files(plan, check)}
    name = f"preflight/{check}-{fingerprint(own)}.json"
    return paths.resume(name).format(dataset=plan.dataset)
