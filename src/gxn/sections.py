"""What the configuration says of a row, an encoder or a stage, as the training steps take it.

Every function takes the whole configuration, as `gxn.schema.check` has passed it, and gives a mapping that the
step's dataclass, which is named, is made of.
"""

from collections.abc import Mapping
from typing import Any

Section = dict[str, Any]
# of a stage on frozen encoders
NO_GROUNDING = {"grounding_rate": 0, "decay_epoch": None}
# the stage whose decoder a row starts from, by its `captioning`
DECODERS = {"xe": "xe", "mix": "rl"}


def rows(config: Mapping[str, Any]) -> dict[str, Section]:
    """The table's rows by name; one that an overlay sets to null is none."""
    return {name: row for name, row in config["methods"].items() if row is not None}


def imagines(row: Mapping[str, Any]) -> bool:
    """Whether a row captions or draws."""
    return row["drawing"] or row["captioning"] != "none"


def encoder(config: Mapping[str, Any], name: str) -> Section:
    """`gxn.models.encoders.EncoderConfig`: settings of all encoders, and over them those of this one."""
    own = dict(config["encoders"][name])
    changes = own.pop("retrieval", {})
    return own | config["retrieval"] | changes


def joint(config: Mapping[str, Any], row: Mapping[str, Any]) -> Section:
    """Section `joint` as a row has it."""
    return config["joint"] | row.get("joint", {})


def without(section: Mapping[str, Any], *names: str) -> Section:
    """A section less some of its keys."""
    return {name: value for name, value in section.items() if name not in names}


def warmup_stage(config: Mapping[str, Any]) -> Section:
    """`gxn.steps.match.MatchStage` of the ranking warm-up: by the sum of hinges, at one rate."""
    match = without(config["warmup"], "epochs") | {"negatives": "sum", "decay_epoch": None}
    return {"epochs": config["warmup"]["epochs"], "matches": 1, "select": False, "match": match}


def xe_stage(config: Mapping[str, Any]) -> Section:
    """`gxn.steps.caption.CaptionStage` of cross-entropy alone, which grounds nothing."""
    changes = without(config["xe"], "epochs") | NO_GROUNDING | {"gamma": 0, "earlier": 0}
    return {"epochs": config["xe"]["epochs"], "caption": config["captioning"] | changes}


def rl_stage(config: Mapping[str, Any]) -> Section:
    """`gxn.steps.caption.CaptionStage` of the mix, which goes on from cross-entropy and grounds nothing."""
    changes = without(config["rl"], "epochs") | NO_GROUNDING | {"earlier": config["xe"]["epochs"]}
    return {"epochs": config["rl"]["epochs"], "caption": config["captioning"] | changes}


def gan_stage(config: Mapping[str, Any]) -> Section:
    """`gxn.steps.draw.DrawStage`, which grounds nothing."""
    changes = without(config["gan"], "epochs") | NO_GROUNDING
    return {"epochs": config["gan"]["epochs"], "draw": config["drawing"] | changes}


def joint_stage(config: Mapping[str, Any], row: Mapping[str, Any]) -> Section:
    """`gxn.steps.joint.JointStage` of a row that imagines, `gxn.steps.match.MatchStage` of one that does not."""
    own = joint(config, row)
    stage = {name: own[name] for name in ("epochs", "matches")}
    stage["match"] = {name: own[name] for name in ("learning_rate", "decay_epoch", "clip")}
    stage["match"]["negatives"] = row["negatives"]
    if not imagines(row):
        return stage | {"select": True}
    return stage | {"caption": _caption(config, row), "draw": _draw(config, row)}


def _caption(config: Mapping[str, Any], row: Mapping[str, Any]) -> Section | None:
    if row["captioning"] == "none":
        return None
    rates = _rates(config, row, "caption_rate", "ground_image_rate")
    earlier = config["xe"]["epochs"]
    if row["captioning"] == "xe":
        return config["captioning"] | rates | {"gamma": 0, "earlier": earlier}
    return config["captioning"] | rates | {"earlier": earlier + config["rl"]["epochs"]}


def _draw(config: Mapping[str, Any], row: Mapping[str, Any]) -> Section | None:
    if not row["drawing"]:
        return None
    return config["drawing"] | _rates(config, row, "draw_rate", "ground_text_rate")


def _rates(config: Mapping[str, Any], row: Mapping[str, Any], own: str, grounding: str) -> Section:
    found = joint(config, row)
    rates = {"learning_rate": found[own], "grounding_rate": found[grounding]}
    return rates | {"decay_epoch": found["decay_epoch"]}


def finetune_stage(config: Mapping[str, Any], row: Mapping[str, Any]) -> Section:
    """`gxn.steps.finetune.FinetuneStage` of a row."""
    own, ranking = config["finetune"], ("learning_rate", "decay_epoch", "clip")
    match = {name: own[name] for name in ranking} | {"negatives": row["negatives"]}
    return without(own, "methods", "processes", *ranking) | {"match": match}
