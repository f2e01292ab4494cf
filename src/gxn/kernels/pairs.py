"""Loops over all pairs of images and texts: scores, gradients of scores, and how many scores exceed a limit.

A block of texts is transposed, (D, M), so that one vector instruction handles as many texts as it has elements.
Each score is a sum over dimensions in their order, in every position of every block: the score of a pair has the
same bits wherever it is computed, and two equal images tie exactly. `docs/kernels.md` draws the tile.
"""

import numpy as np

from gxn.kernels.compiled import compiled

DEPTH = (
    8  # dimensions that are added while a score stays in a register, as `load` has it; D is a multiple of it
)


def transposed(texts: np.ndarray) -> np.ndarray:
    """Texts (M, D) as the loops read them: float32 (D', M), D' the next multiple of DEPTH, zero past D.

    Zero dimensions change neither a violation nor an inner product.
    """
    out = np.zeros((texts.shape[1] + -texts.shape[1] % DEPTH, len(texts)), np.float32)
    out[: texts.shape[1]] = texts.T
    return out


@compiled
def excess(text, image):
    """max(0, text - image), as max(text, image) - image, so that NaN on either side stays NaN."""
    return (image if image > text else text) - image


@compiled
def load(matrix, row, d):
    """DEPTH elements of a row from d on, which then stay in registers."""
    return (
        matrix[row, d],
        matrix[row, d + 1],
        matrix[row, d + 2],
        matrix[row, d + 3],
        matrix[row, d + 4],
        matrix[row, d + 5],
        matrix[row, d + 6],
        matrix[row, d + 7],
    )


@compiled
def violations(images, texts, scores):
    """Write -sum_d max(0, texts[d, j] - images[i, d])^2 into scores (N, M).

    Args:
        images: float32 (N, D or more).
        texts: float32 (D, M), D a multiple of DEPTH.
    """
    scores[:] = 0
    for top in range(0, len(texts), DEPTH):
        for image in range(len(images)):
            v = load(images, image, top)
            for text in range(texts.shape[1]):
                total = scores[image, text]
                for d in range(DEPTH):
                    over = excess(texts[top + d, text], v[d])
                    total -= over * over
                scores[image, text] = total


@compiled
def products(images, texts, scores):
    """Write sum_d images[i, d] texts[d, j] into scores (N, M), of matrices as in `violations`.

    Three images share a load of the texts, since a product takes a third of the instructions of a violation.
    """
    scores[:] = 0
    last = len(images) - 1
    for top in range(0, len(texts), DEPTH):
        for a in range(0, len(images), 3):
            b, c = min(a + 1, last), min(a + 2, last)  # past the last image, the last again
            va, vb, vc = load(images, a, top), load(images, b, top), load(images, c, top)
            for text in range(texts.shape[1]):
                in_a, in_b, in_c = scores[a, text], scores[b, text], scores[c, text]
                for d in range(DEPTH):
                    t = texts[top + d, text]
                    in_a += va[d] * t
                    in_b += vb[d] * t
                    in_c += vc[d] * t
                scores[a, text], scores[b, text], scores[c, text] = in_a, in_b, in_c


@compiled
def add_excesses(rows, others, grad_scores, begin, end, out):
    """Add sum_j grad_scores[i, j] max(0, others_j - rows_i) to the rows i of `out` from `begin` to before `end`.

    Pairs whose slope is 0, such as those inside the margin, cost nothing.

    Args:
        rows, others, out: float32 (N, D), (M, D) and (N, D).
        grad_scores: float32 (N, M).
    """
    chosen, weights = (
        np.zeros(grad_scores.shape[1] + 3, np.int64),
        np.zeros(grad_scores.shape[1] + 3, np.float32),
    )
    for row in range(begin, end):
        count = 0
        for other in range(grad_scores.shape[1]):
            if grad_scores[row, other] != 0:
                chosen[count], weights[count] = other, grad_scores[row, other]
                count += 1
        weights[count : count + 3] = 0  # the last group of four may be short
        for at in range(0, count, 4):
            a, b, c, d = (
                others[chosen[at]],
                others[chosen[at + 1]],
                others[chosen[at + 2]],
                others[chosen[at + 3]],
            )
            for column in range(rows.shape[1]):
                own = rows[row, column]
                total = out[row, column] + weights[at] * excess(a[column], own)
                total += weights[at + 1] * excess(b[column], own)
                total += weights[at + 2] * excess(c[column], own)
                out[row, column] = total + weights[at + 3] * excess(d[column], own)


@compiled
def count_above(scores, limits, num_higher, num_tied):
    """Add to num_higher and num_tied of each row and column how many scores lie above its limit, and at it.

    Args:
        scores: float32 (N, M).
        limits, num_higher, num_tied: pairs of arrays (N,) and (M,); float32, int64 and int64.
    """
    row_limits, column_limits = limits
    columns = scores.shape[1]
    higher, tied = np.zeros(columns, np.int32), np.zeros(columns, np.int32)
    for row in range(len(scores)):
        limit, above, same = row_limits[row], np.int32(0), np.int32(0)
        for column in range(columns):
            score = scores[row, column]
            above += np.int32(score > limit)
            same += np.int32(score == limit)
            higher[column] += np.int32(score > column_limits[column])
            tied[column] += np.int32(score == column_limits[column])
        num_higher[0][row] += above
        num_tied[0][row] += same
    for column in range(columns):
        num_higher[1][column] += higher[column]
        num_tied[1][column] += tied[column]


@compiled
def count_some(images, texts, chosen, limits, num_higher, num_tied):
    """Count as `count_above` does, over some pairs alone, four at a time; their sums are those of `violations`.

    Args:
        images, texts: float32 (N, D) and (M, D).
        chosen: int64 (2, P), the image and the text of each pair.
    """
    last, scores = chosen.shape[1] - 1, np.zeros(4, np.float32)
    for first in range(0, last + 1, 4):
        b, c, d = min(first + 1, last), min(first + 2, last), min(first + 3, last)
        va, vb, vc, vd = (
            images[chosen[0, first]],
            images[chosen[0, b]],
            images[chosen[0, c]],
            images[chosen[0, d]],
        )
        ta, tb, tc, td = (
            texts[chosen[1, first]],
            texts[chosen[1, b]],
            texts[chosen[1, c]],
            texts[chosen[1, d]],
        )
        in_a, in_b, in_c, in_d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for at in range(images.shape[1]):
            over_a, over_b = excess(ta[at], va[at]), excess(tb[at], vb[at])
            over_c, over_d = excess(tc[at], vc[at]), excess(td[at], vd[at])
            in_a -= over_a * over_a
            in_b -= over_b * over_b
            in_c -= over_c * over_c
            in_d -= over_d * over_d
        scores[0], scores[1], scores[2], scores[3] = in_a, in_b, in_c, in_d
        for pair in range(first, d + 1):
            for side in range(2):
                row = chosen[side, pair]
                num_higher[side][row] += scores[pair - first] > limits[side][row]
                num_tied[side][row] += scores[pair - first] == limits[side][row]
