"""The rates of a CUDA card, and the time for which a step keeps it busy."""

from collections.abc import Callable

import torch
import triton
import triton.language as tl
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

BLOCK, WARPS, PROGRAMS = 4096, 4, 8  # elements and warps of a program, programs for each multiprocessor


@triton.jit
def violate(texts, found, rounds, BLOCK: tl.constexpr):
    """Violations of `texts` by one number after another: subtract, maximum, fused multiply-add, no memory."""
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    text, total, image = tl.load(texts + place), tl.zeros((BLOCK,), tl.float32), 0.5
    for _ in range(rounds):
        excess = tl.maximum(text - image, 0.0, propagate_nan=tl.PropagateNan.ALL)
        total = tl.fma(excess, excess, total)
        image += 1e-6
    tl.store(found + place, total)


def fused_work(rounds: int) -> tuple[Callable[[], object], int]:
    """The whole card at work on violations, and how many differences it takes, squares and adds."""
    programs = PROGRAMS * torch.cuda.get_device_properties().multi_processor_count
    texts = torch.rand(programs * BLOCK, device="cuda")
    found = torch.empty_like(texts)
    run = finished(lambda: violate[programs,](texts, found, rounds, BLOCK, num_warps=WARPS))
    return run, len(texts) * rounds


def finished(work: Callable[[], object]) -> Callable[[], object]:
    """Work that lasts until the card has done it."""

    def run() -> None:
        work()
        torch.cuda.synchronize()

    return run


def busy(work: Callable[[], object]) -> float:
    """Seconds in which the card computes or copies for one call."""
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        work()
    found = [event for event in profiler.events() if event.device_type == DeviceType.CUDA]
    return sum(event.time_range.elapsed_us() for event in found if not event.is_user_annotation) / 1e6
