"""Mean average precision, percent, over the whole ranking: relevant is what shares a label with the query."""

from gxn.evaluation.retrieval_map import Precision

LABEL = "mAP"
READS = "labels"


def column(precision: Precision) -> float:
    """Mean over the queries that have a relevant item."""
    return precision.summary()["map"]
