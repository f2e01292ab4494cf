"""Measurements on the CPU, a generator of rows each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from benchmarks import data, objectives, plain, plain_loop
from benchmarks.embeddings import trained
from benchmarks.measure import fused_work, in_turn
from benchmarks.rows import Row

from gxn.evaluation.ranks import ranks
from gxn.kernels.similarity import plain_order
from gxn.losses.similarity import order
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies


@dataclass(frozen=True)
class Sizes:
    """Sizes of everything that is measured."""

    images: int
    width: int
    steps: int  # of the small model whose embeddings are ranked
    words: int
    hidden: int
    batch: int
    rounds: int  # of the fused rate
    matrix: int
    copied: int  # MiB
    repeats: int = 5


FULL = Sizes(5000, 1024, steps=400, words=8000, hidden=512, batch=128, rounds=20_000, matrix=3000, copied=256)
QUICK = Sizes(60, 48, steps=3, words=60, hidden=16, batch=16, rounds=100, matrix=100, copied=1, repeats=1)


def ranking(sizes: Sizes, threads: int) -> Iterator[Row]:
    """Ranks in both directions of N images and 5 N captions."""
    images, texts = trained(sizes.images, sizes.width, sizes.steps)
    owners = np.repeat(np.arange(len(images)), 5)
    size = f"{len(images):,} x {len(texts):,}, D = {sizes.width}"

    def ranked(similarity: str) -> Callable[[], object]:
        return lambda: ranks([images], [texts], owners, similarity, [1.0])

    buffer, across = torch.empty(min(1000, len(images)), len(texts)), torch.from_numpy(texts).T

    def product() -> None:
        for rows in torch.from_numpy(images).split(len(buffer)):
            torch.mm(rows, across, out=buffer[: len(rows)])

    cosine, bare = in_turn(sizes.repeats, ranked("cosine"), product)
    yield Row(f"cosine ranks, {size}", cosine, bare, "bare matrix product", most=1.3)
    run, number = fused_work(threads, sizes.rounds)
    ours, fused = in_turn(sizes.repeats, ranked("order"), run)
    share = len(images) * texts.size / number
    yield Row(
        f"order ranks, {size}",
        ours,
        fused,
        "operations of all pairs at the fused rate",
        most=0.6,
        share=share,
    )


def similarity(sizes: Sizes) -> Iterator[Row]:
    """The order similarity of a batch, forward and backward."""
    images, texts = (torch.rand(sizes.batch, sizes.width, requires_grad=True) for _ in range(2))
    grad_output = torch.rand(sizes.batch, sizes.batch)
    ours, broadcast = in_turn(
        sizes.repeats,
        lambda: order([images], [texts], [1.0]).backward(grad_output),
        lambda: plain_order(images, texts).backward(grad_output),
    )
    what = f"order similarity, batch {sizes.batch}, D = {sizes.width}, forward and backward"
    yield Row(what, ours, broadcast, "broadcast under autograd", least=12)


def rewards(sizes: Sizes, made: data.Made) -> Iterator[Row]:
    """CIDEr-D of a batch of hypotheses against five references each."""
    captions, rng = made.captions, np.random.default_rng(0)
    reward = CiderD(captions.tokens, captions.offsets, captions.caption_image, build_frequencies(captions))
    usual = plain.PlainCiderD(made.references())
    images = rng.integers(0, len(captions.imgid), 2 * sizes.batch)
    rows = made.split.tokens[images * data.PER_IMAGE].numpy().copy()
    rows[np.arange(len(rows)), made.split.lengths[images * data.PER_IMAGE].numpy() - 1] = plain.EOS
    np.testing.assert_allclose(reward.score(images, rows), usual.score(images, rows), rtol=1e-6)
    ours, theirs = in_turn(
        sizes.repeats, lambda: reward.score(images, rows), lambda: usual.score(images, rows)
    )
    what = f"CIDEr-D, {len(rows)} hypotheses x {data.PER_IMAGE} references"
    yield Row(what, ours, theirs, "pycocoevalcap's formula", least=25)


def self_critical(sizes: Sizes, made: data.Made) -> Iterator[Row]:
    """A step of equation 7 beside one of equation 4, on the same batch."""
    config = objectives.configuration(sizes.hidden, sizes.batch)
    batch = made.split.batch(torch.arange(0, sizes.batch * data.PER_IMAGE, data.PER_IMAGE))
    steps = []
    for critical in (True, False):
        path = objectives.captioning(config, made, critical)
        own, path.settings = path.settings, path.settings.model_copy(update={"scst_weight": 0.0})
        for _ in range(sizes.steps // 8):  # until it says sentences that end, as after the XE phase
            path.step(batch)
        path.settings = own
        steps.append(objectives.stepping(path, batch, "float32"))
    critical, entropy = in_turn(sizes.repeats, *steps)
    what = f"self-critical step, batch {sizes.batch}, {sizes.words:,} words, GRU {sizes.hidden}"
    yield Row(what, critical, entropy, "cross-entropy step", most=2.5)


def training(sizes: Sizes, made: data.Made) -> Iterator[Row]:
    """A step of the ranking stage beside the same in a plain loop."""
    config = objectives.configuration(sizes.hidden, sizes.batch)
    ids = {word: id for id, word in enumerate(made.split.words)}
    owners = made.split.caption_image.tolist()
    for name in ("cosine", "order", "two_space"):
        path = objectives.matching(config, name, made)
        batches = (batch for epoch in count() for batch in made.split.batches(sizes.batch, 0, epoch))
        captions = plain_loop.Captions(made.split.features, made.sentences, owners, ids)
        widths = objectives.sizes_of(config, made)
        spaces = len(path.encoders.spaces)
        loop = plain_loop.plain_steps(captions, widths, sizes.batch, name != "cosine", spaces)
        ours, theirs = in_turn(
            2 * sizes.repeats,
            lambda path=path, batches=batches: path.step(next(batches)),
            lambda loop=loop: next(loop),
        )
        what = f"training step, {name}, batch {sizes.batch}, GRU {sizes.hidden}"
        yield Row(what, ours, theirs, "VSE++'s loop", least=2.5)
