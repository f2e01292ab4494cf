"""Every setting of params.yaml: another valid value of it, and the rules whose jobs it is to reach at once.

What those jobs make reaches others, which do not count here.
"""

import copy
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import yaml
from plans import ROOT

from gxn.configuration.files import overlay

# one seed; a row that is fine-tuned; enough test images for every protocol; what leaves every key another value
BASE = {
    "seeds": [0],
    "device": "cpu",
    "dataset": {"source": {"test": 5000}},
    "drawing": {"adversarial": "logistic", "contrastive_d": 0, "contrastive_g": 0},
    "encoders": {name: {"retrieval": {"normalise": True}} for name in ("cosine", "infonce", "bag")},
    "finetune": {"methods": ["vsepp"], "processes": 2},
}
# they change which files there are, or have no other value here
APART = (
    *("seeds", "device", "dataset.name", "dataset.source.kind", "cnn.weights", "features.file"),
    "labels.instances",
    *("finetune.methods", "methods.*.kind", "methods.*.encoder", "methods.*.captioning", "methods.*.drawing"),
    *("encoders.*.retrieval.normalise", "encoders.infonce.loss.kind"),
)
PHASES = {
    "prepare": "data", "tokenize": "data", "labels": "data", "gan_images": "data",
    "train_cnn": "features", "extract_features": "features",
    "pretrain_ranking": "pretraining", "pretrain_xe": "pretraining", "pretrain_scst": "pretraining",
    "pretrain_gan": "pretraining", "rank": "joint", "imagine_and_rank": "joint", "finetune": "joint",
    "tuned_features": "evaluation", "embed": "evaluation", "evaluate": "evaluation",
    "imagine": "evaluation", "imagined_lines": "evaluation", "train_reader": "evaluation",
}  # fmt: skip
TRAINED = {
    "pretrain_ranking",
    "pretrain_xe",
    "pretrain_scst",
    "pretrain_gan",
    "rank",
    "imagine_and_rank",
}
FEATURES = {"extract_features", "tuned_features", "finetune"}
READ = {"embed", "imagine"}
MEASURED = {"imagine", "imagined_lines"}
CAPTIONED, DRAWN = {"pretrain_xe", "pretrain_scst", "imagine_and_rank"}, {"pretrain_gan", "imagine_and_rank"}
JOINT = {"rank", "imagine_and_rank"}
NAMED = {
    *(f"table_{name}" for name in ("ablation", "published", "imagined", "significance", "costs", "datasets")),
    *(f"figure_{name}" for name in ("ablation", "recall", "training")),
}
REACH: dict[str, set[str]] = {  # the first pattern that fits
    "threads": {"train_cnn", "train_reader", *FEATURES, *TRAINED, *READ},
    "dataset.gan_image_size": {"gan_images"},
    "dataset.source.size": {"prepare", "train_reader"},
    "dataset.source.*": {"prepare"},
    "cnn.pretrain.*": {"train_cnn"},
    "cnn.name": {"train_cnn", *FEATURES, *MEASURED, "table_published"},
    "cnn.*": {"train_cnn", *FEATURES, *MEASURED},
    "features.crop": {*FEATURES, *MEASURED},
    "features.compute_dtype": {*FEATURES, *MEASURED},
    "features.*": FEATURES,
    "vocabulary.*": {"tokenize"},
    "model.*": TRAINED,
    "training.*": {*TRAINED, "finetune"},
    "retrieval.*_pooling": {*TRAINED, *READ, "finetune"},  # whose code is another
    "retrieval.*": TRAINED,
    "encoders.two_space.loss.*": {"pretrain_ranking", *JOINT},
    "encoders.two_space.*": TRAINED,
    "encoders.*": {"pretrain_ranking", "rank"},
    "captioning.max_length": {*CAPTIONED, "imagine"},
    "captioning.scst_weight": {"pretrain_scst", "imagine_and_rank"},
    "captioning.*": CAPTIONED,
    "drawing.*": DRAWN,
    "labels.*": {"labels"},
    "pretrain_ranking.*": {"pretrain_ranking"},
    "pretrain_xe.epochs": CAPTIONED,
    "pretrain_xe.*": {"pretrain_xe"},
    "pretrain_scst.epochs": {"pretrain_scst", "imagine_and_rank"},
    "pretrain_scst.*": {"pretrain_scst"},
    "pretrain_gan.*": {"pretrain_gan"},
    "joint.lr_decoder": {"imagine_and_rank"},
    "joint.lr_g*": {"imagine_and_rank"},
    "joint.*": JOINT,
    "finetune.*": {"finetune"},
    "methods.*.label": NAMED,
    "methods.*.colour": NAMED,
    "methods.vsepp.loss.*": {"rank", "finetune"},
    "evaluate.meteor": {"imagine", "imagined_lines"},
    "evaluate.reader.*": {"train_reader"},
    "evaluate.*": {"evaluate"},
    "significance.control": {"table_significance", "figure_recall"},
    "significance.*": {"table_significance"},
    "paper.*": {"table_datasets"},
}
OTHER: dict[str, Any] = {
    "cnn.name": "mobilenet_v2",
    "cnn.layer": "conv5",
    "dataset.gan_image_size": 64,  # no more than a scene, whose size is the reader's
    "vocabulary.tokeniser": "characters",
    "drawing.contrastive_?": 1,
    "captioning.dropout": 0.5,
    "features.resize": 80,
    "features.crops": "ten_crop",
    "features.crop": 60,
    "features.storage_dtype": "float16",
    "features.compute_dtype": "bfloat16",
    "training.precision": "bfloat16",
    "training.val_subset": 100,
    "training.batch_size": 130,
    "drawing.batch_size": 31,
    "captioning.bleu4_weight": 0.5,
    "drawing.beta1": 0.5,
    "drawing.adversarial": "hinge",
    "drawing.mismatched": "random",
    "model.decoder_start": "word",
    "model.generator_kind": "transposed",
    "model.discriminator_kind": "concatenation",
    "model.discriminator_norm": "batch",
    "model.discriminator_reads": "mean",
    "*retrieval.*_pooling": "last",
    "retrieval.drop_*": 0.5,
    "methods.*.colour": "#123456",
    "retrieval.word_embeddings": "own",
    "encoders.*.spaces": {("grounded",): ["abstract", "grounded"], ("abstract",): ["abstract", "grounded"],
                          ("abstract", "grounded"): ["grounded"]},
    "encoders.*.similarity": {"cosine": "order", "order": "order_root"},
    "*.loss.kind": {"hinge": "hardest", "hardest": "hinge"},
    "methods.*.label": "another",
    "cnn.pretrain.seed": 5,  # 1 is that of the reader
    "*.lr_decay_epoch": 1,
    "finetune.processes": 1,
    "evaluate.protocols": ["full", "5k"],
    "evaluate.medr": "median",
    "significance.control": "order",
    "paper.datasets": ["scenes", "coco"],
}  # fmt: skip


