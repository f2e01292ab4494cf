"""Features equal those of one forward pass, whatever the batch, and are finite."""

import numpy as np
import pytest
import torch
from small import PARAMS
from torch import nn

from gxn.configuration.features import Features
from gxn.datasets.captions import Record
from gxn.errors import GxnError
from gxn.features.cnn import normalise
from gxn.features.extract import batches, extract, forward

COUNT, SIDE = 11, 20
PIXELS = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype=np.uint8)
RECORDS = [Record(f"{row}.png", 10 * row, "train", ()) for row in range(COUNT)]
CPU = torch.device("cpu")


class Pictures:
    """Images in memory."""

    def read(self, record: Record) -> np.ndarray:
        return PIXELS[record.imgid // 10]


class Mean(nn.Module):
    """A network whose feature is the mean colour, times a factor."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, images):
        return images.mean((2, 3)) * self.factor


def settings(**changes) -> Features:
    given = {"resize": None, "crops": "center", "crop": SIDE, "batch_size": 4}
    return Features(**PARAMS["features"] | given | changes)


def extracted(network: nn.Module, chosen: Features, workers: int = 2) -> np.ndarray:
    return np.concatenate(list(extract(network, RECORDS, Pictures(), chosen, CPU, workers)))


@pytest.mark.parametrize("batch_size", [1, 4, 11, 50])
def test_features_are_those_of_one_forward_pass(batch_size):
    expected = normalise(torch.from_numpy(PIXELS).permute(0, 3, 1, 2)).mean((2, 3))
    found = extracted(Mean(), settings(batch_size=batch_size))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_batches_are_whole_but_for_the_last():
    assert [len(each) for each in batches(RECORDS, Pictures(), settings(), 2)] == [4, 4, 3]


def test_ten_crops_are_averaged():
    found = extracted(Mean(), settings(crops="ten_crop", crop=16, batch_size=25))
    pixels = torch.from_numpy(PIXELS[7]).permute(2, 0, 1)[None]
    places = [(0, 0), (0, 4), (4, 0), (4, 4), (2, 2)]
    means = [normalise(pixels[:, :, top : top + 16, left : left + 16]).mean((2, 3)) for top, left in places]
    np.testing.assert_allclose(found[7], torch.stack(means).mean(0)[0], rtol=1e-4, atol=1e-6)


def test_half_precision_is_the_rounded_feature():
    single, half = (extracted(Mean(), settings(storage_dtype=name)) for name in ("float32", "float16"))
    assert half.dtype == np.float16 and np.array_equal(half, single.astype(np.float16))


def test_bfloat16_is_near():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 8))
    exact, rough = (extracted(network, settings(compute_dtype=name)) for name in ("float32", "bfloat16"))
    assert 0 < np.abs(exact - rough).max() < 0.05 * np.abs(exact).max()


def test_features_are_float32_however_they_are_computed():
    found = forward(Mean(), PIXELS, 1, CPU, "bfloat16")
    assert found.dtype == torch.float32 and found.shape == (COUNT, 3)


def test_the_network_is_in_evaluation_mode():
    assert not nn.Module.train(Mean()).eval().training
    network = nn.Sequential(nn.Dropout(0.9), Mean()).train()
    assert np.array_equal(extracted(network, settings()), extracted(Mean(), settings()))


@pytest.mark.parametrize(
    ("factor", "dtype"), [(1e6, "float16"), (float("nan"), "float32"), (float("inf"), "float32")]
)
def test_features_that_are_not_finite_are_refused_with_the_image(factor, dtype):
    with pytest.raises(
        GxnError, match=rf"^0\.png \(imgid 0\): its features are not finite as {dtype}; are these"
    ):
        extracted(Mean(factor), settings(storage_dtype=dtype))


def test_the_image_that_is_named_is_the_first_that_is_wrong():
    class Odd(Mean):
        def forward(self, images):
            found = super().forward(images)
            found[-1] = float("nan")
            return found

    with pytest.raises(GxnError, match=r"^3\.png \(imgid 30\): its features are not finite"):
        extracted(Odd(), settings())


def test_an_image_smaller_than_the_crop_is_named():
    with pytest.raises(
        GxnError, match=r"^0\.png \(imgid 0\): is 20 x 20 pixels, smaller than features\.crop, 21"
    ):
        extracted(Mean(), settings(crop=21))
