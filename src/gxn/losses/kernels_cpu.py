"""Scores of all pairs of images and captions on a CPU, and their gradients.

Every sum over dimensions is taken in one fixed way: sixteen lanes, lane l adding the dimensions that are
l modulo 16 in turn with fused multiply-adds, then the lanes as a binary tree over neighbours. A pair's score
is therefore the same bits wherever and in whatever company it is computed, and two equal images tie exactly.
Loops are written on tuples of vectors, so that they fill the registers whatever a compiler guesses. Where a
vector holds half of the lanes, they are summed in two passes, to the same bits.

Embeddings are float32 and contiguous, their shape as `padded` says.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from gxn.compiled import INSTRUCTIONS, compiled

LANES = 16
# Elements of a vector, and the rows of a tile: as many pairs as elements, so that their sums fill one vector, and
# about all registers, 32 with AVX-512 and 16 without, are in use. TEXTS is a multiple of IMAGES: see `padded`.
WIDTH, IMAGES, TEXTS = (16, 4, 4) if "+avx512f" in INSTRUCTIONS else (8, 2, 4)
_FLOATS = ir.VectorType(ir.FloatType(), WIDTH)
_INDICES = ir.VectorType(ir.IntType(32), WIDTH)


def padded(rows: int, columns: int) -> tuple[int, int]:
    """The next shape of whole tiles and lanes."""
    return rows + -rows % TEXTS, columns + -columns % LANES


class Lanes(types.Type):
    """WIDTH float32: all lanes, or half of them."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """Lanes live in a vector register."""

    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _FLOATS)


ONE = Lanes()
PAIRS = types.UniTuple(ONE, IMAGES * TEXTS)
IMAGE_ROWS, TEXT_ROWS = (types.UniTuple(ONE, rows) for rows in (IMAGES, TEXTS))
BOTH = types.Tuple((IMAGE_ROWS, TEXT_ROWS))


def _zeros() -> ir.Constant:
    return ir.Constant(_FLOATS, [0.0] * WIDTH)


def _address(context, builder, kind, matrix, row, column, down=0):
    """Address of the lanes at (row + down, column) of a contiguous matrix."""
    array = context.make_array(kind)(context, builder, matrix)
    row = builder.add(row, ir.Constant(row.type, down))
    offset = builder.add(builder.mul(row, cgutils.unpack_tuple(builder, array.shape)[1]), column)
    return builder.bitcast(builder.gep(array.data, [offset]), _FLOATS.as_pointer())


def _fma(builder, a, b, c):
    signature = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
    fma = cgutils.get_or_insert_function(builder.module, signature, f"llvm.fma.v{WIDTH}f32")
    return builder.call(fma, (a, b, c))


def _excess(builder, text, image):
    """max(0, text - image) of finite numbers, as max(text, image) - image: it asks for no register of zeros.

    NaN on either side stays NaN.
    """
    return builder.fsub(builder.select(builder.fcmp_ordered(">", image, text), image, text), image)


def _neighbours(builder, first, second):
    """Sums of the neighbouring lanes of `first`, then of `second`."""
    even, odd = (
        builder.shuffle_vector(first, second, ir.Constant(_INDICES, list(range(start, 2 * WIDTH, 2))))
        for start in (0, 1)
    )
    return builder.fadd(even, odd)


@intrinsic
def zeros(typing):
    """A vector of zeros for each pair of a tile."""

    def generate(context, builder, signature, arguments):
        return context.make_tuple(builder, PAIRS, [_zeros()] * len(PAIRS))

    return PAIRS(), generate


def _loader(rows):
    """The intrinsic (matrix, row, column) -> a vector from `column` on of each of the rows from `row` on."""

    def load(typing, matrix, row, column):
        def generate(context, builder, signature, arguments):
            vectors = []
            for step in range(len(rows)):
                address = _address(context, builder, signature.args[0], *arguments, step)
                vectors.append(builder.load(address, align=4))
            return context.make_tuple(builder, rows, vectors)

        return rows(matrix, types.intp, types.intp), generate

    return intrinsic(load)


def _packed_loader(rows):
    """The intrinsic (packed, tile, vector) -> as many vectors of the tile from there on as it has rows."""

    def load(typing, packed, tile, vector):
        def generate(context, builder, signature, arguments):
            packed, tile, vector = arguments
            column = builder.mul(vector, ir.Constant(vector.type, WIDTH))
            first = _address(context, builder, signature.args[0], packed, tile, column)
            steps = [ir.Constant(ir.IntType(64), step) for step in range(len(rows))]
            vectors = [builder.load(builder.gep(first, [step]), align=4) for step in steps]
            return context.make_tuple(builder, rows, vectors)

        return rows(packed, types.intp, types.intp), generate

    return intrinsic(load)


load_images, load_texts = _loader(IMAGE_ROWS), _loader(TEXT_ROWS)
load_one = _loader(types.UniTuple(ONE, 1))
packed_images, packed_texts = _packed_loader(IMAGE_ROWS), _packed_loader(TEXT_ROWS)


@intrinsic
def store(typing, matrix, row, column, vectors):
    """Write vectors below one another."""

    def generate(context, builder, signature, arguments):
        for step, vector in enumerate(cgutils.unpack_tuple(builder, arguments[3])):
            address = _address(context, builder, signature.args[0], *arguments[:3], step)
            builder.store(vector, address, align=4)
        return context.get_dummy_value()

    return types.void(matrix, types.intp, types.intp, vectors), generate


@intrinsic
def spread(typing, matrix, row, column):
    """For each pair of a tile a vector that holds its element of the matrix throughout."""

    def generate(context, builder, signature, arguments):
        vectors = []
        for step in range(IMAGES):
            first = _address(context, builder, signature.args[0], *arguments, step)
            scalars = builder.bitcast(first, ir.FloatType().as_pointer())
            for offset in range(TEXTS):
                scalar = builder.load(builder.gep(scalars, [ir.Constant(ir.IntType(64), offset)]), align=4)
                one = builder.insert_element(_zeros(), scalar, ir.Constant(ir.IntType(32), 0))
                vectors.append(builder.shuffle_vector(one, one, ir.Constant(_INDICES, [0] * WIDTH)))
        return context.make_tuple(builder, PAIRS, vectors)

    return PAIRS(matrix, types.intp, types.intp), generate


def _accumulator(step):
    """The intrinsic (sums, images, texts) -> sums that takes one step for each of the tile's pairs."""

    def accumulate(typing, sums, images, texts):
        def generate(context, builder, signature, arguments):
            sums, images, texts = (cgutils.unpack_tuple(builder, each) for each in arguments)
            pairs = [(image, text) for image in images for text in texts]
            stepped = [step(builder, *pair, total) for pair, total in zip(pairs, sums, strict=True)]
            return context.make_tuple(builder, PAIRS, stepped)

        return PAIRS(PAIRS, IMAGE_ROWS, TEXT_ROWS), generate

    return intrinsic(accumulate)


