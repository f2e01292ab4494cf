"""Rows of the table as the configuration names them."""

import pytest
from small import PARAMS

from gxn.configuration.rows import Method
from gxn.configuration.section import parse
from gxn.errors import GxnError


def test_a_row_is_an_encoder_and_no_more_unless_it_says_so():
    made = parse(Method, {"encoder": "order"}, "x")
    assert (made.loss, made.captioning, made.drawing, made.label, made.colour) == (
        None,
        "none",
        False,
        None,
        None,
    )


@pytest.mark.parametrize("captioning", ["none", "xe", "mix"])
@pytest.mark.parametrize("drawing", [False, True])
def test_a_row_imagines_that_captions_or_draws(captioning, drawing):
    made = parse(Method, {"encoder": "order", "captioning": captioning, "drawing": drawing}, "x")
    assert made.imagines == (captioning != "none" or drawing)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": None}, "encoder: must be text, not None"),
        ({"loss": {"margin": 0.2}}, "loss: has no kind; write it as {kind: NAME, ...}"),
        ({"captioning": "rl"}, "captioning: must be none, xe or mix, not 'rl'"),
        ({"label": ""}, "label: must be at least 1 character long, not ''"),
        ({"label": "x" * 61}, f"label: must be at most 60 characters long, not '{'x' * 61}'"),
        ({"colour": "red"}, "colour: 'red' is not a colour; write it as '#RRGGBB', in quotes"),
        (
            {"joint": {"rate": 1}},
            f"joint.rate: unknown key; known keys: {', '.join(sorted(PARAMS['joint']))}",
        ),
        ({"joint": {"epochs": None}}, "joint.epochs: must be a whole number, not None"),
        ({"labl": "a"}, "labl: unknown key; did you mean 'label'?"),
    ],
)
def test_a_row_that_cannot_be_is_refused(change, message):
    with pytest.raises(GxnError) as caught:
        parse(Method, {"encoder": "order"} | change, "x")
    assert str(caught.value) == f"x: {message}"


def test_a_row_may_have_no_decay_of_its_own():
    made = parse(Method, {"encoder": "order", "joint": {"lr_decay_epoch": None}}, "x")
    assert made.joint.model_dump(exclude_unset=True) == {"lr_decay_epoch": None}
