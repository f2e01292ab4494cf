"""Predict what a run of a configuration needs: bytes to download, disk space, time and memory of each step.

Run it in the repository's root: gxn estimate --config config/coco.yaml.
It downloads and writes nothing. It measures rendering, features and training on a few batches of made-up data of
the configured sizes. The times are those of one step after another, with the start of each job, on a machine
without other work; validation and evaluation are not included. Seeds and rows run at the same time if there are
several cores or GPUs.
With a GPU, memory is that of the GPU, activations included. On a CPU it is that of parameters, Adam's moments and
data, without activations and the 0.4 GB of the libraries.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.configuration.files import load_over_defaults
from gxn.estimation.data import count
from gxn.estimation.table import show
from gxn.estimation.training import measured


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    config: tuple[Path, ...] = cli.option("configuration files of the run, without params.yaml", ())


def estimate(arguments: Arguments) -> None:
    """Print the table for the configuration."""
    config = load_over_defaults(arguments.config)
    counts = count(config)
    print(f"{config.dataset.name}: {counts.images} images, {counts.captions} training captions, ", end="")
    print(f"{counts.words} words ({counts.origin})", flush=True)
    show(measured(config, counts))


main = cli.command(estimate, Arguments)

if __name__ == "__main__":
    main()
