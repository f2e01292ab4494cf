"""Pictures as a browser reads them: WebP in their own aspect, no larger than a page shows them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from gxn.errors import GxnError

SIDE = 400  # pixels of the longer side: the page gives a picture up to 380
QUALITY = 78  # of 100; photographs of 400 pixels take about 15 kB
SMALL, BETTER = 160, 90  # pixels up to which a picture is blown up, and the quality that this asks for
TINY = 48  # pixels up to which lossy WebP, which halves the pixels of colour, would be seen: drawings
COLOURS = 64  # of a tiny picture: with all of them its file is twice as large
EFFORT = 40  # of 100, without loss: 100 takes 20 times as long for the same size
WIDE = 1920  # pixels of a figure: twice what the page gives it


def webp(pixels: np.ndarray) -> bytes:
    """A picture uint8 (H, W, 3) as WebP, its longer side at most SIDE pixels; tiny ones keep their pixels."""
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    longer = max(image.size)
    if longer <= TINY:
        few = image.quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB")
        return _saved(few, lossless=True, quality=EFFORT, method=2)
    return _saved(image, quality=BETTER if longer <= SMALL else QUALITY, method=4)


def figure(path: Path) -> bytes:
    """A figure's PNG as WebP, at most WIDE pixels wide.

    Raises:
        GxnError: it cannot be read.
    """
    try:
        with Image.open(path, formats=["PNG"]) as opened:
            image = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise GxnError(f"{path}: cannot be read as a PNG: {error}") from error
    image.thumbnail((WIDE, image.height), Image.Resampling.LANCZOS)
    return _saved(image, quality=QUALITY, method=4)


def _saved(image: Image.Image, **how: int) -> bytes:
    written = io.BytesIO()
    image.save(written, "WEBP", **how)
    return written.getvalue()
