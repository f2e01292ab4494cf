"""Score the embeddings of a run under each protocol: metrics as JSON, per-query ranks as HDF5.

Where the run has several spaces, the metrics also say what each finds alone.
"""

import importlib.metadata
import platform
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.galleries import PROTOCOLS
from gxn.evaluation.metrics import DIRECTIONS
from gxn.evaluation.protocols import evaluate
from gxn.evaluation.ranked import FIELDS
from gxn.files import create_hdf5, write_json


def step(
    embeddings: Path,
    protocols: list[str],
    medr: str,
    dataset: str,
    method: str,
    seed: int,
    metrics: Path,
    ranks: Path,
) -> None:
    """Evaluate, and write both files or neither."""
    if not protocols or not isinstance(protocols, list):
        raise GxnError(f"protocols: name at least one of {', '.join(PROTOCOLS)}")
    found = read_embeddings(embeddings)
    if found.provenance.get("seed", seed) != seed:
        raise GxnError(f"{embeddings}: made with seed {found.provenance['seed']}, not {seed}")
    try:
        scored = {protocol: evaluate(found, protocol, medr == "floor") for protocol in protocols}
        alone = {
            space: {p: evaluate(found.alone(space), p, medr == "floor").numbers for p in protocols}
            for space in found.spaces
            if len(found.spaces) > 1
        }
    except GxnError as error:
        raise GxnError(f"{embeddings}: {error}") from error
    run = {"dataset": dataset, "method": method, "seed": seed, "split": found.split}
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    versions |= {"numba": importlib.metadata.version("numba")}
    provenance = found.provenance | {"seed": seed}
    provenance["versions"] = provenance.get("versions", {}) | versions
    with create_hdf5(ranks, run | {"provenance": provenance}) as file:
        for protocol, result in scored.items():
            for name in FIELDS:
                file.create_dataset(f"{protocol}/{name}", data=getattr(result, name))
    numbers = {protocol: result.numbers for protocol, result in scored.items()}
    write_json(metrics, run | {"protocols": numbers, "spaces": alone, "provenance": provenance})
    for protocol, result in numbers.items():
        print(f"{dataset} {protocol} {method} seed {seed}: rsum {result['rsum']:.1f}, {_line(result)}")


def _line(numbers: dict) -> str:
    directions = ((way, numbers[way]) for way in DIRECTIONS)
    return ", ".join(f"{way} {n['r1']:.1f} / {n['r5']:.1f} / {n['r10']:.1f}" for way, n in directions)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--embeddings", type=Path, required=True, help="HDF5 of the step embed")
    parser.add_argument("--protocols", type=cli.json_argument, required=True, help='such as ["full"]')
    parser.add_argument("--medr", choices=("floor", "median"), required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--method", required=True, help="row of the table")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--metrics", type=Path, required=True, help="JSON to write")
    parser.add_argument("--ranks", type=Path, required=True, help="HDF5 to write")
    cli.run(step, parser)


if __name__ == "__main__":
    main()
