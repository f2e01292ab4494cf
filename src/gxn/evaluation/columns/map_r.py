"""Mean average precision, percent, over the first R ranks, R being the number of relevant items."""

from gxn.evaluation.retrieval_map import Precision

LABEL = "mAP@R"
READS = "labels"


def column(precision: Precision) -> float:
    """Mean over the queries that have a relevant item."""
    return precision.summary()["map_r"]
