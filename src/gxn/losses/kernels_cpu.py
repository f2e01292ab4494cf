"""Scores of all pairs of images and captions on a CPU, and their gradients.

Every sum over dimensions is taken in one fixed way: sixteen lanes, lane l adding the dimensions that are
l modulo 16 in turn with fused multiply-adds, then the lanes as a binary tree over neighbours. A pair's score
is therefore the same bits wherever and in whatever company it is computed, and two equal images tie exactly.
Loops are written on tuples of lanes, so that they fill the vector registers whatever a compiler guesses.

Matrices are float32 and contiguous, their shape as `padded` says.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from gxn.compiled import compiled

LANES = 16
TILE = 4  # TILE x TILE pairs at once: as many as there are lanes, so that their sums fill one vector
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INDICES = ir.VectorType(ir.IntType(32), LANES)


def padded(rows: int, columns: int) -> tuple[int, int]:
    """The next shape of whole tiles and lanes.

    The lanes are odd in number: rows that lie a multiple of 4,096 bytes apart would share one set of the cache.
    """
    lanes = -(-columns // LANES)
    return rows + -rows % TILE, (lanes + 1 - lanes % 2) * LANES


class Lanes(types.Type):
    """Sixteen float32."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """Lanes live in a vector register."""

    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _FLOATS)


ONE = Lanes()
ROW, SQUARE = types.UniTuple(ONE, TILE), types.UniTuple(ONE, TILE * TILE)


def _zeros() -> ir.Constant:
    return ir.Constant(_FLOATS, [0.0] * LANES)


def _address(context, builder, kind, matrix, row, column, down=0):
    """Address of the lanes at (row + down, column) of a contiguous matrix."""
    array = context.make_array(kind)(context, builder, matrix)
    row = builder.add(row, ir.Constant(row.type, down))
    offset = builder.add(builder.mul(row, cgutils.unpack_tuple(builder, array.shape)[1]), column)
    return builder.bitcast(builder.gep(array.data, [offset]), _FLOATS.as_pointer())


def _fma(builder, a, b, c):
    signature = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
    fma = cgutils.get_or_insert_function(builder.module, signature, f"llvm.fma.v{LANES}f32")
    return builder.call(fma, (a, b, c))


def _excess(builder, text, image):
    """max(0, text - image)."""
    difference = builder.fsub(text, image)
    return builder.select(builder.fcmp_ordered(">", difference, _zeros()), difference, _zeros())


def _neighbours(builder, first, second):
    """Sums of the neighbouring lanes of `first`, then of `second`."""
    even, odd = (
        builder.shuffle_vector(first, second, ir.Constant(_INDICES, list(range(start, 2 * LANES, 2))))
        for start in (0, 1)
    )
    return builder.fadd(even, odd)


@intrinsic
def zeros(typing):
    """A square of zeros."""

    def generate(context, builder, signature, arguments):
        return context.make_tuple(builder, SQUARE, [_zeros()] * TILE * TILE)

    return SQUARE(), generate


@intrinsic
def load(typing, matrix, row, column):
    """Lanes from `column` on of the rows `row` to `row + TILE - 1`."""

    def generate(context, builder, signature, arguments):
        lanes = []
        for step in range(TILE):
            address = _address(context, builder, signature.args[0], *arguments, step)
            lanes.append(builder.load(address, align=4))
        return context.make_tuple(builder, ROW, lanes)

    return ROW(matrix, types.intp, types.intp), generate


@intrinsic
def store(typing, matrix, row, column, lanes):
    """Write a vector, or a row of vectors below one another."""

    def generate(context, builder, signature, arguments):
        several = signature.args[3] == ROW
        vectors = cgutils.unpack_tuple(builder, arguments[3]) if several else [arguments[3]]
        for step, vector in enumerate(vectors):
            address = _address(context, builder, signature.args[0], *arguments[:3], step)
            builder.store(vector, address, align=4)
        return context.get_dummy_value()

    return types.void(matrix, types.intp, types.intp, lanes), generate


@intrinsic
def spread(typing, matrix, row, column):
    """A square of vectors, each holding one of TILE x TILE elements in all its lanes."""

    def generate(context, builder, signature, arguments):
        vectors = []
        for step in range(TILE):
            first = _address(context, builder, signature.args[0], *arguments, step)
            scalars = builder.bitcast(first, ir.FloatType().as_pointer())
            for offset in range(TILE):
                scalar = builder.load(builder.gep(scalars, [ir.Constant(ir.IntType(64), offset)]), align=4)
                one = builder.insert_element(_zeros(), scalar, ir.Constant(ir.IntType(32), 0))
                vectors.append(builder.shuffle_vector(one, one, ir.Constant(_INDICES, [0] * LANES)))
        return context.make_tuple(builder, SQUARE, vectors)

    return SQUARE(matrix, types.intp, types.intp), generate


def _accumulator(step):
    """The intrinsic (sums, images, texts) -> sums that takes one step for each of the tile's pairs."""

    def accumulate(typing, sums, images, texts):
        def generate(context, builder, signature, arguments):
            sums, images, texts = (cgutils.unpack_tuple(builder, each) for each in arguments)
            pairs = [(image, text) for image in images for text in texts]
            stepped = [step(builder, *pair, total) for pair, total in zip(pairs, sums, strict=True)]
            return context.make_tuple(builder, SQUARE, stepped)

        return SQUARE(SQUARE, ROW, ROW), generate

    return intrinsic(accumulate)


