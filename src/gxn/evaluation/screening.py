"""Which pairs can matter for a rank, from order violations that are computed on bytes.

Embeddings become 0..127, captions rounded down and images up, so that no violation grows: a pair whose bytes
violate the order by more than a limit does so in full. Bytes are subtracted and squared four times as many at a
time as floats; only the pairs that are left, few with a trained model, are then computed in full.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from gxn.compiled import INSTRUCTIONS, compiled, slices, spread
from gxn.losses.kernels_cpu import IMAGES, TEXTS, WIDTH, score_pairs
from gxn.processors import compute_threads

BYTES = 4 * WIDTH
ROWS = 256  # that a thread rounds at a time
PAIRS = 256  # that the step between levels is chosen by
LEVELS = 127  # the instructions that square take one factor signed, and add two squares in sixteen bits
SCALES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18)  # shares of the largest range: outliers may be cut off
_BYTES, _WORDS, _INTS = (ir.VectorType(ir.IntType(bits), BYTES * 8 // bits) for bits in (8, 16, 32))


class Vector(types.Type):
    """A vector register of bytes or of integers."""


IMAGE_BYTES, TEXT_BYTES = (types.UniTuple(Vector(name="Bytes"), rows) for rows in (IMAGES, TEXTS))
INT_PAIRS = types.UniTuple(Vector(name="Ints"), IMAGES * TEXTS)


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """Vectors live in registers."""

    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _BYTES if kind.name == "Bytes" else _INTS)


def _shuffled(builder, first, second, indices):
    indices = list(indices)
    return builder.shuffle_vector(
        first, second, ir.Constant(ir.VectorType(ir.IntType(32), len(indices)), indices)
    )


def _address(context, builder, kind, array, offset, vector):
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), vector.as_pointer())


@intrinsic
def no_sums(typing):
    """Zeros for each pair of a tile."""

    def generate(context, builder, signature, arguments):
        return context.make_tuple(builder, INT_PAIRS, [ir.Constant(_INTS, [0] * WIDTH)] * len(INT_PAIRS))

    return INT_PAIRS(), generate


def _loader(rows):
    """The intrinsic (matrix, row, column) -> bytes from `column` on of each of the rows from `row` on."""

    def load(typing, matrix, row, column):
        def generate(context, builder, signature, arguments):
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            stride = cgutils.unpack_tuple(builder, array.shape)[1]
            offset = builder.add(builder.mul(arguments[1], stride), arguments[2])
            vectors = []
            for _ in range(len(rows)):
                address = _address(context, builder, signature.args[0], arguments[0], offset, _BYTES)
                vectors.append(builder.load(address, align=1))
                offset = builder.add(offset, stride)
            return context.make_tuple(builder, rows, vectors)

        return rows(matrix, types.intp, types.intp), generate

    return intrinsic(load)


load_images, load_texts = _loader(IMAGE_BYTES), _loader(TEXT_BYTES)


def _called(builder, name, result, *arguments):
    signature = ir.FunctionType(result, [each.type for each in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), arguments)


def _add_squares(builder, total, excess):
    """Add the squares of bytes, four neighbours' to each integer."""
    if WIDTH == 16 and "+avx512vnni" in INSTRUCTIONS:
        words = builder.bitcast(excess, _INTS)
        return _called(builder, "llvm.x86.avx512.vpdpbusd.512", _INTS, total, words, words)
    if WIDTH == 8 and "+avx2" in INSTRUCTIONS:
        two = _called(builder, "llvm.x86.avx2.pmadd.ub.sw", _WORDS, excess, excess)
        ones = ir.Constant(_WORDS, [1] * 2 * WIDTH)
        return builder.add(total, _called(builder, "llvm.x86.avx2.pmadd.wd", _INTS, two, ones))
    for start in range(4):
        quarter = _shuffled(builder, excess, excess, range(start, BYTES, 4))
        wide = builder.zext(quarter, _INTS)
        total = builder.add(total, builder.mul(wide, wide))
    return total


@intrinsic
def add_byte_violations(typing, sums, images, texts):
    """Add max(0, text - image)^2 for each pair of a tile."""

    def generate(context, builder, signature, arguments):
        sums, images, texts = (cgutils.unpack_tuple(builder, each) for each in arguments)
        added = []  # pair by pair: the excesses of all at once do not fit the registers
        for total, (image, text) in zip(sums, itertools.product(images, texts), strict=True):
            excess = _called(builder, f"llvm.usub.sat.v{BYTES}i8", _BYTES, text, image)
            added.append(_add_squares(builder, total, excess))
        return context.make_tuple(builder, INT_PAIRS, added)

    return INT_PAIRS(INT_PAIRS, IMAGE_BYTES, TEXT_BYTES), generate


