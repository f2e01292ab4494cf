"""The file `features.h5`: a row of numbers per image, joined by image id."""

from pathlib import Path

import numpy as np

from gxn.errors import GxnError
from gxn.files import rows_of
from gxn.hdf5 import hdf5_dataset, open_hdf5, read_rows


def read_features(path: str | Path, imgids: np.ndarray) -> np.ndarray:
    """Features float32 (N, D) of the images `imgids` int64 (N,), in that order.

    The file is read front to back, whatever the order of `imgids`.

    Raises:
        GxnError: the file is missing or damaged, an image is not in it, or a feature is not finite.
    """
    imgids = np.asarray(imgids)
    with open_hdf5(path) as file:
        stored = hdf5_dataset(file, "features", "f", 2)
        present = hdf5_dataset(file, "imgid", "iu", 1)[:]
        if stored.shape[0] != len(present) or not stored.shape[1]:
            raise GxnError(
                f"{path}: features must be ({len(present)}, D), a row per imgid; delete it, run again"
            )
        rows = rows_of(imgids, present, path)
        features = read_rows(stored, rows, np.float32)
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise GxnError(
            f"{path}: the features of image {imgids[~finite][0]} are not finite; delete it, run again"
        )
    return features
