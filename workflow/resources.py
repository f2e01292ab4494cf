"""Memory and cards that jobs ask for."""

import os
from collections.abc import Callable
from shutil import which
from typing import Any

from gxn.configuration.root import Configuration

# MB of a job without torch; an executor's own Snakemake, 150 of them, is part of each job
LIGHT = 400
# copies in memory of each input that is read whole, with what is made of it
COPIES = {
    "captions": 4,
    "tokens": 20,  # their n-grams
    "frequencies": 4,
    "features": 2,
    "gan_images": 1,
    "decoder": 6,  # gradient, moments, best epoch, the state that is saved
    "gan": 6,
    "embeddings": 4,
}


def networks(config: Configuration) -> int:
    """MB of a job for the libraries and the networks of its row, their activations and Adam's moments.

    1,000 were measured at a width of 128, 1,380 at 512, data included.
    """
    return 950 + max(value for value in config.model.model_dump().values() if isinstance(value, int))


def memory(base: int, processes: int = 1, **copies: int) -> Callable[..., int]:
    """Give the function of a job's memory in MB: `base` and copies of its inputs, for each process.

    As much again at each further attempt, since a scheduler may have killed the last one for its memory.
    """
    times = COPIES | copies

    def needed(wildcards: Any, input: Any, attempt: int) -> int:
        data = sum(
            count * os.path.getsize(path)
            for name, count in times.items()
            if name in input.keys()
            for path in ([input[name]] if isinstance(input[name], str) else input[name])
        )
        return attempt * processes * (base + int(data / 1e6))

    return needed


def cards(config: Configuration) -> int:
    """Number of cards that a computing job asks for.

    With `device: auto` it is asked where Snakemake runs, which on a cluster need not have the jobs' cards.
    """
    return {"cpu": 0, "cuda": 1}.get(config.device, int(bool(which("nvidia-smi"))))


def launch(processes: int) -> str:
    """The command that starts a step: `python -m`, or `torchrun` where several processes share the work."""
    if processes == 1:
        return "python -m"
    return f"torchrun --standalone --nproc-per-node {processes} -m"
