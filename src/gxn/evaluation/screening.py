"""Which pairs can matter for a rank, from order violations that are computed on bytes.

Embeddings are rounded to 0..127 and each row's rounding error is known. max(0, .) moves no further than its
argument, so that ||max(0, t - v)|| >= ||max(0, t' - v')|| - ||t - t'|| - ||v - v'||: a pair whose rounded
violation is above a limit by more than the errors has a true one above it. Bytes are subtracted and squared
sixty-four at a time, several times faster than floats; only the pairs that are left, few with a trained
model, are then computed in full.
"""

from dataclasses import dataclass

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from gxn.compiled import compiled
from gxn.losses.kernels_cpu import LANES, TILE, add_gathered, store, totals, zeros

BYTES = 64
LEVELS = 127  # the instruction that squares takes one factor signed
SCALES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18)  # shares of the largest range: outliers may be cut off
DOT = "llvm.x86.avx512.vpdpbusd.512"
HAS_DOT = llvmlite.binding.get_host_cpu_features().get("avx512vnni", False)
_BYTES, _INTS = ir.VectorType(ir.IntType(8), BYTES), ir.VectorType(ir.IntType(32), LANES)


class Vector(types.Type):
    """A vector register of bytes or of integers."""


BYTE_ROW = types.UniTuple(Vector(name="Bytes"), TILE)
INT_SQUARE = types.UniTuple(Vector(name="Ints"), TILE * TILE)


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
    """A square of zeros."""

    def generate(context, builder, signature, arguments):
        return context.make_tuple(builder, INT_SQUARE, [ir.Constant(_INTS, [0] * LANES)] * TILE * TILE)

    return INT_SQUARE(), generate


