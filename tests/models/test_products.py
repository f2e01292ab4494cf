"""Products of few rows against torch's own, at widths that pieces divide and that they do not."""

import pytest
import torch

from gxn.models.products import COLUMNS, PIECES, add_product


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("width", [1, COLUMNS, 2 * COLUMNS, 5 * COLUMNS + 3, 2 * PIECES * COLUMNS + 3])
@pytest.mark.parametrize("rows", [0, 1, 9])
def test_equals_torch(rows, width, transposed):
    torch.manual_seed(0)
    left, bias, added = torch.randn(rows, 40), torch.randn(width), torch.randn(rows, width)
    right = torch.randn(width, 40).T if transposed else torch.randn(40, width)
    torch.testing.assert_close(add_product(bias, left, right), bias + left @ right, rtol=1e-5, atol=1e-5)
    expected = added + left @ right
    wide = torch.zeros(rows, width + 2)
    inside = wide[:, 1:-1].copy_(added)
    assert add_product(inside, left, right, out=inside) is inside
    torch.testing.assert_close(inside, expected, rtol=1e-5, atol=1e-5)
    assert not wide[:, [0, -1]].any()
