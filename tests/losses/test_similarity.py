"""Similarities and their gradients against the plain formula and finite differences."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gxn.kernels.similarity import ENOUGH, plain_order
from gxn.losses.similarity import LEAST, cosine, order, score, stacked
from gxn.similarities import SIMILARITIES

WEIGHTS = {1: [1.0], 2: [0.3, 0.7]}
SHAPES = [(1, 1, (1,)), (5, 7, (20, 33)), (128, 128, (64,)), (9, 130, (100, 16)), (3, 2, (1025,))]


def embeddings(rows: int, widths, seed: int) -> list[Tensor]:
    torch.manual_seed(seed)
    return [F.normalize(torch.randn(rows, width), dim=1).requires_grad_() for width in widths]


def plain(name: str, images: list[Tensor], texts: list[Tensor], weights: list[float]) -> Tensor:
    """The formulas, space by space, with every intermediate."""
    total = torch.zeros(())
    for image, text, weight in zip(images, texts, weights, strict=True):
        gap = text.unsqueeze(0) - image.unsqueeze(1)
        violation = ((-gap if "reversed" in name else gap).clamp(min=0) ** 2).sum(2)
        if name.endswith("root"):
            violation = (violation + LEAST).sqrt()
        total = total + weight * (image @ text.T if name == "cosine" else -violation)
    return total


@pytest.mark.parametrize("name", SIMILARITIES)
@pytest.mark.parametrize(("rows", "columns", "widths"), SHAPES)
def test_equals_plain_formula(name, rows, columns, widths):
    images, texts = embeddings(rows, widths, 0), embeddings(columns, widths, 1)
    weights = WEIGHTS[len(widths)]
    scores, expected = (
        score(name, images, texts, weights),
        plain(name, images, texts, weights),
    )
    torch.testing.assert_close(scores, expected, rtol=1e-5, atol=1e-6)
    grad_output = torch.randn(rows, columns)
    gradients = torch.autograd.grad(scores, images + texts, grad_output)
    for gradient, same in zip(
        gradients, torch.autograd.grad(expected, images + texts, grad_output), strict=True
    ):
        torch.testing.assert_close(gradient, same, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_gradients_in_double_precision(name):
    images, texts = (
        [each.detach().double().requires_grad_() for each in embeddings(4, (6, 5), s)] for s in (2, 3)
    )
    assert torch.autograd.gradcheck(lambda *all: score(name, all[:2], all[2:], [0.4, 0.6]), (*images, *texts))


@pytest.mark.parametrize("name", ["order", "order_reversed"])
def test_gradients_against_finite_differences(name):
    """The float32 kernel itself: the score is of second degree, central differences have no error."""
    (image,), (text,) = embeddings(3, (40,), 4), embeddings(5, (40,), 5)
    grad_output = torch.randn(3, 5)

    def loss(image: Tensor, text: Tensor) -> Tensor:
        return (score(name, [image], [text], [1.0]) * grad_output).double().sum()

    gradients = torch.autograd.grad(loss(image, text), (image, text))
    step = 1e-3
    for given, gradient in zip((image, text), gradients, strict=True):
        for at in torch.randint(given.numel(), (10,)).tolist():
            shifted = []
            for sign in (step, -step):
                moved = given.detach().clone()
                moved.view(-1)[at] += sign
                shifted.append(loss(*(moved if other is given else other for other in (image, text))).item())
            difference = (shifted[0] - shifted[1]) / (2 * step)
            assert abs(float(difference) - float(gradient.reshape(-1)[at])) < 2e-3


def test_subgradient_at_equality_is_zero():
    image = torch.rand(6, 50).requires_grad_()
    text = image.detach().clone().requires_grad_()
    scores = order([image], [text], [1.0])
    assert (scores.diagonal() == 0).all()
    scores.diagonal().sum().backward()
    assert (image.grad == 0).all() and (text.grad == 0).all()


@pytest.mark.parametrize("side", [0, 1])
def test_what_has_diverged_is_not_hidden(side):
    """A NaN would else violate nothing, and training go on."""
    sides = embeddings(6, (20,), 0), embeddings(7, (20,), 1)
    with torch.no_grad():
        sides[side][0][4, 3] = torch.nan
    expected = torch.zeros(6, 7, dtype=torch.bool)
    expected[(slice(None), 4) if side else 4] = True
    for name in SIMILARITIES:
        assert torch.equal(score(name, *sides, [1.0]).isnan(), expected), name


def test_zero_weight_and_zero_grad_output():
    images, texts = embeddings(6, (7, 9), 6), embeddings(8, (7, 9), 7)
    torch.testing.assert_close(order(images, texts, [1.0, 0.0]), plain_order(images[0], texts[0]))
    grad_output = torch.zeros(6, 8)
    grad_output[1, 2] = 2.0
    gradient = torch.autograd.grad(order(images, texts, [1.0, 0.0]), images[0], grad_output)[0]
    assert gradient[1].any() and not gradient[[0, 2, 3, 4, 5]].any()


def test_transposed_and_half_precision_inputs():
    images, texts = torch.rand(40, 6).T, torch.rand(40, 9).T
    torch.testing.assert_close(order([images], [texts], [1.0]), plain_order(images, texts))
    half = order([images.bfloat16().requires_grad_()], [texts.bfloat16()], [1.0])
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, plain_order(images.bfloat16().float(), texts.bfloat16().float()))


def test_cosines_in_half_precision_keep_small_differences():
    images, texts = torch.rand(5, 64).bfloat16(), torch.rand(7, 64).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        scores = cosine([images], [texts], [1.0])
    assert scores.dtype == torch.float32
    torch.testing.assert_close(scores, images.float() @ texts.float().T)


def test_same_bytes_for_any_number_of_threads():
    (image,), (text,) = embeddings(130, (1024,), 8), embeddings(ENOUGH // (128 * 1024), (1024,), 9)
    grad_output = torch.randn(len(image), len(text))
    results, before = [], torch.get_num_threads()
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        scores = order([image], [text], [1.0])
        results.append((scores, *torch.autograd.grad(scores, (image, text), grad_output)))
    torch.set_num_threads(before)
    assert all(torch.equal(*pair) for other in results[1:] for pair in zip(results[0], other, strict=True))


def test_stacked_spaces_hold_the_weights():
    spaces = embeddings(3, (4, 5), 10)
    assert torch.allclose(stacked(spaces, [0.25, 0.75]).square().sum(1), torch.ones(3))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
@pytest.mark.parametrize(("rows", "columns", "widths"), SHAPES)
def test_cuda_equals_cpu(rows, columns, widths):
    images, texts = embeddings(rows, widths, 11), embeddings(columns, widths, 12)
    weights, grad_output = WEIGHTS[len(widths)], torch.randn(rows, columns)
    results = []
    for device in ("cpu", "cuda"):
        there = [[each.detach().to(device).requires_grad_() for each in side] for side in (images, texts)]
        scores = order(*there, weights)
        gradients = torch.autograd.grad(scores, there[0] + there[1], grad_output.to(device))
        results.append([each.cpu() for each in (scores, *gradients)])
    for cpu, cuda in zip(*results, strict=True):
        torch.testing.assert_close(cuda, cpu, rtol=1e-4, atol=1e-5)