@intrinsic
def load_bytes(typing, matrix, row, column):
    """Bytes from `column` on of the rows `row` to `row + TILE - 1`."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = cgutils.unpack_tuple(builder, array.shape)[1]
        offset = builder.add(builder.mul(arguments[1], stride), arguments[2])
        vectors = []
        for _ in range(TILE):
            address = _address(context, builder, signature.args[0], arguments[0], offset, _BYTES)
            vectors.append(builder.load(address, align=1))
            offset = builder.add(offset, stride)
        return context.make_tuple(builder, BYTE_ROW, vectors)

    return BYTE_ROW(matrix, types.intp, types.intp), generate


def _add_squares(builder, total, excess):
    """Add the squares of 64 bytes, four to each of sixteen integers."""
    if HAS_DOT:
        signature = ir.FunctionType(_INTS, [_INTS] * 3)
        words = builder.bitcast(excess, _INTS)
        function = cgutils.get_or_insert_function(builder.module, signature, DOT)
        return builder.call(function, (total, words, words))
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
        subtract = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_BYTES, [_BYTES] * 2), f"llvm.usub.sat.v{BYTES}i8"
        )
        excesses = [builder.call(subtract, (text, image)) for image in images for text in texts]
        added = [_add_squares(builder, *pair) for pair in zip(sums, excesses, strict=True)]
        return context.make_tuple(builder, INT_SQUARE, added)

    return INT_SQUARE(INT_SQUARE, BYTE_ROW, BYTE_ROW), generate


@intrinsic
def within(typing, sums, image_limits, image, text_limits, text):
    """Bit TILE i + j says whether pair (i, j)'s sum is at most the limit of image i, or of text j."""

    def generate(context, builder, signature, arguments):
        vectors = cgutils.unpack_tuple(builder, arguments[0])
        while len(vectors) > 1:
            pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
            halves = [[_shuffled(builder, *pair, range(at, 2 * LANES, 2)) for at in (0, 1)] for pair in pairs]
            vectors = [builder.add(*half) for half in halves]
        few = ir.VectorType(ir.IntType(32), TILE)
        bits = []
        for limits, at, order in (
            (1, 2, [pair // TILE for pair in range(LANES)]),
            (3, 4, [pair % TILE for pair in range(LANES)]),
        ):
            address = _address(
                context, builder, signature.args[limits], arguments[limits], arguments[at], few
            )
            four = builder.load(address, align=4)
            limit = _shuffled(builder, four, four, order)
            bits.append(builder.icmp_signed("<=", vectors[0], limit))
        mask = builder.bitcast(builder.or_(*bits), ir.IntType(LANES))
        return builder.zext(mask, ir.IntType(64))

    return types.int64(INT_SQUARE, image_limits, types.intp, text_limits, types.intp), generate


@compiled
def count_queued(rows, queue, queued, tile, true_scores, above, same):
    """Compute the queued pairs in full and count them; what the queue holds beyond them is dropped."""
    sums = zeros()
    for column in range(0, rows[0].shape[1], LANES):
        sums = add_gathered(sums, rows[0], rows[1], queue, column)
    store(tile, 0, 0, totals(sums))
    for lane in range(queued):
        for side in range(2):
            at = queue[side, lane]
            above[side][at] += -tile[0, lane] > true_scores[side][at]
            same[side][at] += -tile[0, lane] == true_scores[side][at]


@compiled
def count_screened(rows, rounded_rows, limits, begin, end, true_scores, above, same):
    """Count the pairs of the images begin:end with all texts that score above, and the same as, a true pair.

    All but the range are tuples of the images' and the texts': embeddings, their bytes, limits (see `screen`),
    scores of the true pairs, and the counts that are added to.
    """
    images, texts = rounded_rows
    tile = np.empty((1, LANES), np.float32)
    queue, queued = np.zeros((2, LANES), np.int64), 0
    for text in range(0, len(texts), TILE):
        for image in range(begin, end, TILE):
            sums = no_sums()
            for column in range(0, images.shape[1], BYTES):
                sums = add_byte_violations(
                    sums, load_bytes(images, image, column), load_bytes(texts, text, column)
                )
            bits = within(sums, limits[0], image, limits[1], text)
            for pair in range(TILE * TILE if bits else 0):
                row, column = image + pair // TILE, text + pair % TILE
                if bits >> pair & 1 and row < len(true_scores[0]) and column < len(true_scores[1]):
                    queue[0, queued], queue[1, queued] = row, column
                    queued += 1
                    if queued == LANES:
                        count_queued(rows, queue, queued, tile, true_scores, above, same)
                        queued = 0
    count_queued(rows, queue, queued, tile, true_scores, above, same)


@compiled
def rounded(rows, low, high, scale, out, errors):
    """Round rows, cut to low..high, to 0..LEVELS steps of `scale` above low; the norm of each one's error."""
    for row in range(len(rows)):
        lost = 0.0
        for column in range(rows.shape[1]):
            value = np.float64(rows[row, column])
            value = (min(max(value, low[column]), high[column]) - low[column]) / scale
            level = min(np.floor(value + 0.5), np.float64(LEVELS))
            out[row, column] = np.uint8(level)
            lost += (value - level) ** 2
        errors[row] = np.sqrt(lost) * scale


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
    both = images[: len(image_limits)], texts[: len(text_limits)]
    # An image above all texts, or a text below all images, can be cut to their range: no violation changes.
    low = both[0].min(0).astype(np.float64)
    high = np.maximum(both[1].max(0).astype(np.float64), low)
    scale = _scale(both, low, high)
    bytes_, errors = zip(*(_round(rows, low, high, scale) for rows in both), strict=True)
    slack = 1 + images.shape[1] * 2.0**-22  # rounding of the float32 sums that the limits are compared with
    limits = []
    for rows, violations, error, other in zip(
        (images, texts), (image_limits, text_limits), errors, errors[::-1], strict=True
    ):
        reach = np.sqrt(violations.astype(np.float64) * slack) + error + other.max()
        limit = np.full(len(rows), -1, np.int32)  # padding is never within
        limit[: len(reach)] = np.minimum((reach / scale) ** 2 + 1, np.iinfo(np.int32).max)
        limits.append(limit)
    return Screen(bytes_, tuple(limits))


def _round(
    rows: np.ndarray, low: np.ndarray, high: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """`rounded`, as whole tiles of bytes, and the errors of the given rows."""
    out = np.zeros((len(rows) + -len(rows) % TILE, rows.shape[1] + -rows.shape[1] % BYTES), np.uint8)
    errors = np.empty(len(rows))
    rounded(rows, low, high, scale, out, errors)
    return out, errors


def _scale(both: tuple[np.ndarray, np.ndarray], low: np.ndarray, high: np.ndarray) -> float:
    """The step between levels that loses least: the whole range, or less where few values reach its end."""
    largest = float((high - low).max()) / LEVELS
    if largest == 0:
        return 1.0
    samples = [rows[:: max(1, len(rows) // 64)] for rows in both]
    scales = [share * largest for share in SCALES]
    losses = [sum(_round(rows, low, high, scale)[1].mean() for rows in samples) for scale in scales]
    return scales[int(np.argmin(losses))]
