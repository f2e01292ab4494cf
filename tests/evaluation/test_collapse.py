"""A collapsed path is named, a working one is not."""

import math

import pytest

from gxn.evaluation.collapse import (
    decoder_warnings,
    discriminator_warnings,
    drawing_warnings,
    generator_warnings,
)

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


FOUND = {"spread": 0.8, "r_precision": 0.3, "r_precision_real": 0.5, "r_precision_chance": 0.05}


def test_drawings_that_are_found_and_differ_have_no_warning() -> None:
    assert drawing_warnings(FOUND, 100) == drawing_warnings({}, 100) == []


def test_drawings_that_are_all_alike() -> None:
    (warning,) = drawing_warnings(FOUND | {"spread": 0.02}, 100)
    assert "nearly all alike" in warning and "0.02" in warning


@pytest.mark.parametrize(("drawings", "warned"), [(30, True), (1000, False)])
def test_drawings_that_are_found_hardly_more_often_than_by_chance(drawings: int, warned: bool) -> None:
    """0.07 is half a standard error above 0.05 for 30 drawings, three for 1,000."""
    warnings = drawing_warnings(FOUND | {"r_precision": 0.07}, drawings)
    assert bool(warnings) == warned
    assert not warned or f"at chance: 0.070 of {drawings} drawings" in warnings[0]


def test_where_real_pictures_are_not_found_either_drawings_are_not_blamed() -> None:
    metrics = FOUND | {"r_precision": 0.05, "r_precision_real": 0.06}
    assert drawing_warnings(metrics, 100) == []
