"""N-grams (1 to 4 words) as integers, and the loops over them that CIDEr-D and BLEU are made of.

The plain formulas are pycocoevalcap's, on strings and dictionaries.

An n-gram is its word ids in sixteen bits each, the last word lowest: exact, and since no word has id 0, n-grams of
different lengths never meet and sort by length.
"""

import numpy as np

from gxn.datasets.words import BITS, EOS, PAD
from gxn.errors import GxnError
from gxn.kernels.compiled import compiled

LONGEST = 4
SIGMA = 6.0  # of the length penalty, in words (CIDEr-D)
TINY, SMALL = 1e-15, 1e-9  # pycocoevalcap adds them above and below its fractions (BLEU)


def check_hypotheses(
    image_index: np.ndarray, hypotheses: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """The arguments of the loops over hypotheses: images (B,) int64 and rows (B, T) int64, contiguous.

    Raises:
        GxnError: a word id does not fit into sixteen bits, or a row does not have one of `number` images.
    """
    images, rows = np.asarray(image_index, np.int64), np.ascontiguousarray(hypotheses, np.int64)
    if rows.shape[1:] and rows.size and not 0 <= rows.min() <= rows.max() < 1 << BITS:
        raise GxnError(f"hypotheses: word ids must be from 0 to {(1 << BITS) - 1}")
    if images.shape != rows.shape[:1] or (len(images) and not 0 <= images.min() <= images.max() < number):
        raise GxnError(f"image_index: each hypothesis needs an image from 0 to {number - 1}")
    return images, rows


@compiled
def collect(words, end, keys, counts):
    """Sorted n-grams of words[:end] into keys and how often each occurs into counts; returns their number."""
    count = 0
    for length in range(1, LONGEST + 1):
        begin = count
        for start in range(end - length + 1):
            key = np.uint64(0)
            for offset in range(length):
                key = (key << np.uint64(BITS)) | np.uint64(words[start + offset])
            place = count
            while place > begin and keys[place - 1] > key:
                place -= 1
            if place > begin and keys[place - 1] == key:
                counts[place - 1] += 1
                continue
            for move in range(count, place, -1):
                keys[move], counts[move] = keys[move - 1], counts[move - 1]
            keys[place], counts[place] = key, 1
            count += 1
    return count


@compiled
def collect_all(tokens, offsets, keys, counts, ends):
    """`collect` for each caption, an EOS appended, one after another; `ends` (C,) is where each one ends."""
    total = 0
    longest = 0
    for caption in range(len(offsets) - 1):
        longest = max(longest, offsets[caption + 1] - offsets[caption])
    words = np.empty(longest + 1, np.int64)
    for caption in range(len(offsets) - 1):
        length = offsets[caption + 1] - offsets[caption]
        for place in range(length):
            words[place] = tokens[offsets[caption] + place]
        words[length] = EOS
        total += collect(words, length + 1, keys[total:], counts[total:])
        ends[caption] = total


@compiled
def caption_length(words):
    """Number of words up to the first EOS, which counts, or before the first PAD."""
    end = 0
    while end < len(words) and words[end] != PAD and words[end] != EOS:
        end += 1
    return end + 1 if end < len(words) and words[end] == EOS else end


@compiled
def order(key):
    """N - 1 of an n-gram."""
    n = 0
    while n < LONGEST - 1 and key >> np.uint64(BITS * (n + 1)):
        n += 1
    return n


@compiled
def slot(key, table, keys):
    """The place of `key` in an open-addressed table of positions in `keys`, or the free place for it."""
    mask = np.uint64(len(table) - 1)
    place = ((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) & mask
    while table[place] >= 0 and keys[table[place]] != key:
        place = (place + np.uint64(1)) & mask
    return place


@compiled
def index(keys, table):
    """Enter the positions of all keys into a table of -1, whose size is a power of two."""
    for position in range(len(keys)):
        table[slot(keys[position], table, keys)] = position


@compiled
def square_norms(ids, counts, starts, idf, orders, squares):
    """Squared TF-IDF norm of each caption for each n, (C, 4)."""
    for caption in range(len(starts) - 1):
        for entry in range(starts[caption], starts[caption + 1]):
            weight = counts[entry] * idf[ids[entry]]
            squares[caption, orders[ids[entry]]] += weight * weight


@compiled
def score(images, rows, captions, references, table, keys, idf, orders, unseen, scores):
    """CIDEr-D of each hypothesis of rows (B, T) against the references of its image, into scores (B,).

    References captions[i]:captions[i + 1] are those of image i; `references` are their n-grams' ids, counts,
    starts, norms (C, 4) and lengths; `unseen` is the IDF of an n-gram that is in no document.
    """
    ids, counts, starts, norms, lengths = references
    room = LONGEST * rows.shape[1]
    ngrams, times = np.empty(room, np.uint64), np.empty(room, np.int64)
    kept_ids, kept_times = np.empty(room, np.int64), np.empty(room, np.int64)
    norm, overlap = np.empty(LONGEST), np.empty(LONGEST)
    for row in range(len(rows)):
        end = caption_length(rows[row])
        norm[:], kept = 0.0, 0
        for entry in range(collect(rows[row], end, ngrams, times)):
            position = table[slot(ngrams[entry], table, keys)]
            if position >= 0:
                kept_ids[kept], kept_times[kept] = position, times[entry]
                kept += 1
            weight = times[entry] * (idf[position] if position >= 0 else unseen)
            norm[order(ngrams[entry])] += weight * weight
        for n in range(LONGEST):
            norm[n] = np.sqrt(norm[n])
        first, last = captions[images[row]], captions[images[row] + 1]
        total = 0.0
        for reference in range(first, last):
            overlap[:] = 0.0
            mine = 0
            for entry in range(starts[reference], starts[reference + 1]):
                while mine < kept and kept_ids[mine] < ids[entry]:
                    mine += 1
                if mine == kept:
                    break
                if kept_ids[mine] == ids[entry]:
                    weight = idf[ids[entry]]
                    shared = min(kept_times[mine], np.int64(counts[entry]))
                    overlap[orders[ids[entry]]] += shared * counts[entry] * weight * weight
            similarity = 0.0
            for n in range(LONGEST):
                if norm[n] > 0 and norms[reference, n] > 0:
                    similarity += overlap[n] / (norm[n] * norms[reference, n])
            difference = max(end - 1, 0) - lengths[reference]
            total += similarity * np.exp(-(difference**2) / (2 * SIGMA**2))
        scores[row] = 10 * total / (LONGEST * (last - first))


@compiled
def bleu(images, rows, captions, references, scores):
    """BLEU-4 of each hypothesis of rows (B, T) against the references of its image, into scores (B,).

    References captions[i]:captions[i + 1] are those of image i; `references` are their n-grams, counts, starts and
    lengths.
    """
    keys, counts, starts, lengths = references
    room = LONGEST * rows.shape[1]
    ngrams, times = np.empty(room, np.uint64), np.empty(room, np.int64)
    shared, correct = np.empty(room, np.int64), np.empty(LONGEST)
    for row in range(len(rows)):
        end = caption_length(rows[row])
        number = collect(rows[row], end, ngrams, times)
        shared[:number] = 0
        closest = np.inf
        for reference in range(captions[images[row]], captions[images[row] + 1]):
            length = float(lengths[reference])
            if (abs(length - end), length) < (abs(closest - end), closest):
                closest = length
            mine = 0
            for entry in range(starts[reference], starts[reference + 1]):
                while mine < number and ngrams[mine] < keys[entry]:
                    mine += 1
                if mine == number:
                    break
                if ngrams[mine] == keys[entry]:
                    shared[mine] = max(shared[mine], min(times[mine], np.int64(counts[entry])))
        correct[:] = 0.0
        for entry in range(number):
            correct[order(ngrams[entry])] += shared[entry]
        product = 1.0
        for n in range(LONGEST):
            product *= (correct[n] + TINY) / (max(0, end - n) + SMALL)
        ratio = (end + TINY) / (closest + SMALL)
        scores[row] = product ** (1 / LONGEST) * np.exp(min(0.0, 1 - 1 / ratio))
