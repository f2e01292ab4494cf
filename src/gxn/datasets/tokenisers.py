"""Words of captions: split at white space, or characters where a language writes no spaces between words."""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from gxn.errors import GxnError

# Scripts written without spaces between words: first and last code points of their blocks (Unicode 15)
SPACELESS = (
    *((0x0E00, 0x0E7F), (0x0E80, 0x0EFF)),  # Thai, Lao
    *((0x1000, 0x109F), (0x1780, 0x17FF)),  # Burmese, Khmer
    *((0x3005, 0x3007), (0x3031, 0x3035), (0x303B, 0x303B)),  # marks of repetition, the Chinese zero
    *((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),  # Japanese kana
    *((0x3100, 0x312F), (0x31A0, 0x31BF)),  # Bopomofo
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),  # Chinese characters
)
SAMPLE = 10_000  # sentences that `propose` looks at
# Letters between two spaces, on average, above which a sentence is not parted into words. Words of segmented text
# have 1.6 letters in Chinese, 2 in Japanese and 4 in Thai; whole captions 8 and more.
MOST_LETTERS = 6
# Unicode's stream-safe text has at most 30 marks in a row. Normalising n of them takes n^2 steps: 40 s for 100,000
MOST_MARKS = 30


class _Kept(dict[int, int | None]):
    """A table for `str.translate` without punctuation, symbols and control characters, but with white space."""

    def __missing__(self, point: int) -> int | None:
        letter = chr(point)
        kept = letter.isspace() or unicodedata.category(letter)[0] not in "PSC"
        self[point] = point if kept else None
        return self[point]


_KEPT = _Kept()


def nfc(text: str) -> str:
    """The text in Unicode NFC; of more than 30 combining marks in a row, the first 30 are kept."""
    return text if text.isascii() else unicodedata.normalize("NFC", _many_marks().sub(_first_marks, text))


@functools.cache
def _many_marks() -> re.Pattern[str]:
    marks = _ranges(point for point in range(0x300, 0x1F000) if unicodedata.combining(chr(point)))
    return re.compile(f"[{marks}]{{{MOST_MARKS + 1},}}")


def _first_marks(run: re.Match[str]) -> str:
    return run[0][:MOST_MARKS]


def _ranges(points: Iterable[int]) -> str:
    """Code points, rising, as the inside of a regular expression's brackets."""
    ranges: list[list[int]] = []
    for point in points:
        if ranges and point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


def _clean(text: str) -> str:
    """NFC, lower case, punctuation and symbols left out."""
    return nfc(nfc(text).lower()).translate(_KEPT)


def words(text: str) -> list[str]:
    """Words of a sentence: Unicode NFC, lower case, punctuation and symbols left out, split at white space.

    It gives the tokens of Karpathy's Flickr8K file for every one of its 40,000 sentences.
    """
    return _clean(text).split()


def characters(text: str) -> list[str]:
    """Split as `words` does, but each character of a script without spaces is a token, with its marks.

    `一只dog在 跑` gives `一 只 dog 在 跑`; a Thai consonant keeps its vowel sign and tone mark.
    """
    return _characters().findall(_clean(text))


@functools.cache
def _characters() -> re.Pattern[str]:
    points = [point for first, last in SPACELESS for point in range(first, last + 1)]
    marks = _ranges(
        point
        for point in [*range(0x300, 0x370), *sorted(points)]
        if point < 0x20000 and unicodedata.category(chr(point))[0] == "M"
    )
    script = _spaceless()
    # a mark without its letter, at the beginning or after a space, is a token like any other sign
    return re.compile(rf"[{script}][{marks}]*|[^\s{script}]+")


@functools.cache
def _spaceless() -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in SPACELESS)


TOKENISERS: dict[str, Callable[[str], list[str]]] = {"words": words, "characters": characters}


def tokeniser(name: str) -> Callable[[str], list[str]]:
    """The function of setting `tokeniser`: a sentence's tokens.

    Raises:
        GxnError: there is no such tokeniser.
    """
    if name not in TOKENISERS:
        raise GxnError(f"tokeniser: must be {' or '.join(TOKENISERS)}, not {name!r}")
    return TOKENISERS[name]


def spaceless_share(sentences: Sequence[str]) -> float:
    """Share, 0 to 1, of the sentences that are written without spaces, of at most 10,000 at even distances.

    Such a sentence has most of its letters in scripts without spaces, and more than six of them, on average,
    between two spaces; so text that was parted into words beforehand does not count.
    """
    count = min(len(sentences), SAMPLE)
    if not count:
        return 0.0
    looked_at = (sentences[at * len(sentences) // count] for at in range(count))
    return sum(map(_unparted, looked_at)) / count


def _unparted(sentence: str) -> bool:
    letters = re.sub(r"\s+", "", _clean(sentence[:1000]))
    without = len(re.findall(f"[{_spaceless()}]", letters))
    return 2 * without > len(letters) and without > MOST_LETTERS * len(_clean(sentence[:1000]).split())


def propose(sentences: Sequence[str]) -> str:
    """The tokeniser that fits: `characters` where most sentences are written without spaces, else `words`."""
    return "characters" if spaceless_share(sentences) > 0.5 else "words"
