"""The optimiser's step against torch's plain Adam after clipping."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from gxn.training.optimizers import adam, update


@pytest.mark.parametrize("clip", [None, 0.5, 1e3])
@pytest.mark.parametrize("groups", [1, 2])
def test_an_update_is_adam_after_clipping(groups, clip):
    torch.manual_seed(0)
    start = torch.randn(2, 5, 3)
    ours, plain = ([nn.Parameter(each.clone()) for each in start] for _ in range(2))
    optimizer = adam(ours if groups == 1 else ours[:1], 0.1)
    if groups == 2:
        optimizer.add_param_group({"params": ours[1:]})
    reference = torch.optim.Adam(plain, 0.1, foreach=False)
    for _ in range(3):
        update((ours[0] * ours[1]).sum(), [optimizer], clip)
        reference.zero_grad()
        (plain[0] * plain[1]).sum().backward()
        for clipped in [plain] if groups == 1 else [plain[:1], plain[1:]]:
            if clip is not None:
                nn.utils.clip_grad_norm_(clipped, clip)
        reference.step()
        for found, expected in zip(ours, plain, strict=True):
            torch.testing.assert_close(found, expected)
            torch.testing.assert_close(found.grad, expected.grad)


def test_autocast_reads_the_weights_after_an_update():
    """A step of several paths lies within one autocast."""
    layer, inputs = nn.Linear(3, 2), torch.ones(1, 3)
    with torch.autocast("cpu", torch.bfloat16):
        update(layer(inputs).sum(), [adam(layer.parameters(), 0.1)], None)
        found = layer(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(found, layer(inputs), rtol=0, atol=0)


def test_an_update_without_clipping_is_not_scaled_by_the_one_before():
    weights = [nn.Parameter(torch.ones(3)) for _ in range(2)]
    optimizers = [adam([each], 0.1) for each in weights]
    update(100 * weights[0].sum(), optimizers[:1], 0.5)
    for each, optimizer in zip(weights, optimizers, strict=True):
        update(each.sum(), [optimizer], None)
        assert (each.grad == 1).all()


def test_training_does_not_import_torchs_compiler():
    """It takes two seconds, of every job, and nothing here is compiled by it."""
    program = """
import sys
import torch
from gxn.training.device import choose_device
from gxn.training.optimizers import adam, update

choose_device("cpu", 1)
weight = torch.nn.Parameter(torch.ones(3))
optimizer = adam([weight], 0.1)
update(weight.sum(), [optimizer], 0.5)
optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(3))]})
optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules, torch.are_deterministic_algorithms_enabled())
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "True"]
