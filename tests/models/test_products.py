"""Products with packed matrices against torch's own, at shapes with whole tiles and panels and without."""

import numpy as np
import pytest
import torch

from gxn.models.products import COLUMNS, DEPTH, ROWS, add_product, packed, product


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("depth", [1, 40, DEPTH, 2 * DEPTH + 3])
@pytest.mark.parametrize("width", [1, COLUMNS, 3 * COLUMNS + 5])
@pytest.mark.parametrize("rows", [0, 1, ROWS, 2 * ROWS + 1])
def test_equals_torch(rows, width, depth, transposed, dtype):
    torch.manual_seed(0)
    left, bias = torch.randn(rows, depth, dtype=dtype), torch.randn(width, dtype=dtype)
    right = torch.randn((width, depth) if transposed else (depth, width), dtype=dtype)
    right = right.T if transposed else right
    within = {"rtol": 1e-5, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(product(bias, left, packed(right)), bias + left @ right, **within)


def test_refuses_rows_of_another_length():
    with pytest.raises(ValueError, match="rows of 4 elements for a matrix of 8 rows"):
        product(torch.zeros(5), torch.zeros(3, 4), packed(torch.zeros(8, 5)))


def test_is_added_to_chosen_tiles_and_nothing_beside_them():
    torch.manual_seed(0)
    left, right = torch.randn(4 * ROWS + 2, 7), torch.randn(7, 3 * COLUMNS)
    before = torch.randn(4 * ROWS, 3 * COLUMNS)
    out, expected = before.clone(), before.clone()
    add_product(np.empty(0, np.float32), left.numpy(), packed(right), 1, 2, ROWS, 2 * ROWS, out.numpy())
    for tile in (1, 3):
        rows = slice(tile * ROWS, (tile + 1) * ROWS)
        expected[rows, COLUMNS : 2 * COLUMNS] += left[rows] @ right[:, COLUMNS : 2 * COLUMNS]
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-5)
    touched = out != before
    assert touched.sum() == 2 * ROWS * COLUMNS


@pytest.mark.parametrize("threads", [1, 3])
def test_a_row_is_the_same_bits_in_whatever_company(threads):
    torch.manual_seed(0)
    left, bias, panels = torch.randn(300, 90), torch.randn(700), packed(torch.randn(90, 700))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        whole = product(bias, left, panels)
    finally:
        torch.set_num_threads(before)
    for row in (0, 7, 299):
        assert torch.equal(product(bias, left[row : row + 1], panels)[0], whole[row])
