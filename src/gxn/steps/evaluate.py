"""Score the embeddings of a run under each protocol: metrics as JSON, per-query ranks as HDF5.

For a run with several spaces, the metrics also have the results of each space alone, and how far apart images and
captions are in each space.
"""

import importlib.metadata
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn import cli, plugins
from gxn.configuration.arguments import Configured
from gxn.datasets.labels import read_labels
from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings, read_embeddings
from gxn.evaluation.metrics import DIRECTIONS
from gxn.evaluation.modality import centroid_gap, probe_accuracy
from gxn.evaluation.protocols import evaluate as evaluate_protocol
from gxn.evaluation.ranked import FIELDS
from gxn.files import write_json
from gxn.hdf5 import create_hdf5

COLUMNS = "gxn.evaluation.columns"


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    embeddings: Path = cli.option("HDF5 of the step embed")
    method: str = cli.option("row of the table")
    labels: Path | None = cli.option("labels.h5, where the images' labels are true", None)
    seed: int | None = cli.option("seed of the run; left out where the row has none", None)
    metrics: Path = cli.option("JSON to write")
    ranks: Path = cli.option("HDF5 to write")


def evaluate(arguments: Arguments) -> None:
    """Evaluate, and write both files or neither."""
    config, seed = arguments.configuration, arguments.seed
    dataset, protocols, floor = (
        config.dataset.name,
        config.evaluate.protocols,
        config.evaluate.medr == "floor",
    )
    embeddings = read_embeddings(arguments.embeddings)
    further = [(name, plugins.load(COLUMNS, name)) for name in plugins.names(COLUMNS)]
    columns, label_columns = (
        {name: plugin.column for name, plugin in further if plugin.READS == kind}
        for kind in ("ranks", "labels")
    )
    labels = None if arguments.labels is None else _labels(arguments.labels, embeddings.imgid)
    if embeddings.provenance.get("seed", seed) != seed:
        raise GxnError(f"{arguments.embeddings}: made with seed {embeddings.provenance['seed']}, not {seed}")
    try:
        results = {
            protocol: evaluate_protocol(embeddings, protocol, floor, columns, labels, label_columns)
            for protocol in protocols
        }
        spaces = {
            space: {
                p: evaluate_protocol(embeddings.alone(space), p, floor, columns).numbers for p in protocols
            }
            for space in embeddings.spaces
            if len(embeddings.spaces) > 1
        }
    except GxnError as error:
        raise GxnError(f"{arguments.embeddings}: {error}") from error
    run = {"dataset": dataset, "method": arguments.method, "seed": seed, "split": embeddings.split}
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    versions |= {"numba": importlib.metadata.version("numba")}
    provenance = embeddings.provenance | {"seed": seed}
    provenance["versions"] = provenance.get("versions", {}) | versions
    with create_hdf5(arguments.ranks, run | {"provenance": provenance}) as file:
        for protocol, result in results.items():
            for name in FIELDS:
                file.create_dataset(f"{protocol}/{name}", data=getattr(result, name))
    numbers = {protocol: result.numbers for protocol, result in results.items()}
    apart = {"modality": _modality(embeddings)}
    write_json(
        arguments.metrics, run | {"protocols": numbers, "spaces": spaces, "provenance": provenance} | apart
    )
    for protocol, result in numbers.items():
        label = f"{dataset} {protocol} {arguments.method}" + ("" if seed is None else f" seed {seed}")
        print(f"{label}: rsum {result['rsum']:.1f}, {_recalls(result)}")


def _labels(path: Path, imgid: np.ndarray) -> np.ndarray:
    """Multi-hot labels (N, L) of images.

    Raises:
        GxnError: they are pseudo-labels, which are not ground truth.
    """
    found = read_labels(path, imgid)
    if found.pseudo:
        raise GxnError(f"{path}: contains {found.source}, which are pseudo-labels; mAP needs true labels")
    return found.multi_hot


def _modality(embeddings: Embeddings) -> dict[str, dict[str, float]]:
    """Say, of each space, how well a probe tells images from captions, and how far apart their means are."""
    return {
        space: {
            "probe": probe_accuracy(images, texts, embeddings.caption_image),
            "gap": centroid_gap(images, texts),
        }
        for space, images, texts in zip(embeddings.spaces, embeddings.images, embeddings.texts, strict=True)
    }


def _recalls(numbers: dict) -> str:
    directions = ((way, numbers[way]) for way in DIRECTIONS)
    return ", ".join(f"{way} {n['r1']:.1f} / {n['r5']:.1f} / {n['r10']:.1f}" for way, n in directions)


main = cli.command(evaluate, Arguments)

if __name__ == "__main__":
    main()
