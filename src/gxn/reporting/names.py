"""Names of numbers and datasets in print; those of rows are in the configuration."""

DIRECTIONS = {"i2t": "Image to text", "t2i": "Text to image"}
NUMBERS = {"r1": "R@1", "r5": "R@5", "r10": "R@10", "medr": "MedR", "rsum": "rsum"}


def column(key: str) -> str:
    """A column's name in print: `i2t_r1` is `Image to text R@1`."""
    way, _, number = key.rpartition("_")
    return f"{DIRECTIONS[way]} {NUMBERS[number]}" if way else NUMBERS[number]


def dataset(name: str, protocol: str) -> str:
    """A dataset's label in tables: its name, and the protocol unless it is the whole split."""
    return name if protocol == "full" else f"{name}-{protocol}"
