"""The device on which a step computes."""

import os

import pytest
import torch

from gxn.errors import GxnError
from gxn.training.device import choose_device


@pytest.fixture
def cards(monkeypatch):
    """Let torch see a card, or none."""
    return lambda seen: monkeypatch.setattr(torch.cuda, "is_available", lambda: seen)


@pytest.mark.parametrize(
    ("name", "seen", "expected"),
    [
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_a_name_means_a_device(cards, name, seen, expected):
    cards(seen)
    assert choose_device(name, 1).type == expected


@pytest.mark.parametrize(
    ("name", "threads", "message"),
    [
        ("cuda", 1, "device: cuda is asked for, but torch sees no CUDA card; use device: auto or cpu"),
        ("tpu", 1, "device: must be auto, cpu or cuda, not 'tpu'"),
        ("cpu", 0, "threads: must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_is_refused(cards, name, threads, message):
    cards(False)
    with pytest.raises(GxnError) as caught:
        choose_device(name, threads)
    assert str(caught.value) == message


def test_torch_has_the_threads_asked_for():
    before = torch.get_num_threads()
    choose_device("cpu", 2)
    found = torch.get_num_threads()
    torch.set_num_threads(before)
    assert found == 2


def test_kernels_are_repeatable():
    choose_device("cpu", 1)
    assert torch.are_deterministic_algorithms_enabled() and os.environ["CUBLAS_WORKSPACE_CONFIG"]


def test_float32_is_not_tf32():
    choose_device("cpu", 1)
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