def configuration() -> dict[str, Any]:
    """The values of params.yaml with BASE over them, as YAML's plain values."""
    config = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    overlay(config, BASE)
    return config


def leaves(section: Any, prefix: str = "") -> Iterator[str]:
    """Dotted names of all settings; a list is one."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        elif not any(fnmatch(f"{prefix}{key}", pattern) for pattern in APART):
            yield f"{prefix}{key}"


def with_another(config: dict[str, Any], leaf: str) -> dict[str, Any]:
    """The configuration with another value of one setting.

    Raises:
        LookupError: no other value of it is known; OTHER is to name one.
    """
    found = copy.deepcopy(config)
    *folders, last = leaf.split(".")
    section = found
    for folder in folders:
        section = section[folder]
    section[last] = another(section[last], leaf)
    return found


def another(value: Any, leaf: str) -> Any:
    """Another valid value."""
    for pattern, other in OTHER.items():
        if fnmatch(leaf, pattern):
            known = tuple(value) if isinstance(value, list) else value
            return other[known] if isinstance(other, dict) else other
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2
    raise LookupError(f"{leaf}: {value!r}: tests/workflow/settings.py names no other value of it")


def reach(leaf: str) -> set[str]:
    """Rules whose jobs change at once with a setting.

    Raises:
        LookupError: REACH does not say.
    """
    for pattern, rules in REACH.items():
        if fnmatch(leaf, pattern):
            return rules
    raise LookupError(f"{leaf}: tests/workflow/settings.py does not say what it reaches")
