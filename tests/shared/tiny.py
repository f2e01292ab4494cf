"""A configuration with tiny networks, and a dataset of a few random images whose captions tell them apart."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from small import config_files, configuration

from gxn.configuration.stage_settings import StageSettings
from gxn.configuration.stages import settings
from gxn.datasets.captions import Record, Sentence
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.hdf5 import create_hdf5
from gxn.steps import document_frequencies, train_captions, train_drawing, train_joint, train_ranking

TINY: dict[str, Any] = {
    "device": "cpu",
    "threads": 1,
    "dataset": {"name": "tiny", "gan_image_size": 16},
    "model": {
        "embed_dim": 8, "text_hidden": 12, "joint_dim": 10, "decoder_hidden": 9, "decoder_start": "state",
        "cond_dim": 6, "z_dim": 4, "g_channels": 4, "d_channels": 4, "discriminator_reads": "text",
    },
    "training": {"batch_size": 8, "precision": "float32", "val_subset": None},
    "retrieval": {
        "normalise": True, "absolute": True, "abstract_pooling": "mean", "grounded_pooling": "last",
        "word_embeddings": "shared", "same_image_negatives": False, "each_space_weight": 0.0,
    "drop_features": 0.0, "drop_words": 0.0, "drop_states": 0.0,
    },
    "encoders": {
        "two_space": {
            "spaces": ["abstract", "grounded"], "similarity": "order", "abstract_weight": 0.5,
            "loss": {"kind": "hinge", "margin": 0.05},
        }
    },
    "captioning": {
        "max_grad_norm": 1.0, "scst_weight": 0.5, "scst_interval": 1, "ciderd_weight": 1.0, "bleu4_weight": 0.0,
        "scheduled_sampling_increase": 0.1, "scheduled_sampling_every": 1, "scheduled_sampling_max": 0.25,
        "max_length": 6,
    },
    "drawing": {
        "beta1": 0.5, "max_grad_norm": 10.0, "fake_weight": 0.5, "mismatched_weight": 0.5, "kl_weight": 2.0,
        "saturating": False, "mismatched": "next", "discriminator_grounds": False, "batch_size": 4,
    },
    "pretrain_ranking": {"epochs": 1, "learning_rate": 0.01, "max_grad_norm": 2.0},
    "pretrain_xe": {"epochs": 1, "learning_rate": 0.01},
    "pretrain_scst": {"epochs": 1, "learning_rate": 0.01},
    "pretrain_gan": {"epochs": 1, "learning_rate": 0.001},
    "joint": {
        "epochs": 2, "ranking_steps_per_batch": 2, "learning_rate": 0.01, "lr_decay_epoch": None,
        "max_grad_norm": 2.0, "lr_decoder": 0.01, "lr_grounded_image": 0.0, "lr_gan": 0.001,
        "lr_grounded_text": 0.0,
    },
    "methods": {
        "plain": {"encoder": "two_space"},
        "captions": {"encoder": "two_space", "captioning": "mix"},
        "draws": {"encoder": "two_space", "drawing": True},
        "both": {"encoder": "two_space", "captioning": "mix", "drawing": True},
    },
}  # fmt: skip
SPLITS = ["train"] * 12 + ["val"] * 6 + ["test"] * 6


def taken(stage: str, name: str, *changes: dict[str, Any]) -> StageSettings:
    """Settings that a stage takes of the tiny configuration."""
    return settings(configuration(TINY, *changes), stage, name)


def write_data(folder: Path) -> Path:
    """Write tokens, features, small images and document frequencies of 12 + 6 + 6 images, three captions each."""
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in range(8)]
    records = [
        Record(
            f"{i}.png", 100 + i, split,
            tuple(Sentence(10 * i + k, tuple(random.choice(words, 2 + k))) for k in range(3)),
        )
        for i, split in enumerate(SPLITS)
    ]  # fmt: skip
    write_tokens(folder / "tokens.h5", records, build_vocabulary(records, 1), 30)
    ids = np.array([record.imgid for record in records])
    with create_hdf5(folder / "features.h5", {}) as file:
        file["features"], file["imgid"] = random.standard_normal((24, 16)).astype(np.float32), ids
    with create_hdf5(folder / "gan_images.h5", {}) as file:
        file["images"], file["imgid"] = random.integers(0, 256, (24, 3, 16, 16), np.uint8), ids
    document_frequencies.document_frequencies(
        document_frequencies.Arguments(tokens=folder / "tokens.h5", out=folder / "frequencies.h5")
    )
    return folder


STEPS = {
    "pretrain_ranking": train_ranking,
    "pretrain_xe": train_captions,
    "pretrain_scst": train_captions,
    "pretrain_gan": train_drawing,
    "joint": train_joint,
}


def train(
    data: Path,
    out: str,
    stage: str,
    name: str,
    *changes: dict[str, Any],
    step: ModuleType | None = None,
    **files: Any,
) -> Path:
    """Run a training step on the data of a folder, seed 3, and return its checkpoint, `out`.safetensors there.

    Args:
        step: the step's module; the usual one of the stage where none is given.
        files: further arguments, and those that take the place of the data's.
    """
    module = step or STEPS[stage]
    given = {
        "config": config_files(data / "config" / out, TINY, *changes),
        "stage": stage,
        "name": name,
        "features": data / "features.h5",
        "tokens": data / "tokens.h5",
        "seed": 3,
        "resume": data / "scratch" / out,
        "curves": data / f"{out}.csv",
        "out": data / f"{out}.safetensors",
    }
    getattr(module, module.__name__.rpartition(".")[2])(module.Arguments(**given | files))
    return data / f"{out}.safetensors"


def pretrain(data: Path, *changes: dict[str, Any]) -> dict[str, Path]:
    """Train every stage before the joint one; the files that the joint stage of a row that does all reads."""
    made = {"frequencies": data / "frequencies.h5", "gan_images": data / "gan_images.h5"}
    made["encoders"] = train(data, "encoders", "pretrain_ranking", "two_space", *changes)
    first = {"encoders": made["encoders"]}
    made["decoder"] = train(
        data, "decoder", "pretrain_xe", "two_space", *changes, **first, frequencies=made["frequencies"]
    )
    made["gan"] = train(
        data, "gan", "pretrain_gan", "two_space", *changes, **first, gan_images=made["gan_images"]
    )
    return made


class Killed(Exception):
    """Raised where a kill is played."""


def kill_after(monkeypatch: Any, saves: int) -> None:
    """Let the training loop save its state so many times, then stop it as a kill would."""
    from gxn.training.resume import Resume

    save, done = Resume.save, []

    def save_and_die(self: Resume, state: Any) -> None:
        save(self, state)
        done.append(1)
        if len(done) == saves:
            raise Killed

    monkeypatch.setattr(Resume, "save", save_and_die)
