"""Speed beside the plain formulas and the machine's own limits: `uv run python -m benchmarks [--quick]`.

One Markdown table. Each row compares two medians of the same run, taken in turn: `ratio` is the first over the
second where a limit is compared with (smaller is better), and the second over the first where a plain formula
is (larger is better).
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from benchmarks import data, memory, plain, plain_loop
from benchmarks.embeddings import trained
from benchmarks.measure import Stopwatch, copying_work, fused_work, hardware, matrix_work

from gxn.configuration import stages
from gxn.configuration.files import load
from gxn.evaluation.ranks import ranks
from gxn.kernels.similarity import cuda_kernels, plain_order
from gxn.losses.similarity import order
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies
from gxn.training.captioning import Captioning
from gxn.training.device import choose_device
from gxn.training.matching import Matching


@dataclass(frozen=True)
class Sizes:
    """Of everything that is measured."""

    images: int
    width: int
    steps: int  # of the small model whose embeddings are ranked
    words: int
    hidden: int
    batch: int
    rounds: int  # of the fused rate
    matrix: int
    copied: int  # MiB


CONFIG = load([Path(__file__).parents[1] / "params.yaml"])
FULL = Sizes(5000, 1024, steps=400, words=8000, hidden=512, batch=128, rounds=20_000, matrix=3000, copied=256)
QUICK = Sizes(60, 48, steps=3, words=60, hidden=16, batch=16, rounds=100, matrix=100, copied=1)


@dataclass(frozen=True)
class Row:
    """Seconds (or MiB) of ours and of what it is compared with; `most` or `least` is the ratio's target."""

    what: str
    ours: float
    other: float
    beside: str
    most: float | None = None
    least: float | None = None
    unit: str = "ms"

    def __str__(self) -> str:
        ratio = self.ours / self.other if self.most else self.other / self.ours
        target = f"at most {self.most:g}" if self.most else f"at least {self.least:g}"
        met = ratio <= self.most if self.most else ratio >= self.least
        ours, other = (f"{self._shown(value)}" for value in (self.ours, self.other))
        verdict = "met" if met else "**missed**"
        return f"| {self.what} | {ours} | {self.beside} | {other} | {ratio:.2f} | {target} | {verdict} |"

    def _shown(self, value: float) -> str:
        value = value * 1e3 if self.unit == "ms" else value
        return f"{value:.3g} {self.unit}" if value < 1000 else f"{value:.0f} {self.unit}"


def ranking(sizes: Sizes, watch: Stopwatch, threads: int) -> Iterator[Row]:
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

    cosine, bare = watch.medians(ranked("cosine"), product)
    yield Row(f"cosine ranks, {size}", cosine, bare, "bare matrix product", most=1.3)
    run, number = fused_work(threads, sizes.rounds)
    ours, fused = watch.medians(ranked("order"), run)
    least = fused * len(images) * texts.size / number
    yield Row(f"order ranks, {size}", ours, least, "operations of all pairs at the fused rate", most=0.6)
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "embeddings.npz")
        np.savez(file, images=images, texts=texts)
        most = max(memory.mebibytes(file, similarity) for similarity in ("cosine", "order"))
    yield Row("memory of ranks over the embeddings", most, 1024.0, "1 GiB", most=1.0, unit="MiB")


def similarity(sizes: Sizes, watch: Stopwatch) -> Iterator[Row]:
    """The order similarity of a batch, forward and backward."""
    images, texts = (torch.rand(sizes.batch, sizes.width, requires_grad=True) for _ in range(2))
    grad_output = torch.rand(sizes.batch, sizes.batch)
    ours, broadcast = watch.medians(
        lambda: order([images], [texts], [1.0]).backward(grad_output),
        lambda: plain_order(images, texts).backward(grad_output),
    )
    what = f"order similarity, batch {sizes.batch}, D = {sizes.width}, forward and backward"
    yield Row(what, ours, broadcast, "broadcast under autograd", least=12)


