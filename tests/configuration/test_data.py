"""Sections `dataset` and `vocabulary`."""

import pytest
from small import PARAMS

from gxn.configuration.data import Dataset, Vocabulary
from gxn.configuration.section import parse
from gxn.errors import GxnError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"name": "a b; rm"},
            "name: 'a b; rm' is not a name; use letters, digits and _, and do not begin with _",
        ),
        ({"gan_image_size": 33}, "gan_image_size: must be 16, 32, 64, 128 or 256, not 33"),
        ({"source": {"size": 64}}, "source: has no kind; write it as {kind: NAME, ...}"),
        ({"source": 5}, "source: must be a mapping of keys, not 5"),
    ],
)
def test_a_dataset_that_cannot_be_is_refused(change, message):
    with pytest.raises(GxnError) as caught:
        parse(Dataset, PARAMS["dataset"] | change, "x")
    assert str(caught.value) == f"x: {message}"


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256, "64"])
def test_a_size_that_the_generator_can_draw_is_allowed(size):
    assert parse(Dataset, PARAMS["dataset"] | {"gan_image_size": size}, "x").gan_image_size == int(size)


@pytest.mark.parametrize("key", ["min_count", "max_length"])
def test_a_vocabulary_needs_a_count_of_at_least_one(key):
    with pytest.raises(GxnError, match=f"^x: {key}: must be at least 1, not 0$"):
        parse(Vocabulary, PARAMS["vocabulary"] | {key: 0}, "x")
