"""Sections `cnn` and `features`."""

import pytest
from small import PARAMS

from gxn.configuration.features import Cnn, Features, Pretrain
from gxn.configuration.section import parse
from gxn.errors import GxnError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 16}, "cnn.pretrain.size: must be at least 32, not 16"),
        (
            {"images": 31, "batch_size": 32},
            "cnn.pretrain: batch_size is 32, more than the 31 images; lower it",
        ),
        ({"batch_size": 1}, "cnn.pretrain.batch_size: must be at least 2, not 1"),
        ({"learning_rate": 0}, "cnn.pretrain.learning_rate: must be above 0, not 0"),
        ({"weight_decay": -1}, "cnn.pretrain.weight_decay: must be at least 0, not -1"),
    ],
)
def test_a_pretraining_that_cannot_be_is_refused(change, message):
    with pytest.raises(GxnError) as caught:
        parse(Cnn, PARAMS["cnn"] | {"pretrain": PARAMS["cnn"]["pretrain"] | change}, "cnn")
    assert str(caught.value) == f"cnn: {message.removeprefix('cnn.')}"


def test_a_batch_of_all_images_is_allowed():
    made = parse(Pretrain, PARAMS["cnn"]["pretrain"] | {"images": 32, "batch_size": 32}, "x")
    assert made.batch_size == made.images


@pytest.mark.parametrize("weights", ["a{b}.safetensors", "a\nb", ""])
def test_a_path_that_a_job_could_not_be_given_is_refused(weights):
    with pytest.raises(GxnError, match=r"^cnn: weights: "):
        parse(Cnn, PARAMS["cnn"] | {"weights": weights}, "cnn")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resize": 32, "crop": 64}, "the configuration: resize is 32, smaller than crop, 64; raise it"),
        ({"crops": "10C"}, "crops: must be center or ten_crop, not '10C'"),
        ({"storage_dtype": "float64"}, "storage_dtype: must be float16 or float32, not 'float64'"),
        ({"compute_dtype": "float16"}, "compute_dtype: must be float32 or bfloat16, not 'float16'"),
        ({"batch_size": 0}, "batch_size: must be at least 1, not 0"),
    ],
)
def test_features_that_cannot_be_are_refused(change, message):
    with pytest.raises(GxnError) as caught:
        parse(Features, PARAMS["features"] | change, "features")
    assert str(caught.value) == f"features: {message}"


@pytest.mark.parametrize("resize", [None, 64, 256])
def test_a_crop_fits_into_what_is_resized_to_it_or_not_at_all(resize):
    assert parse(Features, PARAMS["features"] | {"resize": resize, "crop": 64}, "x").resize == resize
