"""One scale for what the generative networks read of the joint space."""

from torch import Tensor


def standardise(embedded: Tensor) -> Tensor:
    """Embeddings (B, J) times sqrt(J): of those that are L2-normalised the mean square is then 1.

    A unit vector's elements are so small that a fresh linear layer hardly sees them: without this, decoder
    and generator learn to speak and draw long before they learn to listen.
    """
    return embedded * embedded.shape[1] ** 0.5
