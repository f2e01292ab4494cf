"""Sections `model`, `retrieval` and `encoders`."""

import pytest
from small import PARAMS

from gxn.configuration.networks import Encoder, EncoderSettings, Model, Retrieval
from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.similarities import SIMILARITIES

ORDER = PARAMS["encoders"]["order"]


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_an_encoder_may_have_any_similarity_there_is(similarity):
    assert parse(Encoder, ORDER | {"similarity": similarity}, "x").similarity == similarity


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spaces": []}, "spaces: must be a list of at least 1, not []"),
        ({"spaces": ["abstract", "abstract"]}, "spaces: a value is given twice"),
        ({"spaces": ["both"]}, "spaces.0: must be abstract or grounded, not 'both'"),
        ({"similarity": "l2"}, f"similarity: must be {', '.join(list(SIMILARITIES)[:-1])} or "),
        ({"abstract_weight": 2}, "abstract_weight: must be at most 1, not 2"),
        ({"loss": 5}, "loss: must be a mapping of keys, not 5"),
        ({"retrieval": {"word": "own"}}, "retrieval.word: unknown key; known keys: absolute, "),
        ({"retrieval": {"normalise": None}}, "retrieval.normalise: must be true or false, not None"),
        ({"margin": 1}, "margin: unknown key; "),
    ],
)
def test_an_encoder_that_cannot_be_is_refused(change, message):
    with pytest.raises(GxnError) as caught:
        parse(Encoder, ORDER | change, "x")
    assert str(caught.value).startswith(f"x: {message}")


@pytest.mark.parametrize(
    "key", ["embed_dim", "text_hidden", "joint_dim", "decoder_hidden", "cond_dim", "z_dim"]
)
@pytest.mark.parametrize(
    ("width", "message"),
    [
        (0, "must be at least 1, not 0"),
        (16385, "must be at most 16384, not 16385"),
        ("wide", "must be a whole number, not 'wide'"),
    ],
)
def test_a_width_that_cannot_be_is_refused(key, width, message):
    with pytest.raises(GxnError) as caught:
        parse(Model, PARAMS["model"] | {key: width}, "x")
    assert str(caught.value) == f"x: {key}: {message}"


def test_the_settings_of_an_encoder_are_its_own_keys_and_those_of_retrieval():
    own = set(Encoder.model_fields) - {"loss", "learning_rate", "retrieval"}
    assert set(EncoderSettings.model_fields) == own | set(Retrieval.model_fields)
