"""Keys that had another name in an earlier version: each is refused with its new name."""

from collections.abc import Iterator, Mapping
from typing import Any

from gxn.configuration.problems import shown

RENAMED = {
    "dataset.thumbnail": "dataset.gan_image_size",
    "dataset.images": "dataset.source.images",
    "dataset.captions": "dataset.source.captions",
    "dataset.expect": "dataset.source.expected_counts",
    "dataset.truncated": "dataset.source.truncated_images",
    "scenes": "dataset.source",
    "cnn.pretrain.batch": "cnn.pretrain.batch_size",
    "features.precision": "features.storage_dtype",
    "features.arithmetic": "features.compute_dtype",
    "features.batch": "features.batch_size",
    "vocabulary.minimum": "vocabulary.min_count",
    "vocabulary.longest": "vocabulary.max_length",
    "model.word": "model.embed_dim",
    "model.hidden": "model.text_hidden",
    "model.joint": "model.joint_dim",
    "model.decoder": "model.decoder_hidden",
    "model.condition": "model.cond_dim",
    "model.noise": "model.z_dim",
    "model.generator": "model.g_channels",
    "model.discriminator": "model.d_channels",
    "training.batch": "training.batch_size",
    "training.select_images": "training.val_subset",
    "retrieval.abstract_state": "retrieval.abstract_pooling",
    "retrieval.grounded_state": "retrieval.grounded_pooling",
    "retrieval.words": "retrieval.word_embeddings",
    "encoders.*.margin": "encoders.*.loss.margin",
    "warmup": "pretrain_ranking",
    "xe": "pretrain_xe",
    "rl": "pretrain_scst",
    "gan": "pretrain_gan",
    "captioning.clip": "captioning.max_grad_norm",
    "captioning.gamma": "captioning.scst_weight",
    "captioning.critical_every": "captioning.scst_interval",
    "captioning.reward_cider_d": "captioning.ciderd_weight",
    "captioning.reward_bleu_4": "captioning.bleu4_weight",
    "captioning.sampling_increase": "captioning.scheduled_sampling_increase",
    "captioning.sampling_every": "captioning.scheduled_sampling_every",
    "captioning.sampling_most": "captioning.scheduled_sampling_max",
    "captioning.longest": "captioning.max_length",
    "drawing.clip": "drawing.max_grad_norm",
    "drawing.beta_f": "drawing.fake_weight",
    "drawing.beta_w": "drawing.mismatched_weight",
    "drawing.beta_s": "drawing.kl_weight",
    "drawing.wrong": "drawing.mismatched",
    "drawing.batch": "drawing.batch_size",
    "joint.matches": "joint.ranking_steps_per_batch",
    "joint.decay_epoch": "joint.lr_decay_epoch",
    "joint.clip": "joint.max_grad_norm",
    "joint.caption_rate": "joint.lr_decoder",
    "joint.ground_image_rate": "joint.lr_grounded_image",
    "joint.draw_rate": "joint.lr_gan",
    "joint.ground_text_rate": "joint.lr_grounded_text",
    "finetune.cnn_rate": "finetune.lr_cnn",
    "finetune.decay_epoch": "finetune.lr_decay_epoch",
    "finetune.clip": "finetune.max_grad_norm",
    "finetune.smallest": "finetune.crop_min_area",
    "methods.*.negatives": "methods.*.loss",
}
# the keys of `joint` that a row overlays
RENAMED |= {
    f"methods.*.{old}": f"methods.*.{new}" for old, new in RENAMED.items() if old.startswith("joint.")
}


def renamed(config: Mapping[str, Any]) -> list[str]:
    """Keys of a configuration that have another name now, a line for each."""
    return [line for old, new in RENAMED.items() for line in _lines(config, old.split("."), [], new)]


def _lines(value: Any, left: list[str], path: list[str], new: str) -> Iterator[str]:
    if not left:
        names = iter(path[index] for index, part in enumerate(new.split(".")) if part == "*")
        target = ".".join(next(names) if part == "*" else part for part in new.split("."))
        yield f"{'.'.join(path)}: renamed to {target}"
    elif isinstance(value, Mapping):
        for key in list(value) if left[0] == "*" else [left[0]]:
            if key in value:
                yield from _lines(value[key], left[1:], [*path, shown(key)], new)
