"""From a photograph to the pixels a CNN sees: resize and crop."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gxn.config import need_least
from gxn.datasets.images import centre_crop, resize_shorter
from gxn.errors import GxnError


def ten_crops(pixels: np.ndarray, size: int) -> list[np.ndarray]:
    """Four corners and the centre, then the same of the mirror image, in torchvision's order."""
    bottom, right = pixels.shape[0] - size, pixels.shape[1] - size
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
    crops = []
    for image in (pixels, pixels[:, ::-1]):
        crops += [image[top : top + size, left : left + size] for top, left in corners]
        crops.append(centre_crop(image, size))
    return crops


@dataclass(frozen=True)
class Transform:
    """What is done to an image before the CNN; nothing in it is random.

    Attributes:
        resize: length of the shorter side before the crop, pixels; None leaves the image as it is.
        crops: `1C`, the centre; `10C`, corners and centre and their mirror images, features averaged.
        crop: side of a crop, pixels.
    """

    resize: int | None
    crops: Literal["1C", "10C"]
    crop: int

    def __post_init__(self) -> None:
        need_least("features", self, crop=1)
        if self.resize is not None and self.resize < self.crop:
            raise GxnError(f"features.resize: {self.resize} is smaller than features.crop, {self.crop}")

    @property
    def count(self) -> int:
        """Crops of one image."""
        return 1 if self.crops == "1C" else 10

    def __call__(self, pixels: np.ndarray, name: str) -> np.ndarray:
        """Crops uint8 (K, crop, crop, 3) of an image uint8 (H, W, 3) called `name` in messages.

        Raises:
            GxnError: the image is smaller than a crop.
        """
        if self.resize is not None:
            pixels = resize_shorter(pixels, self.resize)
        self.need_size(*pixels.shape[1::-1], name)
        crops = [centre_crop(pixels, self.crop)] if self.crops == "1C" else ten_crops(pixels, self.crop)
        return np.stack(crops)

    def need_size(self, width: int, height: int, name: str) -> None:
        """Refuse an image, called `name` in the message, that is smaller than a crop once it is resized.

        Raises:
            GxnError: it is.
        """
        if self.resize is None and min(height, width) < self.crop:
            size = f"{width} x {height} pixels, smaller than features.crop, {self.crop}"
            raise GxnError(f"{name}: is {size}; set features.resize to {self.crop} or more")

    def describe(self) -> dict[str, Any]:
        """The whole of it as JSON, for a file's metadata."""
        own = {"resize": self.resize, "crops": self.crops, "crop": self.crop}
        return own | {"flip": False, "interpolation": "bilinear"}
