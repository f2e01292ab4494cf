"""Realism of drawings by the CNN: the distances of their features from those of real pictures."""

from pathlib import Path

import numpy as np
import torch

from gxn.configuration.features import Features, FixedCnn
from gxn.evaluation.distances import frechet_distance, kernel_distance
from gxn.features.cnn import load_cnn
from gxn.features.extract import forward
from gxn.features.transforms import crops

BATCH = 128


def picture_features(
    images: np.ndarray, cnn: FixedCnn, weights: Path, settings: Features, device: torch.device
) -> np.ndarray:
    """Compute features float32 (N, D) of small pictures uint8 (N, 3, S, S), enlarged to the CNN's crop.

    Raises:
        GxnError: the weights do not fit the CNN.
    """
    network = load_cnn(cnn.name, cnn.layer, weights)[0].to(device, memory_format=torch.channels_last).eval()
    whole = settings.model_copy(update={"resize": settings.crop, "crops": "center"})
    found = []
    for start in range(0, len(images), BATCH):
        pixels = images[start : start + BATCH].transpose(0, 2, 3, 1)
        batch = np.concatenate([crops(np.ascontiguousarray(each), whole, "a drawing") for each in pixels])
        found.append(forward(network, batch, 1, device, settings.compute_dtype).numpy(force=True))
    return np.concatenate(found)


def realism(real: np.ndarray, drawn: np.ndarray) -> dict[str, float]:
    """Return the distances of features (M, D) of drawings from (N, D) of real pictures; lower is better.

    `kid` and its spread `kid_spread` are the kernel distance, `frechet` is the Frechet distance. The line of
    people is that of other real pictures, as small as the drawings.

    Raises:
        GxnError: a side has fewer than two pictures, or a feature is not finite.
    """
    distance = kernel_distance(real, drawn)
    return {"kid": distance.mean, "kid_spread": distance.std, "frechet": frechet_distance(real, drawn)}
