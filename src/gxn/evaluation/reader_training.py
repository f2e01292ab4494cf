"""Training of the reader of drawings on rendered scenes of no split, with noise and jitter of tone.

Generated pictures are noisier than rendered ones and a little off in tone; a reader that was trained without both
would judge the noise, not the drawing.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gxn.datasets.palette import ATTRIBUTES, GROUNDS, PLACES
from gxn.datasets.shapes import classification_set
from gxn.errors import GxnError
from gxn.evaluation.drawn_facts import ReaderAccuracy, Reading, reader_accuracy
from gxn.evaluation.reader import SIDE, Reader, as_input, read, shrunk

BATCH = 32  # pictures, so 160 patches: the number of updates counts for more than their noise
LEARNING_RATE = 4e-3  # the highest of the one-cycle schedule
WEIGHT_DECAY = 0.05
HELD_OUT = 500  # rendered besides, to measure accuracy on
TONE = 0.08  # standard deviation of the gain of a channel, and, times 100, of the offset of all, of 0..255
# Standard deviation of a pixel's noise is uniform in 0..NOISE for each picture, of 0..255. With 8 the reader
# agrees with the mean colour on the ground of early, checkered drawings in 50 % of cases, with 25 in 89 %.
NOISE = 25.0


def train_reader(
    seed: int, images: int, steps: int, size: int, device: torch.device | str = "cpu"
) -> tuple[Reader, ReaderAccuracy]:
    """Train a reader; the same arguments on the same machine and threads give the same weights.

    CPU seconds of one AVX2 thread, rendering at 64 pixels included, and mean accuracy on 1,000 test pictures:
    3,000 images and 500 steps 40 s, 0.962; 5,000 and 800 50 s, 0.975.

    Args:
        seed: of pictures, initial weights, order and jitter.
        images: number of pictures rendered for training.
        steps: updates, of 32 pictures each.
        size: side of the rendered pictures, pixels, at least 32: that of the data set, since a picture that is
            rendered at 32 pixels has sharper textures than one that was shrunk to 32.
        device: where it is trained.

    Returns:
        the reader, and its accuracy on held-out pictures of the same kind, without jitter.

    Raises:
        GxnError: a number is out of range, or the loss is not finite.
    """
    if images < BATCH or steps < 1 or size < SIDE:
        raise GxnError(
            f"reader of drawings: needs images >= {BATCH}, steps >= 1 and size >= {SIDE}, "
            f"not {images}, {steps} and {size}"
        )
    pictures, answers = rendered(seed, images + HELD_OUT, size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = Reader().to(device, memory_format=torch.channels_last)
    _fit(reader, pictures[:images], answers[:images], steps, seed)
    scenes = [scene_of(each) for each in answers[images:].tolist()]
    return reader, reader_accuracy(read(reader, pictures[images:].numpy()), scenes)


def rendered(seed: int, count: int, size: int) -> tuple[Tensor, Tensor]:
    """Pictures uint8 (N, 3, 32, 32), shrunk from `size`, and answers int64 (N, 21) to `shapes.QUESTIONS`."""
    pictures = torch.empty((count, 3, SIDE, SIDE), dtype=torch.uint8)
    answers = []
    for row, (pixels, right) in enumerate(classification_set(seed, size, count)):
        pictures[row] = shrunk(pixels.transpose(2, 0, 1)[None])[0]
        answers.append(right)
    return pictures, torch.from_numpy(np.stack(answers))


def scene_of(answers: Sequence[int]) -> Reading:
    """The facts of the scene that has these answers: the ground, then four for each place, 0 for no thing."""
    things = []
    for number, place in enumerate(PLACES):
        mine = answers[1 + len(ATTRIBUTES) * number :][: len(ATTRIBUTES)]
        if mine[0]:
            named = zip(ATTRIBUTES.items(), mine, strict=True)
            things.append({name: values[index - 1] for (name, values), index in named} | {"place": place})
    return {"ground": list(GROUNDS)[answers[0]], "things": things}


def _fit(reader: Reader, pictures: Tensor, answers: Tensor, steps: int, seed: int) -> None:
    """AdamW on one cycle of the learning rate: 15 % up, then down by a cosine."""
    device = next(reader.parameters()).device
    optimizer = torch.optim.AdamW(reader.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.15
    )
    rng = torch.Generator().manual_seed(seed)
    passes = -(-steps * BATCH // len(pictures))
    order = torch.cat([torch.randperm(len(pictures), generator=rng) for _ in range(passes)])
    reader.train()
    for step, batch in enumerate(order[: steps * BATCH].split(BATCH), 1):
        noisy = jittered(pictures[batch], rng)
        loss = reading_loss(reader(as_input(noisy.to(device))), answers[batch].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if not loss.isfinite():
            raise GxnError(f"reader of drawings: the loss of step {step} is {loss.item()}; use another seed")


def jittered(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """uint8 (B, 3, S, S) as float32 of about 0..255, with a gain per channel, an offset and noise per picture."""
    count = len(pictures)
    gain = 1 + TONE * torch.randn(count, 3, 1, 1, generator=rng)
    offset = 100 * TONE * torch.randn(count, 1, 1, 1, generator=rng)
    amplitude = NOISE * torch.rand(count, 1, 1, 1, generator=rng)
    return pictures.float() * gain + offset + amplitude * torch.randn(pictures.shape, generator=rng)


def reading_loss(logits: Sequence[Tensor], answers: Tensor) -> Tensor:
    """Sum of six means: cross-entropy of the ground, of presence, and of each attribute where a thing is.

    Args:
        logits: those of `Reader`.
        answers: int64 (B, 21), in the order of `shapes.QUESTIONS`; 0 stands for no thing.
    """
    ground, presence, *attributes = logits
    right = answers[:, 1:].view(len(answers), len(PLACES), len(ATTRIBUTES))
    present = right[:, :, 0] > 0
    loss = F.cross_entropy(ground, answers[:, 0])
    loss = loss + F.binary_cross_entropy_with_logits(presence.squeeze(2), present.float())
    for number, scores in enumerate(attributes):
        loss = loss + F.cross_entropy(scores[present], right[:, :, number][present] - 1)
    return loss
