"""Write the facts of rendered scenes as precomputed features: those of a CNN that makes no mistake."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.palette import ATTRIBUTES, GROUNDS, PLACES
from gxn.errors import GxnError
from gxn.files import read_json
from gxn.hdf5 import create_hdf5

FACTS = [
    *(("ground", value) for value in GROUNDS),
    *((place, kind, value) for place in PLACES for kind, values in ATTRIBUTES.items() for value in values),
]
COLUMN = {fact: column for column, fact in enumerate(FACTS)}


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json of rendered scenes")
    out: Path = cli.option("HDF5 to write: features and names of the images")


def one_hot(scene: dict[str, Any]) -> np.ndarray:
    """Return float32 (F,): 1 for the ground, and for each attribute of the thing at each place."""
    features = np.zeros(len(FACTS), np.float32)
    features[COLUMN["ground", scene["ground"]]] = 1
    for thing in scene["things"]:
        for kind in ATTRIBUTES:
            features[COLUMN[thing["place"], kind, thing[kind]]] = 1
    return features


def oracle_features(arguments: Arguments) -> None:
    """Write `out`: `features` float32 (N, F) and `imgid` (N,), in the order of `captions`.

    Raises:
        GxnError: an image has no facts of a scene.
    """
    images = read_json(arguments.captions)["images"]
    try:
        features = np.stack([one_hot(image["scene"]) for image in images])
    except KeyError as error:
        raise GxnError(
            f"{arguments.captions}: an image has no facts of a scene ({error}); an oracle needs source: scenes"
        ) from error
    with create_hdf5(arguments.out, {"facts": len(FACTS)}) as file:
        file["features"] = features
        file["imgid"] = np.array([image["imgid"] for image in images])
    print(f"{len(features)} images, {len(FACTS)} facts each")


main = cli.command(oracle_features, Arguments)

if __name__ == "__main__":
    main()
