"""The page of keys and the schema are those of the models."""

import json

from gxn.configuration import reference


def test_the_page_is_that_of_the_models():
    text = (reference.ROOT / reference.PAGE).read_text(encoding="utf-8")
    assert text == reference.page(), "run `python -m gxn.configuration.reference`"


def test_the_schema_is_that_of_the_models():
    text = (reference.ROOT / reference.SCHEMA).read_text(encoding="utf-8")
    assert json.loads(text) == reference.schema(), "run `python -m gxn.configuration.reference`"


def test_every_key_of_params_stands_on_the_page():
    page = reference.page()
    for key in (
        "lr_grounded_image",
        "gan_image_size",
        "scst_weight",
        "margin",
        "temperature",
        "image_ridges",
    ):
        assert f"`{key}`" in page
