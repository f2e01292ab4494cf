"""A parser that reads the facts of a scene caption back from its words, also where the caption is ungrammatical.

Known phrases, the longest first, become events; a small state machine then gathers the events into mentions.
On captions of `gxn.datasets.grammar` the result equals the recorded `mentions`.
"""

from collections.abc import Sequence
from itertools import chain, pairwise

from gxn.datasets.grammar import (
    COLOUR_WORDS,
    COUNT_WORDS,
    GROUND_WORDS,
    PLACE_WORDS,
    RELATION_WORDS,
    SHAPE_WORDS,
    SIZE_WORDS,
    TEXTURE_WORDS,
    Mention,
)

Event = tuple[str, str | int]  # kind of a phrase, and its value

THERE = ("there is", "there are")
BREAKS = ("and", "with", "among them", "next to", "together with", "a scene", "a picture")
NOUNS = ("thing", "things", "shape", "shapes", "object", "objects")  # nouns that state no shape


def phrases() -> dict[tuple[str, ...], Event]:
    """Every phrase of the grammar that matters, by its words, with the event it stands for."""
    words: dict[str, Event] = dict.fromkeys(("a", "an", "one"), ("number", 1))
    words |= dict.fromkeys(THERE, ("there", "")) | dict.fromkeys(NOUNS, ("noun", ""))
    words |= dict.fromkeys([*BREAKS, *chain(*RELATION_WORDS.values())], ("break", ""))
    tables = {"number": COUNT_WORDS, "colour": COLOUR_WORDS, "size": SIZE_WORDS}
    for kind, table in (tables | {"place": PLACE_WORDS, "ground": GROUND_WORDS}).items():
        words |= {each: (kind, value) for value, choices in table.items() for each in choices}
    for value, choices in SHAPE_WORDS.items():
        words |= dict.fromkeys(chain(*choices), ("shape", value))
    for value, (before, after) in TEXTURE_WORDS.items():
        words |= dict.fromkeys(before, ("texture", value)) | dict.fromkeys(after, ("texture after", value))
    return {tuple(each.split()): event for each, event in words.items()}


PHRASES = phrases()
LONGEST = max(map(len, PHRASES))  # words of the longest phrase


def events(words: Sequence[str]) -> list[Event]:
    """Events of a caption from left to right; the longest phrase wins, unknown words are skipped."""
    found: list[Event] = []
    start = 0
    while start < len(words):
        for length in range(min(LONGEST, len(words) - start), 0, -1):
            event = PHRASES.get(tuple(words[start : start + length]))
            if event is not None:
                found.append(event)
                break
        start += length  # 1 where no phrase begins at this word
    return found


def parse_caption(words: Sequence[str]) -> list[Mention]:
    """The facts that a caption states, as the grammar records them.

    Any sequence of words has a result: words that state nothing are skipped, a second colour (or size, texture,
    shape) begins another thing, a place without a thing is a mention of its own, and several grounds are several
    mentions.

    Args:
        words: lower-case words without punctuation, as `Caption.tokens`.

    Returns:
        Mentions in the order of the caption, one per thing (`two stars` are two), then the grounds.
    """
    reader = _Reader()
    found = [*events(words), ("end", "")]
    for (kind, value), (following, _) in pairwise(found):
        reader.take(kind, value, introduces=following == "there")
    return reader.result()


class _Reader:
    """The state between two events: the thing being described, and what is already complete."""

    def __init__(self) -> None:
        self.mentions: list[Mention] = []
        self.grounds: list[Mention] = []
        self.thing: Mention = {}  # attributes of the thing being described
        self.number = 1  # of such things
        self.place: str | None = None  # a place that stands before its thing: `in the middle there is a ...`

    def take(self, kind: str, value: str | int, introduces: bool) -> None:
        """Add one event; `introduces`: the next event is `there is`."""
        if kind in ("colour", "size", "texture", "shape"):
            if "shape" in self.thing or kind in self.thing:
                self.close()
            self.thing[kind] = value
        elif kind == "texture after":
            if "texture" in self.thing:
                self.close()
            self.thing["texture"] = value
        elif kind == "place":
            self.take_place(str(value), introduces)
        elif kind == "ground":
            if {"ground": value} not in self.grounds:
                self.grounds.append({"ground": value})
        elif kind == "noun":
            if not self.thing and self.number > 1:
                self.mentions.append({"count": self.number})
            self.close()
        else:
            self.close()
            self.number = int(value) if kind == "number" else 1

    def take_place(self, place: str, introduces: bool) -> None:
        """Attach a place to the thing before it, keep it for the thing after `there is`, or let it stand alone."""
        if introduces:
            self.close()
            self.alone()
            self.place = place
        elif self.thing and "place" not in self.thing:
            self.thing["place"] = place
        else:
            self.close()
            self.mentions.append({"place": place})

    def close(self) -> None:
        """Complete the thing being described."""
        if self.thing:
            if self.place and "place" not in self.thing:
                self.thing["place"], self.place = self.place, None
            self.mentions += [dict(self.thing) for _ in range(self.number)]
        self.thing, self.number = {}, 1

    def alone(self) -> None:
        """Let a kept place stand alone, since no thing came."""
        if self.place:
            self.mentions.append({"place": self.place})
            self.place = None

    def result(self) -> list[Mention]:
        """All mentions, after the last event."""
        self.close()
        self.alone()
        return [*self.mentions, *self.grounds]