def rewards(sizes: Sizes, watch: Stopwatch, made: data.Made) -> Iterator[Row]:
    """CIDEr-D of a batch of hypotheses against five references each."""
    captions, rng = made.captions, np.random.default_rng(0)
    reward = CiderD(captions.tokens, captions.offsets, captions.caption_image, build_frequencies(captions))
    usual = plain.PlainCiderD(made.references())
    images = rng.integers(0, len(captions.imgid), 2 * sizes.batch)
    rows = made.split.tokens[images * data.PER_IMAGE].numpy().copy()
    rows[np.arange(len(rows)), made.split.lengths[images * data.PER_IMAGE].numpy() - 1] = plain.EOS
    np.testing.assert_allclose(reward.score(images, rows), usual.score(images, rows), rtol=1e-6)
    ours, theirs = watch.medians(lambda: reward.score(images, rows), lambda: usual.score(images, rows))
    what = f"CIDEr-D, {len(rows)} hypotheses x {data.PER_IMAGE} references"
    yield Row(what, ours, theirs, "pycocoevalcap's formula", least=25)


def self_critical(sizes: Sizes, watch: Stopwatch, made: data.Made) -> Iterator[Row]:
    """A step of equation 7 beside one of equation 4, on the same batch."""
    captions = made.captions
    reward = CiderD(captions.tokens, captions.offsets, captions.caption_image, build_frequencies(captions))
    settings = stages.settings(CONFIG, "pretrain_scst", "two_space")
    encoders = Encoders(settings.encoder, widths(sizes, made))
    batch = made.split.batch(torch.arange(0, sizes.batch * data.PER_IMAGE, data.PER_IMAGE))

    def step(weight: float) -> Callable[[], object]:
        decoder = CaptionDecoder(sizes.hidden, sizes.words, 300, sizes.hidden, "state")
        own = settings.captioning.model_copy(update={"scst_interval": 1, "scst_weight": 0.0})
        path = Captioning(encoders, decoder, own, reward, reward)
        for _ in range(sizes.steps // 8):  # until it says sentences that end, as after the XE phase
            path.step(batch)
        path.settings = own.model_copy(update={"scst_weight": weight})
        return lambda: path.step(batch)

    critical, entropy = watch.medians(step(0.5), step(0.0))
    what = f"self-critical step, batch {sizes.batch}, {sizes.words:,} words, GRU {sizes.hidden}"
    yield Row(what, critical, entropy, "cross-entropy step", most=2.5)


def widths(sizes: Sizes, made: data.Made) -> EncoderSizes:
    """Widths of VSE++'s encoders in its own loop."""
    return EncoderSizes(
        feature_dim=made.split.features.shape[1],
        vocab_size=sizes.words,
        embed_dim=300,
        text_hidden=sizes.hidden,
        joint_dim=sizes.hidden,
    )


def ranking_path(sizes: Sizes, made: data.Made, encoder: str) -> Matching:
    """The ranking stage of an encoder of params.yaml."""
    settings = stages.settings(CONFIG, "pretrain_ranking", encoder)
    return Matching(Encoders(settings.encoder, widths(sizes, made)), settings.ranking)


def training(sizes: Sizes, watch: Stopwatch, made: data.Made) -> Iterator[Row]:
    """A step of the ranking stage beside the same in a plain loop."""
    for similarity in ("cosine", "order"):
        path = ranking_path(sizes, made, similarity)
        batches = (batch for epoch in range(10**6) for batch in made.split.batches(sizes.batch, 0, epoch))
        ids = {word: id for id, word in enumerate(made.split.words)}
        owners = made.split.caption_image.tolist()
        captions = plain_loop.Captions(made.split.features, made.sentences, owners, ids)
        loop = plain_loop.plain_steps(captions, widths(sizes, made), sizes.batch, similarity == "order")
        ours, theirs = watch.medians(
            lambda path=path, batches=batches: path.step(next(batches)), lambda loop=loop: next(loop)
        )
        what = f"training step, {similarity}, batch {sizes.batch}, GRU {sizes.hidden}"
        yield Row(what, ours, theirs, "plain loop", least=2)


def on_card(sizes: Sizes, watch: Stopwatch, made: data.Made) -> Iterator[Row]:
    """Ranks, the similarity and the training step on a CUDA card."""
    from benchmarks import card

    images, texts = (
        torch.from_numpy(side).cuda() for side in trained(sizes.images, sizes.width, sizes.steps)
    )
    owners = np.repeat(np.arange(len(images)), 5)
    run, number = card.fused_work(sizes.rounds)
    ours, fused = watch.medians(card.finished(lambda: ranks([images], [texts], owners, "order", [1.0])), run)
    size = f"{len(images):,} x {len(texts):,}, D = {sizes.width}"
    least = fused * len(images) * texts.numel() / number
    yield Row(f"on the card: order ranks, {size}", ours, least, "operations at its fused rate", most=2)

    seen, said = (side[: sizes.batch].clone().requires_grad_() for side in (images, texts))
    grad_output = torch.rand(sizes.batch, sizes.batch, device="cuda")
    ours, broadcast = watch.medians(
        card.finished(lambda: order([seen], [said], [1.0]).backward(grad_output)),
        card.finished(lambda: plain_order(seen, said).backward(grad_output)),
    )
    what = f"on the card: order similarity, batch {sizes.batch}, D = {sizes.width}, forward and backward"
    yield Row(what, ours, broadcast, "broadcast under autograd", least=1)

    there = {name: getattr(made.split, name).cuda() for name in ("features", "tokens", "caption_image")}
    batch = replace(made.split, **there).batch(torch.arange(sizes.batch))
    for similarity in ("cosine", "order"):
        path = ranking_path(sizes, made, similarity)
        path.encoders.cuda()
        step = card.finished(lambda path=path: path.step(batch))
        (ours,) = watch.medians(step)
        what = f"on the card: training step, {similarity}, batch {sizes.batch}, GRU {sizes.hidden}"
        yield Row(what, ours, card.busy(step), "the card is busy", most=1.25)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: does it run? The figures mean nothing"
    )
    parser.add_argument("--busy", action="store_true", help="processor time, for a machine that is not idle")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else FULL
    watch = Stopwatch(arguments.repeats, time.process_time if arguments.busy else time.perf_counter)
    choose_device("cpu", arguments.threads)  # as a stage sets torch up
    torch.manual_seed(0)
    works = (
        matrix_work(sizes.matrix),
        fused_work(arguments.threads, sizes.rounds),
        copying_work(sizes.copied),
    )
    times = watch.medians(*(work for work, _ in works))
    product, fused, copied = (number / spent / 1e9 for (_, number), spent in zip(works, times, strict=True))
    clock = "processor" if arguments.busy else "wall"
    print(f"{hardware(arguments.threads)}. Medians of {arguments.repeats} repeats, {clock} time.\n")
    print(
        f"The machine's own limits in this run: float32 matrix product {product:.0f} GFLOP/s; subtract, maximum, "
        f"square and add, fused, {fused:.1f} G elements/s; memory {copied:.1f} GB/s.\n"
    )
    print("| What | this project | beside | its time | ratio | target | |")
    print("|---|---|---|---|---|---|---|", flush=True)
    made = data.made(2000 if sizes is FULL else 60, sizes.words, 1280)
    parts = (
        similarity(sizes, watch),
        rewards(sizes, watch, made),
        self_critical(sizes, watch, made),
        training(sizes, watch, made),
        ranking(sizes, watch, arguments.threads),
        on_card(sizes, watch, made) if torch.cuda.is_available() and cuda_kernels() else (),
    )
    for part in parts:
        for row in part:
            print(row, flush=True)


if __name__ == "__main__":
    main()
