"""Speed beside the plain formulas and the machine's own limits: `uv run python -m benchmarks [--quick]`.

One Markdown table. Each row compares two things that were run in turn: median and least wall time, and least
processor time, which hardly depends on what else the machine does. The ratio is that of processor times.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from benchmarks import data, memory, parts
from benchmarks.embeddings import trained
from benchmarks.measure import copying_work, fused_work, hardware, in_turn, matrix_work
from benchmarks.rows import HEADER

from gxn.training.device import choose_device


def limits(sizes: parts.Sizes, threads: int) -> str:
    """The rates of the machine, as a sentence."""
    works = matrix_work(sizes.matrix), fused_work(threads, sizes.rounds), copying_work(sizes.copied)
    times = in_turn(sizes.repeats, *(work for work, _ in works))
    product, fused, copied = (
        number / each.least / 1e9 for (_, number), each in zip(works, times, strict=True)
    )
    return (
        f"The machine's own limits in this run: float32 matrix product {product:.0f} GFLOP/s; subtract, maximum, "
        f"square and add, fused, {fused:.1f} G elements/s; memory {copied:.1f} GB/s."
    )


def memory_of_ranks(sizes: parts.Sizes) -> str:
    """MiB that ranking takes beyond the embeddings, as a sentence."""
    images, texts = trained(sizes.images, sizes.width, sizes.steps)
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "embeddings.npz")
        np.savez(file, images=images, texts=texts)
        most = max(memory.mebibytes(file, similarity) for similarity in ("cosine", "order"))
    return f"Memory of ranks beyond the embeddings: {most:.0f} MiB; at most 1024 are to be taken."


def main() -> None:
    """Measure and print."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: does it run? The figures mean nothing"
    )
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    sizes, threads = parts.QUICK if arguments.quick else parts.FULL, arguments.threads
    choose_device("cpu", threads)  # as a stage sets torch up
    torch.manual_seed(0)
    print(f"{hardware(threads)}. {sizes.repeats} repeats.\n\n{limits(sizes, threads)}\n")
    print(HEADER, flush=True)
    made = data.made(2000 if sizes is parts.FULL else 60, sizes.words, 1280)
    found = (
        parts.similarity(sizes),
        parts.rewards(sizes, made),
        parts.self_critical(sizes, made),
        parts.training(sizes, made),
        parts.ranking(sizes, threads),
    )
    for part in found:
        for row in part:
            print(row, flush=True)
    print(f"\n{memory_of_ranks(sizes)}")


if __name__ == "__main__":
    main()
