"""Shares of a caption's facts that a reader of pictures finds in the picture drawn from it.

A reading has the form of a scene's facts, {"ground": ..., "things": [{"shape": ..., "colour": ..., "size": ...,
"texture": ..., "place": ...}, ...]}, so readings of pictures can be held against mentions of captions and, for
real pictures, against the true scenes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gxn.datasets.grammar import Mention
from gxn.datasets.palette import ATTRIBUTES, PLACES
from gxn.errors import GxnError
from gxn.evaluation.shifts import spread_shifts

Reading = Mapping[str, Any]
LEAST_ACCURACY = 0.95  # of a reader on real pictures, mean over kinds


@dataclass(frozen=True)
class FoundFacts:
    """Shares of stated facts that drawings show, 0 to 1, higher is better; None where no caption states one.

    With F_k the facts of kind k that all captions state, a share is |{f in F_k : f is found}| / |F_k|. On real
    pictures all are above 0.97; under other images' captions `facts` is about 0.28.

    Attributes:
        ground: of grounds.
        colour: of colours: at the stated place, or anywhere where no place is stated; `two red` asks for two red
            things.
        shape: of shapes, likewise.
        place: of places: some thing stands there.
        whole: of mentions: the ground, or one thing with the mention's colour, shape and place at once. Mentions
            that state none of these are left out.
        facts: of grounds, colours, shapes and places together.
    """

    ground: float | None
    colour: float | None
    shape: float | None
    place: float | None
    whole: float | None
    facts: float | None


KINDS = ("ground", "colour", "shape", "place")


def facts_found(readings: Sequence[Reading], mentions: Sequence[Sequence[Mention]]) -> FoundFacts:
    """Shares of the captions' facts that are found in the pictures.

    Size and texture are not asked for: at 32 pixels a reader is less sure of them.

    Args:
        readings: what a reader sees in each picture.
        mentions: the facts that the caption of each picture states.

    Raises:
        GxnError: the two are not equally many.
    """
    _need_equal(readings, mentions)
    return _shares([_tally(reading, stated) for reading, stated in zip(readings, mentions, strict=True)])


def facts_found_by_chance(
    readings: Sequence[Reading], mentions: Sequence[Sequence[Mention]], shifts: int = 16
) -> FoundFacts:
    """`facts_found` of the same pictures under the captions of other pictures, over `shifts` permutations.

    Raises:
        GxnError: the two are not equally many, or there are fewer than two.
    """
    _need_equal(readings, mentions)
    return _shares(
        [
            _tally(reading, mentions[row - shift])
            for shift in spread_shifts(len(readings), shifts).tolist()
            for row, reading in enumerate(readings)
        ]
    )


def _need_equal(readings: Sequence[Reading], others: Sequence[Any]) -> None:
    if len(readings) != len(others):
        raise GxnError(
            f"facts found: {len(readings)} pictures are read, {len(others)} captions or scenes given"
        )


def _tally(reading: Reading, mentions: Sequence[Mention]) -> dict[str, tuple[int, int]]:
    """Facts found and facts stated of one picture, by kind; `whole` are mentions."""
    grounds = [each["ground"] for each in mentions if "ground" in each]
    of_things = [{kind: each[kind] for kind in KINDS[1:] if kind in each} for each in mentions]
    of_things = [each for each in of_things if each]
    things = reading["things"]
    at = {thing["place"]: thing for thing in things}
    right = sum(each == reading["ground"] for each in grounds)
    tally = {"ground": (right, len(grounds))}
    for kind in ("colour", "shape"):
        stated = [each for each in of_things if kind in each]
        placed = sum(at.get(each["place"], {}).get(kind) == each[kind] for each in stated if "place" in each)
        anywhere = Counter(each[kind] for each in stated if "place" not in each)
        common = anywhere & Counter(thing[kind] for thing in things)  # the smaller of both counts
        tally[kind] = (placed + common.total(), len(stated))
    places = [each["place"] for each in of_things if "place" in each]
    tally["place"] = (sum(place in at for place in places), len(places))
    whole = sum(any(each.items() <= thing.items() for thing in things) for each in of_things)
    tally["whole"] = (whole + right, len(of_things) + len(grounds))
    return tally


def _shares(tallies: Sequence[Mapping[str, tuple[int, int]]]) -> FoundFacts:
    """Shares over all pictures; `facts` are all kinds but `whole`."""
    found = {
        kind: [sum(each) for each in zip(*(tally[kind] for tally in tallies), strict=True)]
        for kind in tallies[0]
    }
    found["facts"] = [sum(each) for each in zip(*(found[kind] for kind in KINDS), strict=True)]
    return FoundFacts(**{kind: right / stated if stated else None for kind, (right, stated) in found.items()})


@dataclass(frozen=True)
class ReaderAccuracy:
    """Shares of right answers of a reader on pictures whose scenes are known, 0 to 1, higher is better.

    Attributes:
        presence: of all places: whether a thing stands there.
        ground: of all pictures.
        shape: of all things; a thing that the reader does not see is a wrong answer, here and below.
        colour: of all things.
        size: of all things.
        texture: of all things.
    """

    presence: float
    ground: float
    shape: float
    colour: float
    size: float
    texture: float

    @property
    def mean(self) -> float:
        """The mean over the six kinds."""
        return sum(asdict(self).values()) / len(asdict(self))


def reader_accuracy(readings: Sequence[Reading], scenes: Sequence[Reading]) -> ReaderAccuracy:
    """Accuracy of readings of real pictures.

    Raises:
        GxnError: readings and scenes are not equally many, or there are none.
    """
    _need_equal(readings, scenes)
    if not scenes:
        raise GxnError("accuracy of the reader: there are no pictures")
    right: Counter[str] = Counter()
    things = 0
    for reading, scene in zip(readings, scenes, strict=True):
        right["ground"] += reading["ground"] == scene["ground"]
        found, true = ({thing["place"]: thing for thing in each["things"]} for each in (reading, scene))
        right["presence"] += sum((place in found) == (place in true) for place in PLACES)
        things += len(true)
        for place, thing in true.items():
            for kind in ATTRIBUTES:
                right[kind] += found.get(place, {}).get(kind) == thing[kind]
    totals = {"ground": len(scenes), "presence": len(scenes) * len(PLACES)} | dict.fromkeys(
        ATTRIBUTES, things
    )
    return ReaderAccuracy(**{kind: right[kind] / max(1, total) for kind, total in totals.items()})


def need_accuracy(accuracy: ReaderAccuracy, least: float = LEAST_ACCURACY) -> None:
    """Refuse a reader whose judgement of drawings would be worth nothing.

    Args:
        accuracy: on real pictures of the test split.
        least: mean over kinds that is needed.

    Raises:
        GxnError: the reader is below; the message says which kinds it cannot read.
    """
    if accuracy.mean < least:
        kinds = ", ".join(f"{kind} {value:.3f}" for kind, value in asdict(accuracy).items())
        raise GxnError(
            f"reader of drawings: its accuracy on real test pictures is {accuracy.mean:.3f} ({kinds}), "
            f"below {least:g}; train it for more steps or on more images"
        )
