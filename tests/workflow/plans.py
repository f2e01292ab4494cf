"""Plans of the committed configuration with something laid over it; nothing is run for them."""

from pathlib import Path
from typing import Any

import yaml
from workflow.plan import Plan

from gxn.configuration.files import load, overlay

ROOT = Path(__file__).parents[2]
# photographs and weights of the user's own
OWN = """
dataset: {name: mine, source: {kind: images, images: own/images, captions: own/captions.json}}
cnn: {weights: own/weights.safetensors}
"""
TUNED = "finetune: {methods: [vsepp], processes: 2}"
# rows that imagine nothing; the others are left out
PLAIN = """
methods: {bag: null, infonce: null, abstract: null, two_space: null,
  gxn_i2t_xe: null, gxn_i2t_mix: null, gxn_t2i: null, gxn_i2t_t2i: null}
significance: {control: vse0}
"""


def plan(*overlays: str | dict[str, Any]) -> Plan:
    """The plan of params.yaml with overlays, or YAML texts of them, laid over it."""
    above: dict[str, Any] = {}
    for each in overlays:
        overlay(above, yaml.safe_load(each) if isinstance(each, str) else each)
    return Plan(load([ROOT / "params.yaml"], above))
