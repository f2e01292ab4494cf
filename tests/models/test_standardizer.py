"""The standardized joint embeddings that decoder, generator and discriminator read."""

import pytest
import torch

from gxn.models.standardizer import Standardizer

EMBEDDED = torch.rand(50, 6, generator=torch.Generator().manual_seed(1)) + 3


@pytest.fixture
def fitted() -> Standardizer:
    """Fitted to EMBEDDED."""
    made = Standardizer(6)
    made.fit(EMBEDDED)
    return made


def test_before_it_is_fitted_it_changes_nothing():
    assert torch.equal(Standardizer(6)(EMBEDDED), EMBEDDED)


def test_what_it_was_fitted_to_has_mean_zero(fitted):
    torch.testing.assert_close(fitted(EMBEDDED).mean(0), torch.zeros(6), atol=1e-5, rtol=0)


def test_and_mean_square_one(fitted):
    torch.testing.assert_close(fitted(EMBEDDED).square().mean(), torch.ones(()), atol=1e-5, rtol=0)


def test_there_is_one_scale_for_all_so_that_directions_stay(fitted):
    torch.testing.assert_close(fitted(EMBEDDED) * fitted.scale + fitted.mean, EMBEDDED)


def test_mean_and_scale_are_kept_and_not_trained(fitted):
    assert set(fitted.state_dict()) == {"mean", "scale"} and not list(fitted.parameters())
