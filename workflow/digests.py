"""Texts and hashes that identify a job: its settings as JSON, the code behind it, the captions that it reads."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gxn import code, plugins
from gxn.configuration import stages, system_stages
from gxn.configuration.root import is_fetched
from gxn.configuration.section import Section, used_plugins
from gxn.configuration.stage_settings import StageSettings
from gxn.datasets.folders import walk
from gxn.datasets.layouts.beside import SUFFIXES
from gxn.errors import GxnError
from workflow.data_files import ready_features
from workflow.plan import Plan


def as_json(value: Any) -> str:
    """Write settings as JSON, the same text for equal settings: a job whose text differs runs again."""
    if isinstance(value, Section):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        value = {key: json.loads(as_json(each)) for key, each in value.items()}
    return json.dumps(value, sort_keys=True)


def fingerprint(value: Any) -> str:
    """Hash of a value's JSON, 16 characters, as a part of a file's name."""
    return hashlib.sha256(as_json(value).encode()).hexdigest()[:16]


def step(name: str) -> str:
    """Digest of the code of a step that uses no plug-ins."""
    return code.digest(f"gxn.steps.{name}")


def training(plan: Plan, name: str, stage: str, run: str) -> str:
    """Digest of the code of a training step, with that of the plug-ins that a stage's settings choose.

    Args:
        plan: of the configuration.
        name: of the step.
        stage: one of `workflow.plan.STEPS`.
        run: name of an encoder; for a stage of `workflow.plan.ROWS`, of a row.
    """
    return code.digest(f"gxn.steps.{name}", *used_plugins(stage_settings(plan, stage, run)))


def stage_settings(plan: Plan, stage: str, name: str) -> StageSettings:
    """Settings of a stage of an encoder or a row."""
    if stage == "system":
        return system_stages.settings(plan.config, name)
    return stages.settings(plan.config, stage, name)


def finetuning(plan: Plan, method: str) -> str:
    """Digest of the code of fine-tuning, with that of its ranking loss."""
    settings = stages.finetune(plan.config, plan.tuned[method])
    row = stages.settings(plan.config, "joint", plan.tuned[method])
    return code.digest("gxn.steps.finetune", *used_plugins(settings), *used_plugins(row))


def row_reader(plan: Plan, name: str, method: str) -> str:
    """Digest of the code of a step that reads a row's networks."""
    row = plan.rows[plan.tuned.get(method, method)]
    return code.digest(f"gxn.steps.{name}", *used_plugins(plan.config.encoder(row.encoder)))


def evaluation() -> str:
    """Digest of the code of the step evaluate, with all further columns."""
    columns = "gxn.evaluation.columns"
    return code.digest("gxn.steps.evaluate", *(f"{columns}.{name}" for name in plugins.names(columns)))


def source(plan: Plan) -> str:
    """Digest of the code that makes the data."""
    chosen = plan.config.dataset.source
    package = "gxn.datasets.layouts"  # found by content as a file is read, so no import names them
    layouts = [] if chosen.renders() else [f"{package}.{name}" for name in plugins.names(package)]
    return code.digest("gxn.steps.prepare", f"gxn.sources.{chosen.kind}", *layouts)


def prepared_by(plan: Plan) -> str:
    """Hash of the captions and of the settings of the data: a change of either makes captions.json again.

    Raises:
        GxnError: the captions cannot be read.
    """
    chosen = plan.config.dataset.source
    own = {
        "name": plan.dataset,
        "source": chosen,
        "captions": [content(Path(path)) for path in chosen.captions_files() if not is_fetched(path)],
        "tokeniser": plan.config.vocabulary.tokeniser,
        # their time tells Snakemake of a change; a hash of gigabytes would be made at each start
        "features": [
            [path, Path(path).stat().st_size if Path(path).exists() else 0] for path in ready_features(plan)
        ],
    }
    return fingerprint(own)


def content(path: Path) -> str:
    """Hash of a captions file, or of the names and contents of all texts below a folder; an absent file has one.

    Raises:
        GxnError: the captions cannot be read.
    """
    whole = hashlib.sha256()
    try:
        files = [name for name in walk(path) if name.lower().endswith(SUFFIXES)] if path.is_dir() else [""]
        for name in files:
            if path.joinpath(name).is_file():
                whole.update(f"{name}\0".encode() * bool(name) + path.joinpath(name).read_bytes())
    except OSError as error:
        raise GxnError(f"dataset.source.captions: {path}: {error.strerror}") from None
    return whole.hexdigest()
