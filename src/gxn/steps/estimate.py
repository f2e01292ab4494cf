"""Say what a configuration takes before it is run: bytes to download, disk, time and memory per step.

Run it in the repository's root: gxn estimate --config params.yaml config/coco.yaml.
Nothing is downloaded or written. Times of scenes, features and training are measured here, on a few batches of
made-up data of the configured sizes; they are for updates and the start of their jobs, so validation and
evaluation come on top, as does other work on the machine. Steps are counted one after another; seeds and rows
run side by side where there are cores or cards.
Memory is the card's where there is one, activations included; on a CPU it is what parameters, Adam's moments
and data take, without activations and the 0.4 GB of the libraries.
"""

from dataclasses import dataclass

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.estimation.data import count
from gxn.estimation.table import show
from gxn.estimation.training import measured


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""


def estimate(arguments: Arguments) -> None:
    """Print the table for the configuration."""
    config = arguments.configuration
    counts = count(config)
    print(f"{config.dataset.name}: {counts.images} images, {counts.captions} training captions, ", end="")
    print(f"{counts.words} words ({counts.origin})", flush=True)
    show(measured(config, counts))


main = cli.command(estimate, Arguments)

if __name__ == "__main__":
    main()
