"""One step at each unit against torch's functions; its gradients are checked with those of the GRU."""

import numpy as np
import pytest
import torch

from gxn.models.cells import LARGEST, forwards, tanh


@pytest.mark.parametrize(("dtype", "within"), [(np.float32, 5e-7), (np.float64, 5e-8)])
def test_tanh(dtype, within):
    values = np.concatenate(
        [np.linspace(-12, 12, 4001), [-LARGEST, LARGEST, -1e30, 1e30, -np.inf, np.inf, 0]]
    )
    found = np.array([tanh(dtype(value)) for value in values])
    assert np.abs(found - np.tanh(values)).max() < within and np.abs(found).max() <= 1
    assert tanh(dtype(0)) == 0 and np.isnan(tanh(dtype(np.nan)))


def test_a_step_is_torchs():
    torch.manual_seed(0)
    cell = torch.nn.GRUCell(3, 5)
    inputs, state = torch.randn(4, 3), torch.randn(6, 5)  # of more sentences than still run
    weights = cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh
    with torch.no_grad():
        gates, recalled = inputs @ weights[0].T + weights[2], state[:4] @ weights[1].T + weights[3]
        expected = cell(inputs, state[:4])
    after = torch.empty(4, 5)
    forwards(*(each.numpy() for each in (gates, recalled, state, after)))
    torch.testing.assert_close(after, expected)


@pytest.mark.parametrize("spoilt", [0, 5, 10])
def test_what_is_no_number_stays_none(spoilt):
    gates, recalled = np.zeros((2, 15), np.float32), np.ones((2, 15), np.float32)
    gates[0, spoilt] = np.nan
    after = np.empty((2, 5), np.float32)
    forwards(gates, recalled, np.ones((2, 5), np.float32), after)
    assert np.isnan(after).sum() == 1 and np.isnan(after[0, 0])
