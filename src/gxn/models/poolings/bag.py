"""A caption is the mean of its word vectors: no GRU, and no word order. The control that says what order earns."""

from gxn.models.poolings.mean import Parameters, build, pool

__all__ = ["READS", "Parameters", "build", "pool"]

READS = "words"
