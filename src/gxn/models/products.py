"""Products of rows with a matrix that is used again and again, on a CPU.

A BLAS lays its operands out anew in every product, which for few rows takes as long as a third of it. Here the
matrix is laid out once, in panels of columns, and one tile of sums after another stays in registers. A sum is
taken in an order of its own, whatever the number of rows or threads.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model
from torch import Tensor
from torch.nn import functional as F

from gxn.compiled import INSTRUCTIONS, compiled, slices, spread

# Elements of a vector, and the rows of a tile, whose sums take three quarters of the registers: 32 with AVX-512
# and 16 without. Single precision; of double, a vector takes two.
WIDTH, ROWS = (16, 12) if "+avx512f" in INSTRUCTIONS else (8, 6)
VECTORS = 2  # of a row of a tile
COLUMNS = WIDTH * VECTORS
DEPTH = 8192 // COLUMNS  # rows of a panel that are in use at a time: 32 KiB, for the first cache
ENOUGH = 1 << 24  # multiplications, about half a millisecond
_LLVM = {types.float32: ("f32", ir.FloatType()), types.float64: ("f64", ir.DoubleType())}


class Vector(types.Type):
    """WIDTH elements."""

    def __init__(self, element: types.Type) -> None:
        super().__init__(name=f"Vector({element})")
        self.element = element

    @property
    def llvm(self) -> ir.VectorType:
        return ir.VectorType(_LLVM[self.element][1], WIDTH)


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """A vector lives in registers."""

    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, kind.llvm)


def _tile(matrix) -> types.UniTuple:
    return types.UniTuple(Vector(matrix.dtype), ROWS * VECTORS)


def _element(context, builder, kind, array, offset):
    """Address of an element of a contiguous array."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])


def _vector(builder, address, step, kind):
    """Address of a vector, the `step`-th from the address on."""
    offset = ir.Constant(ir.IntType(64), step * WIDTH)
    return builder.bitcast(builder.gep(address, [offset]), kind.as_pointer())


def _row(builder, address, kind):
    """The vectors of one row of a tile."""
    return [builder.load(_vector(builder, address, step, kind), align=4) for step in range(VECTORS)]


@intrinsic
def repeated(typing, line, column):
    """A tile of rows that all are the COLUMNS elements of a line from `column` on."""

    def generate(context, builder, signature, arguments):
        tile = signature.return_type
        first = _element(context, builder, signature.args[0], *arguments)
        row = _row(builder, first, tile.dtype.llvm)
        return context.make_tuple(builder, tile, row * ROWS)

    return _tile(line)(line, types.intp), generate


@intrinsic
def begins(typing, matrix, row, last):
    """Where the ROWS rows from `row` on begin; instead of rows past the last, the last again."""
    each = types.UniTuple(types.intp, ROWS)

    def generate(context, builder, signature, arguments):
        matrix, row, last = arguments
        array = context.make_array(signature.args[0])(context, builder, matrix)
        width, found = cgutils.unpack_tuple(builder, array.shape)[1], []
        for step in range(ROWS):
            below = builder.add(row, ir.Constant(row.type, step))
            below = builder.select(builder.icmp_signed("<", below, last), below, last)
            found.append(builder.mul(below, width))
        return context.make_tuple(builder, each, found)

    return each(matrix, types.intp, types.intp), generate


@intrinsic
def add_products(typing, sums, rows, at, panel, place):
    """Add the products of ROWS elements from `at` on with the COLUMNS of a panel from `place` on."""

    def generate(context, builder, signature, arguments):
        sums, rows, at, panel, place = arguments
        vector = signature.return_type.dtype.llvm
        name = f"llvm.fma.v{WIDTH}{_LLVM[signature.return_type.dtype.element][0]}"
        fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
        left = _element(context, builder, signature.args[1], rows, at)
        right = _row(builder, _element(context, builder, signature.args[3], panel, place), vector)
        sums, stepped = cgutils.unpack_tuple(builder, sums), []
        for row in range(ROWS):
            element = builder.load(builder.gep(left, [ir.Constant(at.type, row)]))
            one = builder.insert_element(ir.Constant(vector, None), element, ir.Constant(ir.IntType(32), 0))
            same = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
            throughout = builder.shuffle_vector(one, one, same)
            for step, each in enumerate(right):
                stepped.append(builder.call(fma, (throughout, each, sums[row * VECTORS + step])))
        return context.make_tuple(builder, signature.return_type, stepped)

    return sums(sums, rows, types.intp, panel, types.intp), generate


@intrinsic
def load(typing, matrix, lines, column):
    """The tile of a matrix whose rows begin so, from `column` on."""

    def generate(context, builder, signature, arguments):
        matrix, lines, column = arguments
        tile, vectors = signature.return_type, []
        for begin in cgutils.unpack_tuple(builder, lines):
            address = _element(context, builder, signature.args[0], matrix, builder.add(begin, column))
            vectors += _row(builder, address, tile.dtype.llvm)
        return context.make_tuple(builder, tile, vectors)

    return _tile(matrix)(matrix, lines, types.intp), generate