def _violation(builder, image, text, total):
    excess = _excess(builder, text, image)
    return _fma(builder, builder.fneg(excess), excess, total)


add_products = _accumulator(_fma)
take_violations = _accumulator(_violation)


@intrinsic
def add_gradients(typing, slopes, images, texts, image_gradients, text_gradients):
    """Add slope * max(0, text - image) to each pair's image gradient and take it from its text gradient."""

    def generate(context, builder, signature, arguments):
        slopes, images, texts, gained, lost = (cgutils.unpack_tuple(builder, each) for each in arguments)
        for pair, slope in enumerate(slopes):
            image, text = divmod(pair, TEXTS)
            excess = _excess(builder, texts[text], images[image])
            gained[image] = _fma(builder, slope, excess, gained[image])
            lost[text] = _fma(builder, builder.fneg(slope), excess, lost[text])
        rows = context.make_tuple(builder, IMAGE_ROWS, gained), context.make_tuple(builder, TEXT_ROWS, lost)
        return context.make_tuple(builder, BOTH, rows)

    return BOTH(PAIRS, IMAGE_ROWS, TEXT_ROWS, IMAGE_ROWS, TEXT_ROWS), generate


@intrinsic
def no_totals(typing):
    """A vector of zeros: the scores of a tile's pairs before any lane is added."""

    def generate(context, builder, signature, arguments):
        return _zeros()

    return ONE(), generate


@intrinsic
def add_totals(typing, scores, sums):
    """Add to each pair's element the sum of its vector."""

    def generate(context, builder, signature, arguments):
        vectors = cgutils.unpack_tuple(builder, arguments[1])
        while len(vectors) > 1:
            pairs = zip(vectors[::2], vectors[1::2], strict=True)
            vectors = [_neighbours(builder, *pair) for pair in pairs]
        return builder.fadd(arguments[0], vectors[0])

    return ONE(ONE, PAIRS), generate


