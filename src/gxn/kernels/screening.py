"""Order violations from below, on bytes: which pairs of an image and a text can matter for a rank.

The plain formula: `violations <= limit`. Embeddings become 0..127, texts rounded down and images up, so that no
violation grows: a pair whose bytes violate the order by more than a limit does so in full. A processor subtracts
and squares four times as many bytes as floats at a time, and few pairs are left with a trained model.
"""

from dataclasses import dataclass

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic

from gxn.kernels.compiled import compiled, slices, spread

LEVELS = 127  # the instructions that square take one factor signed, and add two squares in sixteen bits
SCALES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18)  # shares of the largest range: outliers may be cut off
SOME = 256  # pairs that the scale is chosen by
ROWS = 256  # that a thread rounds at a time
IMAGES, TEXTS = 4, 4  # of a tile, whose sums stay in registers
# what numba compiles for: this processor, or NUMBA_CPU_FEATURES
_ASKED = numba.config.CPU_FEATURES
FEATURES = frozenset((get_host_cpu_features() if _ASKED is None else _ASKED).split(","))
BYTES = 64 if "+avx512vnni" in FEATURES else 32  # of a register
_BYTES, _WORDS, _INTS = (ir.VectorType(ir.IntType(bits), BYTES * 8 // bits) for bits in (8, 16, 32))


def _call(builder, name, result, *arguments):
    signature = ir.FunctionType(result, [each.type for each in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), arguments)


def _add_squares(builder, total, excess):
    """Add the squares of bytes 0..127, four neighbours' to each integer of the total."""
    if "+avx512vnni" in FEATURES:
        words = builder.bitcast(excess, _INTS)
        return _call(builder, "llvm.x86.avx512.vpdpbusd.512", _INTS, total, words, words)
    if "+avx2" in FEATURES:
        two = _call(builder, "llvm.x86.avx2.pmadd.ub.sw", _WORDS, excess, excess)
        ones = ir.Constant(_WORDS, [1] * (BYTES // 2))
        return builder.add(total, _call(builder, "llvm.x86.avx2.pmadd.wd", _INTS, two, ones))
    for start in range(4):
        order = ir.Constant(ir.VectorType(ir.IntType(32), BYTES // 4), list(range(start, BYTES, 4)))
        wide = builder.zext(builder.shuffle_vector(excess, excess, order), _INTS)
        total = builder.add(total, builder.mul(wide, wide))
    return total


@intrinsic
def tile_sums(typing, images, image, texts, text, sums):
    """Write sum_d max(0, texts[j, d] - images[i, d])^2 of a tile into int32 sums (IMAGES or more, all texts).

    Arguments: uint8 images (IMAGES or more, D) from row `image` on, uint8 texts from row `text` on; D a multiple
    of BYTES. Row i of the tile goes into sums[i], from column `text` on.
    """

    def generate(context, builder, signature, arguments):
        def rows(at, first, number):
            array = context.make_array(signature.args[at])(context, builder, arguments[at])
            stride = cgutils.unpack_tuple(builder, array.shape)[1]
            starts = [builder.add(first, context.get_constant(types.intp, each)) for each in range(number)]
            return [builder.gep(array.data, [builder.mul(start, stride)]) for start in starts], stride

        (v_rows, width), (t_rows, _) = rows(0, arguments[1], IMAGES), rows(2, arguments[3], TEXTS)
        totals = [
            cgutils.alloca_once_value(builder, ir.Constant(_INTS, [0] * (BYTES // 4)))
            for _ in range(IMAGES * TEXTS)
        ]
        step = context.get_constant(types.intp, BYTES)
        with cgutils.for_range(builder, builder.sdiv(width, step)) as loop:
            at = builder.mul(loop.index, step)
            v, t = (
                [
                    builder.load(builder.bitcast(builder.gep(row, [at]), _BYTES.as_pointer()), align=1)
                    for row in each
                ]
                for each in (v_rows, t_rows)
            )
            for pair, total in enumerate(totals):
                over = _call(builder, f"llvm.usub.sat.v{BYTES}i8", _BYTES, t[pair % TEXTS], v[pair // TEXTS])
                builder.store(_add_squares(builder, builder.load(total), over), total)
        out, _ = rows(4, context.get_constant(types.intp, 0), IMAGES)
        for pair, total in enumerate(totals):
            name = f"llvm.vector.reduce.add.v{BYTES // 4}i32"
            place = builder.add(arguments[3], context.get_constant(types.intp, pair % TEXTS))
            whole = _call(builder, name, ir.IntType(32), builder.load(total))
            builder.store(whole, builder.gep(out[pair // TEXTS], [place]))
        return context.get_dummy_value()

    return types.void(images, types.intp, texts, types.intp, sums), generate


@compiled
def left(images, texts, limits, found):
    """Write the pairs of which a sum is at most the limit of its image or its text, and count them.

    Args:
        images, texts: uint8 (N or more, D) and (M or more, D), whole tiles.
        limits: int32 (N,) and (M,).
        found: int64 (2, P), for image and text of each pair; what does not fit is only counted.
    """
    number, sums = 0, np.empty((IMAGES, len(texts)), np.int32)
    for first in range(0, len(images), IMAGES):
        for text in range(0, len(texts), TEXTS):
            tile_sums(images, first, texts, text, sums)
        for row in range(min(IMAGES, len(limits[0]) - first)):
            limit, some = limits[0][first + row], np.int32(0)
            for text in range(len(limits[1])):
                some += np.int32(sums[row, text] <= max(limit, limits[1][text]))
            for text in range(len(limits[1]) if some else 0):
                if sums[row, text] <= max(limit, limits[1][text]):
                    if number < found.shape[1]:
                        found[0, number], found[1, number] = first + row, text
                    number += 1
    return number


@dataclass(frozen=True)
class Screen:
    """Rows of images and of texts as bytes, uint8 (N, D) and (M, D), and the limit of each row, int32."""

    rounded: tuple[np.ndarray, np.ndarray]
    limits: tuple[np.ndarray, np.ndarray]

    def left(self, images: slice, texts: slice, most: int) -> np.ndarray | None:
        """Pairs (2, P) of a block that can matter, counted from the block's begin; None: more than `most`."""
        found = np.empty((2, most), np.int64)
        rows = _whole_tiles(self.rounded[0][images], IMAGES), _whole_tiles(self.rounded[1][texts], TEXTS)
        number = left(*rows, (self.limits[0][images], self.limits[1][texts]), found)
        return found[:, :number] if number <= most else None


def screen(
    images: np.ndarray, texts: np.ndarray, limits: tuple[np.ndarray, np.ndarray], threads: int
) -> Screen:
    """Round the embeddings, float32 (N, D) and (M, D), and the violations (N,) and (M,) that are the limits."""
    low, high = images.min(0).astype(np.float64), texts.max(0).astype(np.float64)
    largest = float((high - low).max()) / LEVELS
    scale = _best_scale(images, texts, low, largest) if largest > 0 else 1.0
    # the float32 sums that the limits are compared with may round down, and lose squares that underflow
    slack, lost = 1 + len(low) * 2.0**-22, len(low) * float(np.finfo(np.float32).tiny)
    steps = [(each.astype(np.float64) + lost) * slack / scale**2 + 1 for each in limits]
    rounded = []
    for rows, up in ((images, True), (texts, False)):
        pieces = slices(len(rows), ROWS)
        parts = spread(lambda piece: _round(rows[slice(*piece)], low, scale, up), pieces, threads)  # noqa: B023
        rounded.append(np.concatenate(parts))
    most = np.iinfo(np.int32).max
    return Screen(tuple(rounded), tuple(np.minimum(each, most).astype(np.int32) for each in steps))


def _round(rows: np.ndarray, low: np.ndarray, scale: float, up: bool) -> np.ndarray:
    """Whole steps of `scale` above `low`, at most LEVELS, and columns of 0 up to a multiple of BYTES."""
    steps = (rows.astype(np.float64) - low) / scale
    out = np.zeros((len(rows), len(low) + -len(low) % BYTES), np.uint8)
    out[:, : len(low)] = (np.ceil if up else np.floor)(steps).clip(0, LEVELS)
    return out


def _best_scale(images: np.ndarray, texts: np.ndarray, low: np.ndarray, largest: float) -> float:
    """The step between levels that leaves most of the violations of some pairs."""
    some = [rows[:: -(-len(rows) // SOME)] for rows in (images, texts)]
    number = min(map(len, some))
    images, texts = some[0][:number], np.roll(some[1][:number], 1, axis=0)  # no caption with its own image

    def kept(scale: float) -> float:
        above, below = (_round(*each) for each in ((images, low, scale, True), (texts, low, scale, False)))
        return scale**2 * float(np.square(np.maximum(below.astype(np.int64) - above, 0)).sum())

    return max((share * largest for share in SCALES), key=kept)


def _whole_tiles(rows: np.ndarray, tile: int) -> np.ndarray:
    """Rows (N, D), with others of 0 up to a multiple of `tile`."""
    more = -len(rows) % tile
    return np.concatenate([rows, np.zeros((more, rows.shape[1]), rows.dtype)]) if more else rows
