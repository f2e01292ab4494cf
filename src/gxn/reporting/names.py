"""How rows and numbers are called in print."""

METHODS = {
    "vse0": "VSE0",
    "vsepp": "VSE++",
    "order": "Order embeddings",
    "abstract": "Abstract space",
    "two_space": "Two spaces",
    "gxn_i2t_xe": "GXN i2t, XE",
    "gxn_i2t_mix": "GXN i2t, XE + RL",
    "gxn_t2i": "GXN t2i",
    "gxn_i2t_t2i": "GXN i2t + t2i",
}
DIRECTIONS = {"i2t": "Image to text", "t2i": "Text to image"}
NUMBERS = {"r1": "R@1", "r5": "R@5", "r10": "R@10", "medr": "MedR", "rsum": "rsum"}


def method(key: str) -> str:
    """A row's name in print; what the project does not come with is called by its key."""
    return METHODS.get(key, key)


def column(key: str) -> str:
    """A column's name in print: `i2t_r1` is `Image to text R@1`."""
    way, _, number = key.rpartition("_")
    return f"{DIRECTIONS[way]} {NUMBERS[number]}" if way else NUMBERS[number]


def dataset(name: str, protocol: str) -> str:
    """A dataset's label in tables: its name, and the protocol unless it is the whole split."""
    return name if protocol == "full" else f"{name}-{protocol}"
