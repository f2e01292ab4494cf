"""Pictures as a browser reads them: WebP in their own aspect, no larger than a page shows them."""

import io

import numpy as np
from PIL import Image

SIDE = 480  # pixels of the longer side: twice what the page gives a picture, for dense screens
QUALITY = 82  # of 100; photographs of 480 pixels take about 25 kB
EFFORT = 40  # of 100, without loss: 100 takes 20 times as long for the same size
FEW = 160  # pixels up to which a picture is kept without loss


def webp(pixels: np.ndarray) -> bytes:
    """A picture uint8 (H, W, 3) as WebP, its longer side at most SIDE pixels; small ones lose nothing."""
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small = max(image.size) <= FEW
    image.save(written, "WEBP", lossless=small, quality=EFFORT if small else QUALITY, method=2)
    return written.getvalue()
