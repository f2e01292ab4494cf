"""Similarities by name."""

import pytest

from gxn.errors import GxnError
from gxn.similarities import SIMILARITIES, Similarity, check_weights, get_similarity


@pytest.mark.parametrize("name", SIMILARITIES)
def test_a_similarity_has_the_behaviour_that_its_name_says(name):
    expected = Similarity("order" in name, reverse="reversed" in name, root="root" in name)
    assert get_similarity(name) == expected


@pytest.mark.parametrize("name", ["l2", "", None, 5, ["order"], {"kind": "order"}])
def test_another_name_is_refused(name):
    with pytest.raises(GxnError, match=r"^similarity: must be one of cosine, order, "):
        get_similarity(name)


@pytest.mark.parametrize("weights", [[0.3, 0.7], [1.0, 0.0], [2.0]])
def test_weights_of_spaces_are_taken(weights):
    check_weights(weights)


@pytest.mark.parametrize(
    "weights", [[-1.0], [0.5, -0.1], [0.0], [0.0, 0.0], [float("nan")], [1.0, float("inf")]]
)
def test_weights_that_order_no_candidates_are_refused(weights):
    with pytest.raises(GxnError, match="must be 0 or more, and one above 0, not"):
        check_weights(weights)
