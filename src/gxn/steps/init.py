"""Write a configuration that suits your captioned photographs, or your captions with precomputed features.

Run it in the repository's root: gxn init FOLDER. If the captions are not in the folder, add --captions FILE.
It writes config/NAME.yaml with a reason beside each value, and prints how long the run will take and the command
that starts it.
Without photographs: gxn init --captions FILE --features FILE.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.commented_yaml import to_yaml
from gxn.configuration import yaml12
from gxn.configuration.files import PARAMS, load
from gxn.configuration.root import RAW, Configuration, is_fetched
from gxn.datasets.proposal import LEAST_GENERATIVE, dataset_name, propose
from gxn.datasets.survey import Survey, summary, survey
from gxn.errors import GxnError
from gxn.features.precomp import is_precomp
from gxn.files import write_text
from gxn.processors import available_cpus

FIXED_JOBS = 25  # checks, data, tables, figures and pages, whatever the rows


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    folder: Path | None = cli.option(
        "folder of photographs, or a *_precomp folder; not needed with --features",
        None,
        positional=True,
    )
    captions: tuple[Path, ...] = cli.option("files of captions; default: those in the folder", ())
    features: Path | None = cli.option(
        "precomputed features: HDF5, .npz or .npy; default: a CNN computes them", None
    )
    name: str | None = cli.option("name of dataset and configuration; default: the folder's", None)
    cnn: str = cli.option("torchvision classification model", "mobilenet_v2")
    weights: Path | None = cli.option("its weights, safetensors; default: torchvision's are downloaded", None)


def init(arguments: Arguments) -> None:
    """Write the configuration.

    Raises:
        GxnError: there are no captioned images, or the configuration already exists.
    """
    if not PARAMS.is_file():
        raise GxnError(f"{Path.cwd()}: has no params.yaml; run gxn init in the repository's folder")
    images, features = arguments.folder, arguments.features
    if images is not None and features is None and is_precomp(images):
        images, features = None, images
    source = next(each for each in (images, features, *arguments.captions, Path("mine")) if each is not None)
    name = arguments.name or dataset_name(source if source.is_dir() else source.with_suffix(""))
    path = Path("config", f"{name}.yaml")
    if path.exists():
        raise GxnError(f"{path}: already exists; remove it, or give another name by --name")
    found = survey(images, list(arguments.captions) or None, features)
    print(summary(found), flush=True)
    text, config = configured(found, name, path, arguments)
    write_text(path, text)
    rows = [row for row, own in config.methods.items() if own is not None]
    print(f"\n{path}: written; beside each value stands its reason. Rows of the table: {', '.join(rows)}")
    if found.counts["train"] < LEAST_GENERATIVE:
        count = f"{found.counts['train']} training images, of at least {LEAST_GENERATIVE}"
        print(f"No row captions or draws: there are {count} that this takes.")
    foretell(config, path)


def configured(found: Survey, name: str, path: Path, arguments: Arguments) -> tuple[str, Configuration]:
    """The configuration as text, and as its check reads it above params.yaml.

    Raises:
        GxnError: the weights are not there, or a path has letters that no path may have here.
    """
    import torch

    weights = arguments.weights or RAW / f"{arguments.cnn}.safetensors"
    if found.features is None and not is_fetched(weights) and not weights.is_file():
        raise GxnError(f"--weights: {weights}: no such file")
    cuda = torch.cuda.is_available()
    settings = propose(found, name, cuda, arguments.cnn, weights, Path.cwd())
    title = ["Made by gxn init, which found:", *summary(found).split("\n"), "", "Run:", f"  {command(path)}"]
    text = to_yaml(settings, title)
    return text, load([PARAMS], yaml12.load(text))


def command(path: Path) -> str:
    """Give the command that makes tables, figures and pages of a configuration."""
    return f"uv run snakemake --cores {available_cpus()} --configfile {shlex.quote(str(path))} -- all explore"


def foretell(config: Configuration, path: Path) -> None:
    """Print what the run will take, by the estimate of each step, and the command that starts it."""
    from gxn.estimation.data import count
    from gxn.estimation.table import duration, size
    from gxn.estimation.training import JOB_SECONDS, measured

    lines = measured(config, count(config))
    training = sum(line.seconds or 0 for line in lines)
    imagining = sum(row.imagines for row in config.rows.values())
    jobs = FIXED_JOBS + len(config.seeds) * (len(config.rows | config.systems) + imagining)
    disk, download = sum(line.disk or 0 for line in lines), sum(line.download or 0 for line in lines)
    print(
        f"It will take about {duration(training + JOB_SECONDS * jobs)} of one processor: {duration(training)} of "
        f"features and training, and {jobs} short jobs; {size(disk)} on disk"
        f"{f', {size(download)} to download' if download else ''}. "
        f"Step by step: uv run gxn estimate --config {path}"
    )
    if download:
        print("Where there is no network, name weights that you have by --weights FILE and --cnn NAME.")
    print(f"\nRun:\n  {command(path)}")


main = cli.command(init, Arguments)

if __name__ == "__main__":
    main()
