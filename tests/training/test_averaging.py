"""The moving average of weights against its recurrence, and its state."""

import copy
import io

import torch
from torch import nn

from gxn.training.averaging import MovingAverage


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def changed(net: nn.Module) -> nn.Module:
    with torch.no_grad():
        for each in net.parameters():
            each.add_(torch.randn_like(each))
    net(torch.randn(8, 3))  # moves the batch norm's statistics
    return net


def test_the_average_follows_its_recurrence_with_a_warm_up():
    net = network()
    average = MovingAverage(net, 0.5)
    expected = {name: value.clone().double() for name, value in net.state_dict().items()}
    for count in range(30):
        average.update(changed(net))
        decay = min(0.5, (1 + count) / (10 + count))
        for name, value in net.state_dict().items():
            expected[name] = decay * expected[name] + (1 - decay) * value.double()
    for name, value in average.network.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value.double(), expected[name], atol=1e-5), name
        else:
            assert torch.equal(value, net.state_dict()[name])  # batches seen, an integer


def test_the_average_is_not_trained_and_keeps_the_layout():
    net = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    average = MovingAverage(net, 0.9)
    assert not any(each.requires_grad for each in average.network.parameters())
    assert average.network.weight.stride() == net.weight.stride()
    assert average.network.weight.data_ptr() != net.weight.data_ptr()


def test_a_restored_average_goes_on_exactly():
    net = network()
    straight = MovingAverage(net, 0.999)
    for _ in range(5):
        straight.update(changed(net))
    content = io.BytesIO()
    torch.save(straight.state_dict(), content)
    content.seek(0)
    resumed = MovingAverage(network(), 0.999)
    resumed.load_state_dict(torch.load(content, weights_only=True))
    later = changed(copy.deepcopy(net))
    for each in (straight, resumed):
        each.update(later)
    for name, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
