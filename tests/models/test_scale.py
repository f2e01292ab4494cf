"""What decoder, generator and discriminator read of the joint space."""

import torch
from gxn.models.scale import Standard


def test_what_it_was_fitted_to_has_mean_zero_and_mean_square_one():
    embedded = torch.rand(50, 6, generator=torch.Generator().manual_seed(1)) + 3
    standard = Standard(6)
    assert torch.equal(standard(embedded), embedded)
    standard.fit(embedded)
    found = standard(embedded)
    assert torch.allclose(found.mean(0), torch.zeros(6), atol=1e-5)
    assert torch.allclose(found.square().mean(), torch.ones(()), atol=1e-5)
    # one spread for all: directions stay as they were
    assert torch.allclose(found * standard.spread + standard.mean, embedded, atol=1e-5)
    assert set(standard.state_dict()) == {"mean", "spread"} and not list(standard.parameters())
