"""The protocols, and how many images each needs."""

PROTOCOLS = ("full", "1k-5fold", "5k")
IMAGES = 5000  # of COCO's test split


def protocol_error(protocol: str, images: int) -> str | None:
    """Why a split of so many images does not suit the protocol, if it does not."""
    if protocol == "5k" and images != IMAGES:
        return f"5k needs exactly {IMAGES:,} images, the test split has {images:,}; use full"
    if protocol == "1k-5fold" and images < IMAGES:
        return f"1k-5fold needs {IMAGES:,} images, the test split has {images:,}; use full"
    return None
