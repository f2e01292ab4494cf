"""From a photograph to the pixels that a CNN sees: resize and crop; nothing is random."""

from typing import Any

import numpy as np

from gxn.configuration.features import Features
from gxn.datasets.images import centre_crop, resize_shorter
from gxn.errors import GxnError


def ten_crops(pixels: np.ndarray, size: int) -> list[np.ndarray]:
    """Cut four corners and the centre, then the same of the mirror image, in torchvision's order."""
    bottom, right = pixels.shape[0] - size, pixels.shape[1] - size
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
    crops = []
    for image in (pixels, pixels[:, ::-1]):
        crops += [image[top : top + size, left : left + size] for top, left in corners]
        crops.append(centre_crop(image, size))
    return crops


def crops_per_image(settings: Features) -> int:
    """Number of crops whose features are averaged."""
    return 10 if settings.crops == "ten_crop" else 1


def images_per_batch(settings: Features) -> int:
    """Number of images whose crops fill a batch, at least one."""
    return max(1, settings.batch_size // crops_per_image(settings))


def crops(pixels: np.ndarray, settings: Features, name: str) -> np.ndarray:
    """Cut the crops uint8 (K, crop, crop, 3) of an image uint8 (H, W, 3), called `name` in messages.

    Raises:
        GxnError: the image is smaller than a crop.
    """
    if settings.resize is not None:
        pixels = resize_shorter(pixels, settings.resize)
    check_size(*pixels.shape[1::-1], settings, name)
    if settings.crops == "center":
        return centre_crop(pixels, settings.crop)[None]
    return np.stack(ten_crops(pixels, settings.crop))


def check_size(width: int, height: int, settings: Features, name: str) -> None:
    """Refuse an image that is smaller than a crop once it is resized.

    Raises:
        GxnError: it is; the message calls it `name`.
    """
    if settings.resize is None and min(height, width) < settings.crop:
        size = f"{width} x {height} pixels, smaller than features.crop, {settings.crop}"
        raise GxnError(f"{name}: is {size}; set features.resize to {settings.crop} or more")


def describe(settings: Features) -> dict[str, Any]:
    """Describe the transform as JSON, for a file's metadata."""
    own = {"resize": settings.resize, "crops": settings.crops, "crop": settings.crop}
    return own | {"flip": False, "interpolation": "bilinear"}
