"""Similarities by name."""

import pytest

from gxn.errors import GxnError
from gxn.similarities import SIMILARITIES, Similarity, get_similarity


@pytest.mark.parametrize("name", SIMILARITIES)
def test_a_similarity_has_the_behaviour_that_its_name_says(name):
    expected = Similarity("order" in name, reverse="reversed" in name, root="root" in name)
    assert get_similarity(name) == expected


@pytest.mark.parametrize("name", ["l2", "", None, 5, ["order"], {"kind": "order"}])
def test_another_name_is_refused(name):
    with pytest.raises(GxnError, match=r"^similarity: must be one of cosine, order, "):
        get_similarity(name)
