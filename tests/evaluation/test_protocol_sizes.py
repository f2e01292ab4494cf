"""Numbers of images that the protocols need."""

import pytest

from gxn.evaluation.protocol_sizes import PROTOCOLS, protocol_error


@pytest.mark.parametrize(
    ("protocol", "images"),
    [("full", 2), ("full", 10**6), ("5k", 5000), ("1k-5fold", 5000), ("1k-5fold", 9000)],
)
def test_a_split_that_suits(protocol, images):
    assert protocol_error(protocol, images) is None


@pytest.mark.parametrize(
    ("protocol", "images", "problem"),
    [
        ("5k", 4999, "5k needs exactly 5,000 images, the test split has 4,999; use full"),
        ("5k", 5001, "5k needs exactly 5,000 images, the test split has 5,001; use full"),
        ("1k-5fold", 4999, "1k-5fold needs 5,000 images, the test split has 4,999; use full"),
    ],
)
def test_a_split_that_does_not(protocol, images, problem):
    assert protocol_error(protocol, images) == problem


def test_every_protocol_is_known():
    assert PROTOCOLS == ("full", "1k-5fold", "5k")
