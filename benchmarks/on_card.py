"""Kernels beside the limits of a CUDA card, every update in float32 and bfloat16, with the card's busy share.

`uv run python -m benchmarks.on_card [--quick]`; without a card, `--device cpu` shows that it runs.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from benchmarks import data, objectives
from benchmarks.embeddings import trained
from benchmarks.measure import hardware, in_turn
from benchmarks.parts import FULL, QUICK, Sizes
from benchmarks.rows import HEADER, Row

from gxn.evaluation.ranks import ranks
from gxn.kernels.similarity import plain_order
from gxn.losses.similarity import order
from gxn.training.data import Batch


def kernels(sizes: Sizes) -> Iterator[Row]:
    """Ranks beside the card's fused rate, and the order similarity beside the broadcast one."""
    from benchmarks import card

    sides = trained(sizes.images, sizes.width, sizes.steps)
    images, texts = (torch.from_numpy(side).cuda() for side in sides)
    owners = np.repeat(np.arange(len(images)), 5)
    run, number = card.fused_work(sizes.rounds)
    ranked = card.finished(lambda: ranks([images], [texts], owners, "order", [1.0]))
    ours, fused = in_turn(sizes.repeats, ranked, run)
    size = f"{len(images):,} x {len(texts):,}, D = {sizes.width}"
    limit = {"share": len(images) * texts.numel() / number, "most": 2, "card": True}
    yield Row(f"order ranks, {size}", ours, fused, "operations at its fused rate", **limit)

    seen, said = (side[: sizes.batch].clone().requires_grad_() for side in (images, texts))
    grad_output = torch.rand(sizes.batch, sizes.batch, device="cuda")
    ours, broadcast = in_turn(
        sizes.repeats,
        card.finished(lambda: order([seen], [said], [1.0]).backward(grad_output)),
        card.finished(lambda: plain_order(seen, said).backward(grad_output)),
    )
    what = f"order similarity, batch {sizes.batch}, D = {sizes.width}, forward and backward"
    yield Row(what, ours, broadcast, "broadcast under autograd", least=1, card=True)


def updates(sizes: Sizes, device: str) -> Iterator[str]:
    """Rows of a table: an update of every path in both precisions."""
    made = data.made(2000 if sizes is FULL else 60, sizes.words, 2048)
    config = objectives.configuration(sizes.hidden, sizes.batch)
    batch = on(made.split.batch(torch.arange(0, sizes.batch * data.PER_IMAGE, data.PER_IMAGE)), device)
    for name, objective in objectives.every(config, made, device).items():
        for precision in ("float32", "bfloat16"):
            step = objectives.stepping(objective, batch, precision)
            busy = "none"
            if device == "cuda":
                from benchmarks import card

                step = card.finished(step)
            (times,) = in_turn(sizes.repeats, step)
            if device == "cuda":
                busy = f"{card.busy(step) / times.least:.0%}"
            yield f"| {name} | {precision} | {times} | {busy} |"


def on(batch: Batch, device: str) -> Batch:
    """The batch on a device, its lengths on the CPU."""
    names = ("image", "features", "tokens")
    return replace(batch, **{name: getattr(batch, name).to(device) for name in names})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes; the figures mean nothing")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else FULL
    torch.manual_seed(0)
    print(f"{hardware(torch.get_num_threads())}. {sizes.repeats} repeats.\n")
    if arguments.device == "cuda":
        print(HEADER)
        for row in kernels(sizes):
            print(row, flush=True)
    print(
        "\n| update | precision | median, least, processor | the card is busy |\n|---|---|---|---|",
        flush=True,
    )
    for line in updates(sizes, arguments.device):
        print(line, flush=True)


if __name__ == "__main__":
    main()
