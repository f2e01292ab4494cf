"""Sentences as people read them: captions as they were written, and words of a decoder made into a sentence.

Every page, figure and command shows captions by these functions. What is learnt and measured are tokens.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from gxn.datasets.tokenisers import SPACELESS, nfc
from gxn.errors import GxnError
from gxn.files import read_json

PUNCTUATION = frozenset(".,;:!?\u3002")
CHINESE_STOP = "\u3002"
# Thai, Lao, Burmese and Khmer: sentences end with a space; Chinese and Japanese begin after them
LAST_WITHOUT_STOP = 0x17FF


def written(raw: str) -> str:
    """A caption as it was written: on one line, in NFC, without letters that cannot be printed.

    A space before a full stop or a comma, as files of tokens have it (`A dog runs .`), is left out.
    """
    text = "".join(letter if letter.isprintable() else " " for letter in nfc(raw))
    return re.sub(r"(?<=\S) +([.,])(?=\s|$)", r"\1", " ".join(text.split()))


def readable(tokens: Sequence[str]) -> str:
    """Make tokens a sentence: with a capital and a full stop; no spaces where the script has none.

    `a dog runs` gives `A dog runs.`; no tokens give an empty text. Punctuation that is a token stands where it
    does in a text.
    """
    text = ""
    for token in tokens:
        joined = not text or token in PUNCTUATION or (_is_spaceless(text[-1]) and _is_spaceless(token[:1]))
        text += token if joined else f" {token}"
    if not text:
        return ""
    return text[0].upper() + text[1:] + _stop(text[-1])


def _stop(last: str) -> str:
    """Give the sign that ends a sentence after its last letter."""
    if last in PUNCTUATION:
        return ""
    if not _is_spaceless(last):
        return "."
    return CHINESE_STOP if ord(last) > LAST_WITHOUT_STOP else ""


def read_texts(path: str | Path) -> dict[int, str]:
    """Captions by sentence id, from `captions.json`: as they were written, else their tokens as a sentence.

    Raises:
        GxnError: the file is missing, or not in the layout that the step `prepare` writes.
    """
    value = read_json(path)
    try:
        return {
            int(each["sentid"]): written(each.get("raw") or "") or readable(each["tokens"])
            for image in value["images"]
            for each in image["sentences"]
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"is not a captions.json of this package ({type(error).__name__}: {error})"
        raise GxnError(f"{path}: {what}; make it with the step prepare") from error


def _is_spaceless(letter: str) -> bool:
    """Say whether a letter is of a script without spaces between words."""
    return letter != "" and any(first <= ord(letter) <= last for first, last in SPACELESS)
