"""Match: the bi-directional hinge on the mixed score (GXN, equations 2 and 3; VSE++ for the hardest)."""

from typing import Literal

from torch import Tensor

Negatives = Literal["sum", "hardest"]


def ranking_loss(scores: Tensor, image_ids: Tensor, margin: float, negatives: Negatives) -> Tensor:
    """Hinge over in-batch negatives, both directions, summed over the batch.

    The mixed score s* stands inside the hinge, so that there is one margin for both spaces:
    sum_i reduce_j [margin - s_ii + s_ij]_+ + reduce_j [margin - s_ii + s_ji]_+, where `reduce` is the sum
    or the maximum over the negatives j.
    The sum over the batch, not its mean, is what VSE++ and order embeddings clip at gradient norm 2.

    Args:
        scores: (B, B), row i image, column j caption; the pairs stand on the diagonal.
        image_ids: (B,) integers, the image of each pair; pairs of one image are no negatives of each other.
        margin: alpha.
        negatives: `sum` or `hardest`.
    """
    positive = scores.diagonal()
    excluded = image_ids.unsqueeze(0) == image_ids.unsqueeze(1)
    captions = (margin - positive.unsqueeze(1) + scores).clamp(min=0).masked_fill(excluded, 0)
    images = (margin - positive.unsqueeze(0) + scores).clamp(min=0).masked_fill(excluded, 0)
    if negatives == "hardest":
        return captions.amax(1).sum() + images.amax(0).sum()
    return captions.sum() + images.sum()
