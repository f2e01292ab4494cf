"""The number of batches of a split; light, since a check asks for it before anything runs."""

from gxn.errors import GxnError


def whole_batches(captions: int, size: int, split: str) -> int:
    """Number of times that `size` pairs can be taken from the `captions` of a split.

    Raises:
        GxnError: the batch is larger than the split.
    """
    if size > captions:
        raise GxnError(
            f"training.batch_size: {size} pairs are more than the {captions} captions of the {split} split; "
            "make the batch smaller"
        )
    return captions // size
