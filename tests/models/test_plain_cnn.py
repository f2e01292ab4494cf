"""The package's own CNN: its shapes, that it keeps places, and that batch norm stands for the biases."""

import pytest
import torch

from gxn.models.plain_cnn import PlainCnn


@pytest.mark.parametrize(("side", "places"), [(32, 2), (64, 4), (65, 5), (96, 6), (224, 14)])
def test_a_map_of_a_sixteenth_of_the_side(side: int, places: int) -> None:
    assert PlainCnn().eval()(torch.zeros(2, 3, side, side)).shape == (2, 256, places, places)


def test_what_changes_in_a_corner_changes_the_map_there_alone() -> None:
    torch.manual_seed(0)
    network, image = PlainCnn().eval(), torch.randn(1, 3, 128, 128)
    other = image.clone()
    other[..., :16, :16] += 1
    changed = (network(image) != network(other)).any(1)[0]
    assert changed[0, 0] and not changed[3:].any() and not changed[:, 3:].any()


def test_there_are_no_biases_but_those_of_batch_norm() -> None:
    names = [name for name, _ in PlainCnn().named_parameters() if name.endswith("bias")]
    assert names == [f"blocks.{block}.1.bias" for block in range(4)]
