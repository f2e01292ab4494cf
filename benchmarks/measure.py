"""Times of several ways of doing one thing, and what the machine itself can do."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
import torch

from gxn.kernels.compiled import spread

ELEMENTS = 2048  # of the fused rate's vector: it lies in the first cache


@dataclass(frozen=True)
class Times:
    """Seconds of one call: median and least by the wall's clock, least of all threads' processor time."""

    median: float
    least: float
    processor: float

    def scaled(self, share: float) -> "Times":
        """The same of a part of the call."""
        return Times(self.median * share, self.least * share, self.processor * share)

    def __str__(self) -> str:
        return ", ".join(f"{1e3 * each:.3g}" for each in (self.median, self.least, self.processor)) + " ms"


def in_turn(repeats: int, *ways: Callable[[], object]) -> list[Times]:
    """Times of each way, run in turn so that other work on the machine falls on all; one run to warm up."""
    for way in ways:
        way()
    wall: list[list[float]] = [[] for _ in ways]
    processor: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for at, way in enumerate(ways):
            start, used = time.perf_counter(), time.process_time()
            way()
            processor[at].append(time.process_time() - used)
            wall[at].append(time.perf_counter() - start)
    return [Times(statistics.median(w), min(w), min(p)) for w, p in zip(wall, processor, strict=True)]


def hardware(threads: int) -> str:
    """The processor's name and a CUDA card's, the threads used and the versions that matter."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            lines = [line for line in file if line.startswith("model name")]
        name = lines[0].split(":")[1].strip() if lines else name
    if torch.cuda.is_available():
        name += f", {torch.cuda.get_device_name()}"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, numba {numba.__version__}"
    return f"{name}, {threads} threads; {versions}"


@numba.njit(nogil=True, fastmath=True)
def violate(texts, images, rounds):
    """Violations of `texts` by four numbers, over and over: subtract, maximum, fused multiply-add, no memory."""
    one, two, three, four = images
    a = b = c = d = np.float32(0)
    for _ in range(rounds):
        for at in range(len(texts)):
            text, zero = texts[at], np.float32(0)
            excess = max(text - one, zero)
            a += excess * excess
            excess = max(text - two, zero)
            b += excess * excess
            excess = max(text - three, zero)
            c += excess * excess
            excess = max(text - four, zero)
            d += excess * excess
        one += np.float32(1e-6)  # or the loop would be hoisted
    return a + b + c + d


def fused_work(threads: int, rounds: int) -> tuple[Callable[[], object], int]:
    """All threads at work on violations, and how many differences they take, square and add."""
    texts = np.linspace(0, 1, ELEMENTS, dtype=np.float32)
    images = tuple(np.array([0.2, 0.4, 0.6, 0.8], np.float32))

    def run() -> None:
        spread(lambda _: violate(texts, images, rounds), range(threads), threads)

    return run, threads * rounds * 4 * ELEMENTS


def matrix_work(size: int) -> tuple[Callable[[], object], int]:
    """Torch's float32 matrix product, and its floating point operations."""
    left, right = torch.randn(size, size), torch.randn(size, size)
    return lambda: left @ right, 2 * size**3


def copying_work(megabytes: int) -> tuple[Callable[[], object], int]:
    """A copy, and the bytes that it reads and writes."""
    source, target = torch.zeros(megabytes << 18), torch.zeros(megabytes << 18)
    return lambda: target.copy_(source), 2 * 4 * len(source)
