"""The kernels for a CUDA card: run by Triton's interpreter where there is none, and compiled for cards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

triton = pytest.importorskip("triton")

ROOT = Path(__file__).parents[2]
POINTERS = {"images", "texts", "scores", "own", "other", "grad_scores", "gradient", "found"}


CARD = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
)
everywhere = pytest.mark.parametrize("device", [pytest.param("cpu", marks=pytest.mark.slow), CARD])


def run(program: str, device: str) -> None:
    """On the CPU by Triton's interpreter, which has to be asked for before the kernels are imported."""
    environment = os.environ | ({"TRITON_INTERPRET": "1"} if device == "cpu" else {})
    program = f"import torch\ntorch.set_default_device({device!r})\n{program}"
    found = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


@everywhere
def test_order_equals_the_plain_formula(device):
    program = """
from gxn.kernels.cuda import order
from gxn.kernels.similarity import plain_order
torch.manual_seed(0)
for rows, columns, width in ((3, 5, 7), (65, 70, 20), (20, 3, 130)):
    images, texts = torch.randn(rows, width).requires_grad_(), torch.randn(columns, width).requires_grad_()
    slopes = torch.randn(rows, columns)
    results = []
    for formula in (order, plain_order):
        scores = formula(images, texts)
        results.append((scores, *torch.autograd.grad(scores, (images, texts), slopes)))
    for pair in zip(*results, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-4, atol=1e-4)
diverged = torch.tensor([[torch.nan], [0.5]])
assert order(diverged, diverged).isnan().tolist() == [[True, True], [True, False]]
"""
    run(program, device)


@everywhere
def test_a_score_is_the_same_in_any_company(device):
    program = """
from gxn.kernels.cuda import scores
torch.manual_seed(0)
for width in (64, 70):
    images, texts = torch.randn(40 * width + 1)[1:].view(40, width), torch.randn(50, width)
    violations = (texts - images[:, None]).clamp(min=0).square().sum(2)
    for order, formula in ((False, images @ texts.T), (True, -violations)):
        whole = scores(order, images, texts)
        torch.testing.assert_close(whole, formula, rtol=1e-4, atol=1e-4)
        assert torch.equal(scores(order, images[33:36], texts[7:8]), whole[33:36, 7:8])
        assert torch.equal(scores(order, images, texts[1:].clone()), whole[:, 1:])
"""
    run(program, device)


@everywhere
def test_ranks_equal_those_of_the_cpu(device):
    """Small integers, so that many candidates tie and every sum is exact; more than one block each way."""
    program = """
import numpy as np
from gxn.errors import GxnError
from gxn.evaluation.ranks import ranks
from gxn.kernels import ranks_cuda
from gxn.similarities import SIMILARITIES
ranks_cuda.GROUP, ranks_cuda.SCORES = 8, 300
rng = np.random.default_rng(0)
owners = rng.permutation(np.r_[np.arange(21), rng.integers(0, 21, 36)])
for similarity in SIMILARITIES:
    for widths, weights in (((9,), [1.0]), ((5, 40), [0.25, 1.0])):
        sides = [[rng.integers(-3, 4, (rows, width)).astype("f") for width in widths] for rows in (21, 57)]
        on_card = [[torch.tensor(space) for space in side] for side in sides]
        expected = ranks(*sides, owners, similarity, weights)
        found = ranks(*on_card, owners, similarity, weights)
        np.testing.assert_array_equal(found.i2t, expected.i2t)
        np.testing.assert_array_equal(found.t2i, expected.t2i)
        assert found.tied == expected.tied and (found.tied or len(widths) > 1)
on_card = [[torch.rand(rows, 64)] for rows in (300, 900)]  # sums that depend on their order
owners = np.arange(900) % 300
found = ranks(*on_card, owners, "order", [1.0])
assert found.i2t.min() >= 1 and found.t2i.min() >= 1 and found.tied == 0
on_card[0][0][3, 2] = torch.nan
try:
    ranks(*on_card, owners, "order", [1.0])
except GxnError as error:
    assert "row 3 is not finite" in str(error)
else:
    raise AssertionError
"""
    run(program, device)


@pytest.mark.parametrize("capability", [75, 80, 90, 100, 120])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("score_kernel", {"ORDER": True}),
        ("score_kernel", {"ORDER": False}),
        ("gradient_kernel", {"SIGN": -1.0}),
        ("violate", {"BLOCK": 4096}),
    ],
)
def test_compiles_for(capability, name, options, tmp_path, monkeypatch):
    """Down to machine code, sums by fused multiply-adds; from 80 on, vectors are copied ahead of their use."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import card

    from gxn.kernels import cuda

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    kernel = getattr(card if name == "violate" else cuda, name)
    kinds = {each: "*fp32" if each in POINTERS else "i32" for each in kernel.arg_names}
    source = ASTSource(
        fn=kernel,
        signature=kinds | dict.fromkeys(options, "constexpr"),
        constexprs={(kernel.arg_names.index(each),): value for each, value in options.items()},
        attrs={
            (at,): [["tt.divisibility", 16]] for at, each in enumerate(kernel.arg_names) if each in POINTERS
        },
    )
    warps = 1 if name == "gradient_kernel" else 4
    compiled = triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": warps})
    assert compiled.asm["cubin"]
    assert "fma.rn.f32" in compiled.asm["ptx"]
    assert ("cp.async" in compiled.asm["ptx"]) == (capability >= 80 and name != "violate")
    assert compiled.metadata.shared <= 48 << 10