@intrinsic
def store(typing, matrix, lines, column, sums):
    """Write what `load` reads."""

    def generate(context, builder, signature, arguments):
        matrix, lines, column, sums = arguments
        sums = cgutils.unpack_tuple(builder, sums)
        for row, begin in enumerate(cgutils.unpack_tuple(builder, lines)):
            address = _element(context, builder, signature.args[0], matrix, builder.add(begin, column))
            for step in range(VECTORS):
                vector = sums[row * VECTORS + step]
                builder.store(vector, _vector(builder, address, step, vector.type), align=4)
        return context.get_dummy_value()

    return types.void(matrix, lines, types.intp, sums), generate


@partial(compiled, fused=True)
def add_product(bias, rows, panels, begin, end, first, step, out):
    """bias + rows @ panels[begin:end] into `out`, of every `step`-th tile of its rows from the row `first` on.

    Args:
        bias: of the panels' columns, or of no elements: the product is added to what `out` holds.
        rows: of as many rows as `out` or more, (., K).
        panels: what `packed` makes of a matrix (K, N).
        out: (B, N), contiguous.
    """
    depth, width, last = rows.shape[1], out.shape[1], len(out) - 1
    tiles = range(first, len(out), step)
    left = np.empty(len(tiles) * DEPTH * ROWS, rows.dtype)  # the tiles' rows, element by element
    flat, rest = panels.reshape(-1), np.empty((ROWS, COLUMNS), rows.dtype)
    for top in range(0, depth, DEPTH):
        deep = min(DEPTH, depth - top)
        for tile, row in enumerate(tiles):
            for each in range(deep):
                for below in range(ROWS):
                    left[(tile * deep + each) * ROWS + below] = rows[min(row + below, last), top + each]
        for panel in range(begin, end):
            column, place = panel * COLUMNS, (panel * depth + top) * COLUMNS
            whole = column + COLUMNS <= width
            for tile, row in enumerate(tiles):
                inside = out[row : row + ROWS, column:]
                if whole:
                    target, lines, at = out, begins(out, row, last), column
                else:
                    target, lines, at = rest, begins(rest, 0, ROWS - 1), 0
                    rest[: len(inside), : width - column] = inside
                sums = repeated(bias, column) if top == 0 and len(bias) else load(target, lines, at)
                for each in range(deep):
                    sums = add_products(sums, left, (tile * deep + each) * ROWS, flat, place + each * COLUMNS)
                store(target, lines, at, sums)
                if not whole:
                    inside[:] = rest[: len(inside), : width - column]


@compiled
def pack(matrix, begin, end, out):
    """Write the panels begin:end of a matrix (K, N); zero past its columns. It is read in the order it lies in."""
    depth, width = matrix.shape
    by_rows = matrix.strides[1] <= matrix.strides[0]
    for panel in range(begin, end):
        column = panel * COLUMNS
        if by_rows and column + COLUMNS <= width:
            for row in range(depth):
                for beside in range(COLUMNS):
                    out[panel, row, beside] = matrix[row, column + beside]
        else:
            columns = min(COLUMNS, width - column)
            for beside in range(columns):
                for row in range(depth):
                    out[panel, row, beside] = matrix[row, column + beside]
            out[panel, :, columns:] = 0


def threads_for(multiplications: int) -> int:
    """As many as torch uses, but one where the work is done before a second could be woken."""
    return torch.get_num_threads() if multiplications >= ENOUGH else 1


def _by_panels(work: Callable[[int, int], None], panels: int, multiplications: int) -> None:
    threads = threads_for(multiplications)
    spread(lambda part: work(*part), slices(panels, -(-panels // threads)), threads)


def packed(matrix: Tensor) -> np.ndarray:
    """Panels (P, K, COLUMNS) of a matrix (K, N) on a CPU, be it transposed or not."""
    array = matrix.detach().numpy()
    depth, width = array.shape
    panels = matrix.new_empty(-(-width // COLUMNS), depth, COLUMNS).numpy()  # begins with a cache line
    _by_panels(lambda begin, end: pack(array, begin, end, panels), len(panels), array.size * 2 * COLUMNS)
    return panels


def padded(bias: Tensor) -> np.ndarray:
    """Of whole panels, zero past its own elements."""
    return F.pad(bias.detach(), (0, -len(bias) % COLUMNS)).contiguous().numpy()


def product(bias: Tensor, rows: Tensor, panels: np.ndarray) -> Tensor:
    """bias + rows @ matrix, (B, N): of `bias` (N,), `rows` (B, K) and the panels of a `matrix` (K, N).

    Raises:
        ValueError: the rows are as long as those of another matrix.
    """
    if rows.shape[1] != panels.shape[1]:
        raise ValueError(f"rows of {rows.shape[1]} elements for a matrix of {panels.shape[1]} rows")
    out = rows.new_empty(len(rows), len(bias))
    added, left, right = padded(bias), rows.detach().contiguous().numpy(), out.numpy()

    def fill(begin: int, end: int) -> None:
        add_product(added, left, panels, begin, end, 0, ROWS, right)

    _by_panels(fill, len(panels), panels.size * len(rows))
    return out