@intrinsic
def within(typing, sums, image_limits, image, text_limits, text):
    """Bit TEXTS i + j says whether pair (i, j)'s sum is at most the limit of image i, or of text j."""

    def generate(context, builder, signature, arguments):
        vectors = cgutils.unpack_tuple(builder, arguments[0])
        while len(vectors) > 1:
            pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
            halves = [[_shuffled(builder, *pair, range(at, 2 * WIDTH, 2)) for at in (0, 1)] for pair in pairs]
            vectors = [builder.add(*half) for half in halves]
        bits = []
        for limits, at, rows, order in (
            (1, 2, IMAGES, [pair // TEXTS for pair in range(WIDTH)]),
            (3, 4, TEXTS, [pair % TEXTS for pair in range(WIDTH)]),
        ):
            few = ir.VectorType(ir.IntType(32), rows)
            address = _address(
                context, builder, signature.args[limits], arguments[limits], arguments[at], few
            )
            each = builder.load(address, align=4)
            bits.append(builder.icmp_signed("<=", vectors[0], _shuffled(builder, each, each, order)))
        mask = builder.bitcast(builder.or_(*bits), ir.IntType(WIDTH))
        return builder.zext(mask, ir.IntType(64))

    return types.int64(INT_PAIRS, image_limits, types.intp, text_limits, types.intp), generate


@compiled
def count_queued(rows, queue, queued, scores, true_scores, above, same):
    """Compute the queued pairs in full and count them; what the queue holds beyond them is dropped."""
    score_pairs(True, rows[0], rows[1], queue[0], queue[1], scores)
    for pair in range(queued):
        for side in range(2):
            at = queue[side, pair]
            above[side][at] += scores[pair] > true_scores[side][at]
            same[side][at] += scores[pair] == true_scores[side][at]


@compiled
def count_screened(rows, rounded_rows, limits, begin, end, true_scores, above, same):
    """Count the pairs of the images begin:end with all texts that score above, and the same as, a true pair.

    All but the range are tuples of the images' and the texts': embeddings, their bytes, limits (see `screen`),
    scores of the true pairs, and the counts that are added to.
    """
    images, texts = rounded_rows
    scores = np.empty(WIDTH, np.float32)
    queue, queued = np.zeros((2, WIDTH), np.int64), 0
    for text in range(0, len(texts), TEXTS):
        for image in range(begin, end, IMAGES):
            sums = no_sums()
            for column in range(0, images.shape[1], BYTES):
                sums = add_byte_violations(
                    sums, load_images(images, image, column), load_texts(texts, text, column)
                )
            bits = within(sums, limits[0], image, limits[1], text)
            for pair in range(WIDTH if bits else 0):
                row, column = image + pair // TEXTS, text + pair % TEXTS
                if bits >> pair & 1 and row < len(true_scores[0]) and column < len(true_scores[1]):
                    queue[0, queued], queue[1, queued] = row, column
                    queued += 1
                    if queued == WIDTH:
                        count_queued(rows, queue, queued, scores, true_scores, above, same)
                        queued = 0
    count_queued(rows, queue, queued, scores, true_scores, above, same)


@compiled
def rounded(rows, out, low, scale, up):
    """Write the first columns of rows, as many as `low` has: whole steps of `scale` above it, at most LEVELS."""
    for row in range(len(rows)):
        for column in range(len(low)):
            steps = (np.float64(rows[row, column]) - low[column]) / scale
            level = np.ceil(steps) if up else np.floor(steps)
            out[row, column] = np.uint8(min(max(level, 0.0), np.float64(LEVELS)))


@dataclass(frozen=True)
class Screen:
    """Of the images and of the texts: rows rounded (uint8, whole tiles), and the limit of each row (int32)."""

    rounded: tuple[np.ndarray, np.ndarray]
    limits: tuple[np.ndarray, np.ndarray]


def screen(
    images: np.ndarray, texts: np.ndarray, image_limits: np.ndarray, text_limits: np.ndarray
) -> Screen:
    """Bytes and limits with which `count_screened` keeps every pair within the limit of its image or its text.

    Args:
        images, texts: (N, D) and (M, D) float32 in whole tiles.
        image_limits, text_limits: (n,) and (m,) violations of the rows that are not padding.
    """
    images, texts = images[: len(image_limits)], texts[: len(text_limits)]
    low, high = images.min(0).astype(np.float64), texts.max(0).astype(np.float64)
    width = np.flatnonzero(high > low).max(initial=-1) + 1  # columns behind, of padding, violate nothing
    low, largest = low[:width], float((high - low).max()) / LEVELS
    scale = _scale(images, texts, low, largest) if width else 1.0
    # the float32 sums that the limits are compared with may round down, and lose squares that underflow
    slack, lost = 1 + len(low) * 2.0**-22, len(low) * float(np.finfo(np.float32).tiny)
    limits = []
    for violations in (image_limits, text_limits):
        limit = np.full(len(violations) + -len(violations) % TEXTS, -1, np.int32)  # padding is never within
        steps = (violations.astype(np.float64) + lost) * slack / scale**2 + 1
        limit[: len(steps)] = np.minimum(steps, np.iinfo(np.int32).max)
        limits.append(limit)
    return Screen((_round(images, low, scale, up=True), _round(texts, low, scale, up=False)), tuple(limits))


def _round(rows: np.ndarray, low: np.ndarray, scale: float, up: bool) -> np.ndarray:
    """`rounded`, as whole tiles of bytes."""
    out = np.zeros((len(rows) + -len(rows) % TEXTS, len(low) + -len(low) % BYTES), np.uint8)

    def fill(piece: tuple[int, int]) -> None:
        rounded(rows[slice(*piece)], out[slice(*piece)], low, scale, up)

    spread(fill, slices(len(rows), ROWS), compute_threads())
    return out


def _scale(images: np.ndarray, texts: np.ndarray, low: np.ndarray, largest: float) -> float:
    """The step between levels that leaves most of the violations of some pairs."""
    some = [rows[:: -(-len(rows) // PAIRS)] for rows in (images, texts)]
    number = min(map(len, some))
    some = some[0][:number], np.roll(some[1][:number], 1, axis=0)  # no caption with its own image

    def left(scale: float) -> float:
        above, below = _round(some[0], low, scale, up=True), _round(some[1], low, scale, up=False)
        excess = np.maximum(below.astype(np.int64) - above, 0)
        return scale**2 * float(np.square(excess).sum())

    return max((share * largest for share in SCALES), key=left)