@intrinsic
def store_scores(typing, matrix, row, column, scores):
    """Write the scores of a tile's pairs: TEXTS in each of IMAGES rows."""

    def generate(context, builder, signature, arguments):
        for step in range(IMAGES):
            address = _address(context, builder, signature.args[0], *arguments[:3], step)
            columns = list(range(step * TEXTS, (step + 1) * TEXTS))
            order = ir.Constant(ir.VectorType(ir.IntType(32), TEXTS), columns)
            part = builder.shuffle_vector(arguments[3], arguments[3], order)
            builder.store(part, builder.bitcast(address, part.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(matrix, types.intp, types.intp, ONE), generate


def _gatherer(step):
    """The intrinsic that takes one step for WIDTH pairs of rows, those from `pair` on."""

    def gather(typing, sums, images, texts, image_rows, text_rows, pair, column):
        def generate(context, builder, signature, arguments):
            sums, images, texts, image_rows, text_rows, pair, column = arguments
            stepped = []
            for at, total in enumerate(cgutils.unpack_tuple(builder, sums)):
                lanes = []
                for side, (matrix, rows) in enumerate(((images, image_rows), (texts, text_rows))):
                    data = context.make_array(signature.args[3 + side])(context, builder, rows).data
                    row = builder.load(builder.gep(data, [builder.add(pair, ir.Constant(pair.type, at))]))
                    address = _address(context, builder, signature.args[1 + side], matrix, row, column)
                    lanes.append(builder.load(address, align=4))
                stepped.append(step(builder, *lanes, total))
            return context.make_tuple(builder, PAIRS, stepped)

        return PAIRS(PAIRS, images, texts, image_rows, text_rows, types.intp, types.intp), generate

    return intrinsic(gather)


take_pairs, add_pairs = _gatherer(_violation), _gatherer(_fma)


@compiled
def packed(rows, tall):
    """A copy in which each whole tile of `tall` rows is one row of its vectors, in the order of their use."""
    out = np.empty((len(rows) // tall, tall * rows.shape[1]), np.float32)
    for tile in range(len(out)):
        at = 0
        for lane in range(0, LANES, WIDTH):
            for column in range(lane, rows.shape[1], LANES):
                for row in range(tile * tall, (tile + 1) * tall):
                    store(out, tile, at, load_one(rows, row, column))
                    at += WIDTH
    return out


@compiled
def score_tiles(order, images, texts, scores):
    """Scores of all pairs of images and texts, packed by IMAGES and by TEXTS, into the first of scores.

    If `order`, -||max(0, text - image)||^2, else inner products.
    """
    depth = images.shape[1] // (IMAGES * LANES)
    for text in range(len(texts)):
        for image in range(len(images)):
            found = no_totals()
            for start in range(0, depth * LANES // WIDTH, depth):
                sums = zeros()
                if order:
                    for step in range(start, start + depth):
                        image_rows = packed_images(images, image, step * IMAGES)
                        sums = take_violations(sums, image_rows, packed_texts(texts, text, step * TEXTS))
                else:
                    for step in range(start, start + depth):
                        image_rows = packed_images(images, image, step * IMAGES)
                        sums = add_products(sums, image_rows, packed_texts(texts, text, step * TEXTS))
                found = add_totals(found, sums)
            store_scores(scores, image * IMAGES, text * TEXTS, found)


@compiled
def score_pairs(order, images, texts, image_rows, text_rows, scores):
    """As `score_tiles`, of some pairs of rows that are not packed; a multiple of WIDTH in number, rows int64."""
    row = scores.reshape((1, len(scores)))
    for pair in range(0, len(scores), WIDTH):
        found = no_totals()
        for lane in range(0, LANES, WIDTH):
            sums = zeros()
            if order:
                for column in range(lane, images.shape[1], LANES):
                    sums = take_pairs(sums, images, texts, image_rows, text_rows, pair, column)
            else:
                for column in range(lane, images.shape[1], LANES):
                    sums = add_pairs(sums, images, texts, image_rows, text_rows, pair, column)
            found = add_totals(found, sums)
        store(row, 0, pair, (found,))


@compiled
def gradients(images, texts, slopes, begin, end, image_gradient, text_gradient):
    """Add slope * max(0, text - image) over all texts (images) to the columns begin:end of each image
    (take it from those of each text).
    Tiles whose slopes are all zero, such as those of pairs inside the margin, cost nothing.
    """
    for image in range(0, images.shape[0], IMAGES):
        for text in range(0, texts.shape[0], TEXTS):
            if not slopes[image : image + IMAGES, text : text + TEXTS].any():
                continue
            slope = spread(slopes, image, text)
            for column in range(begin, end, WIDTH):
                gained, lost = add_gradients(
                    slope,
                    load_images(images, image, column),
                    load_texts(texts, text, column),
                    load_images(image_gradient, image, column),
                    load_texts(text_gradient, text, column),
                )
                store(image_gradient, image, column, gained)
                store(text_gradient, text, column, lost)
