"""Mean of the word vectors, without a GRU: the control that says what word order earns."""

from gxn.models.poolings.mean import Parameters, build, pool

__all__ = ["READS", "Parameters", "build", "pool"]

READS = "words"
