"""A collapsed path is named, a working one is not."""

import math

import pytest

from gxn.evaluation.collapse import decoder_warnings, discriminator_warnings, generator_warnings

WORKING = {"distinct": 80.0, "cider_d": 0.5, "cider_d_chance": 0.1}
PAIRS = {"fidelity": "fidelity_chance", "drawn_facts": "drawn_facts_chance"}


def test_a_working_decoder_has_no_warning() -> None:
    assert decoder_warnings(WORKING) == []


def test_captions_that_are_all_alike() -> None:
    (warning,) = decoder_warnings(WORKING | {"distinct": 0.1})
    assert "nearly all alike" in warning and "0.1 %" in warning


@pytest.mark.parametrize("own", [0.05, 0.1, 0.11])
def test_captions_that_fit_any_image(own: float) -> None:
    (warning,) = decoder_warnings(WORKING | {"cider_d": own})
    assert "other images" in warning and f"{own:.3f}" in warning
    assert decoder_warnings(WORKING | {"cider_d": 0.12}) == []


def test_both_at_once() -> None:
    assert len(decoder_warnings({"distinct": 1.0, "cider_d": 0.1, "cider_d_chance": 0.1})) == 2


def test_a_generator_at_chance_by_any_measure() -> None:
    metrics = {"fidelity": 0.29, "fidelity_chance": 0.28, "drawn_facts": 0.6, "drawn_facts_chance": 0.28}
    (warning,) = generator_warnings(metrics, PAIRS)
    assert "fidelity is 0.290" in warning
    assert generator_warnings(metrics | {"fidelity": 0.31}, PAIRS) == []
    assert len(generator_warnings(metrics | {"drawn_facts": 0.1}, PAIRS)) == 2


@pytest.mark.parametrize("absent", [None, math.nan])
def test_absent_figures_are_skipped(absent: float | None) -> None:
    assert decoder_warnings({}) == generator_warnings({}, PAIRS) == []
    assert decoder_warnings({"distinct": absent, "cider_d": absent, "cider_d_chance": 0.1}) == []
    assert generator_warnings({"fidelity": 0.1, "fidelity_chance": absent}, PAIRS) == []


def test_a_discriminator_that_has_won_for_an_epoch() -> None:
    (warning,) = discriminator_warnings("loss_d", [0.6, 0.01, 0.02, 0.5])
    assert warning == (
        "the discriminator has won: loss_d is 0.010, below 0.05, in epoch 2, "
        "so the generator learns nothing from it"
    )


@pytest.mark.parametrize("losses", [[], [0.7, 0.05], [0.7, math.nan]])
def test_a_discriminator_that_has_not(losses) -> None:
    assert discriminator_warnings("loss_d", losses, least=0.05) == []
