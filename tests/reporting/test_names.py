"""Names of numbers and datasets in print."""

import pytest

from gxn.reporting.names import column, dataset


@pytest.mark.parametrize(
    ("key", "name"),
    [("i2t_r1", "Image to text R@1"), ("t2i_medr", "Text to image MedR"), ("rsum", "rsum")],
)
def test_a_column_is_named_by_its_direction_and_number(key, name):
    assert column(key) == name


@pytest.mark.parametrize(
    ("protocol", "name"), [("full", "coco"), ("1k-5fold", "coco-1k-5fold"), ("5k", "coco-5k")]
)
def test_a_dataset_is_named_with_its_protocol_unless_it_is_the_whole_split(protocol, name):
    assert dataset("coco", protocol) == name