def _violation(builder, image, text, total):
    excess = _excess(builder, text, image)
    return _fma(builder, excess, excess, total)


add_products = _accumulator(_fma)
add_violations = _accumulator(_violation)


@intrinsic
def add_gradients(typing, slopes, images, texts, image_gradients, text_gradients):
    """Add slope * max(0, text - image) to each pair's image gradient and take it from its text gradient."""

    def generate(context, builder, signature, arguments):
        slopes, images, texts, gained, lost = (cgutils.unpack_tuple(builder, each) for each in arguments)
        for pair, slope in enumerate(slopes):
            image, text = divmod(pair, TILE)
            excess = _excess(builder, texts[text], images[image])
            gained[image] = _fma(builder, slope, excess, gained[image])
            lost[text] = _fma(builder, builder.fneg(slope), excess, lost[text])
        rows = [context.make_tuple(builder, ROW, row) for row in (gained, lost)]
        return context.make_tuple(builder, types.UniTuple(ROW, 2), rows)

    return types.UniTuple(ROW, 2)(SQUARE, ROW, ROW, ROW, ROW), generate


@intrinsic
def totals(typing, square):
    """The sum of each of sixteen vectors: lane j is that of vector j."""

    def generate(context, builder, signature, arguments):
        vectors = cgutils.unpack_tuple(builder, arguments[0])
        while len(vectors) > 1:
            pairs = zip(vectors[::2], vectors[1::2], strict=True)
            vectors = [_neighbours(builder, *pair) for pair in pairs]
        return vectors[0]

    return ONE(SQUARE), generate


@intrinsic
def add_gathered(typing, sums, images, texts, pairs, column):
    """One step of `add_violations` for any sixteen pairs, int64 (2, LANES): image rows, then text rows."""

    def generate(context, builder, signature, arguments):
        sums, images, texts, pairs, column = arguments
        chosen = context.make_array(signature.args[3])(context, builder, pairs).data
        stepped = []
        for pair, total in enumerate(cgutils.unpack_tuple(builder, sums)):
            lanes = []
            for kind, matrix, at in (
                (signature.args[1], images, pair),
                (signature.args[2], texts, LANES + pair),
            ):
                row = builder.load(builder.gep(chosen, [ir.Constant(ir.IntType(64), at)]))
                address = _address(context, builder, kind, matrix, row, column)
                lanes.append(builder.load(address, align=4))
            stepped.append(_violation(builder, *lanes, total))
        return context.make_tuple(builder, SQUARE, stepped)

    return SQUARE(SQUARE, images, texts, pairs, types.intp), generate


@compiled
def products(images, texts, begin, end, first, last, scores):
    """Inner products of the rows begin:end of images and first:last of texts, into scores."""
    tile = np.empty((1, TILE * TILE), np.float32)
    for text in range(first, last, TILE):
        for image in range(begin, end, TILE):
            sums = zeros()
            for column in range(0, images.shape[1], LANES):
                sums = add_products(sums, load(images, image, column), load(texts, text, column))
            store(tile, 0, 0, totals(sums))
            for pair in range(TILE * TILE):
                scores[image - begin + pair // TILE, text - first + pair % TILE] = tile[0, pair]


@compiled
def violations(images, texts, begin, end, first, last, scores):
    """-||max(0, text - image)||^2 of the rows begin:end of images and first:last of texts, into scores."""
    tile = np.empty((1, TILE * TILE), np.float32)
    for text in range(first, last, TILE):
        for image in range(begin, end, TILE):
            sums = zeros()
            for column in range(0, images.shape[1], LANES):
                sums = add_violations(sums, load(images, image, column), load(texts, text, column))
            store(tile, 0, 0, totals(sums))
            for pair in range(TILE * TILE):
                scores[image - begin + pair // TILE, text - first + pair % TILE] = -tile[0, pair]


@compiled
def gradients(images, texts, slopes, begin, end, image_gradient, text_gradient):
    """Add slope * max(0, text - image) over all texts (images) to the columns begin:end of each image
    (take it from those of each text).

    Tiles whose slopes are all zero, such as those of pairs inside the margin, cost nothing.
    """
    for image in range(0, images.shape[0], TILE):
        for text in range(0, texts.shape[0], TILE):
            if not slopes[image : image + TILE, text : text + TILE].any():
                continue
            slope = spread(slopes, image, text)
            for column in range(begin, end, LANES):
                gained, lost = add_gradients(
                    slope,
                    load(images, image, column),
                    load(texts, text, column),
                    load(image_gradient, image, column),
                    load(text_gradient, text, column),
                )
                store(image_gradient, image, column, gained)
                store(text_gradient, text, column, lost)
