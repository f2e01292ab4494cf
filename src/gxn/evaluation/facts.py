"""Precision and coverage of the statements that captions make about rendered scenes.

The facts of a scene are its ground and shape, colour, size, texture and place of each thing: 5 n + 1 for n things.
A caption is given as its mentions (`gxn.evaluation.caption_parser`, or as the data set records them).

A caption does not say which thing a mention means, so mentions are matched with things, best first: the pair with
the most true attributes is matched and taken away, then the next. Mentions that name a shape mean different
things; so do mentions without a shape that state the same attributes (`two red and one blue`), while a mention of
another kind may mean a thing again (`two plain things, among them a ring`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gxn.datasets.grammar import Mention
from gxn.errors import GxnError
from gxn.evaluation.caption_parser import parse_caption
from gxn.evaluation.shifts import spread_shifts

SceneFacts = Mapping[str, Any]  # `Scene.facts()`: {"ground": ..., "things": [{"shape": ..., ...}, ...]}
FACTS_OF_A_THING = 5


@dataclass(frozen=True)
class Judgement:
    """Counts of the statements of one caption, and of the true ones among them.

    Attributes:
        attributes_stated: number of attributes stated, grounds and the count of things included.
        attributes_true: number of these that are true of the matched thing, or of the scene.
        mentions_stated: number of mentions.
        mentions_true: number of mentions of which every attribute is true.
        ground: whether every ground that is stated is the scene's; None where no ground is stated.
        facts_told: number of different facts of the scene that are stated truly.
        facts: number of facts of the scene, 5 n + 1.
    """

    attributes_stated: int
    attributes_true: int
    mentions_stated: int
    mentions_true: int
    ground: bool | None
    facts_told: int
    facts: int

    @property
    def wholly_true(self) -> bool:
        """Say whether the caption states something, and nothing false."""
        return 0 < self.attributes_stated == self.attributes_true


@dataclass(frozen=True)
class FactScores:
    """Means over captions, each from 0 to 1, higher is better; the human line is 1, 1, 1, 1 and about 0.40.

    Attributes:
        attributes: mean over captions of (attributes stated that are true) / (attributes stated); 0 for a caption
            that states nothing. True captions of other images have about 0.32.
        mentions: mean over captions of (mentions wholly true) / (mentions); 0 for a caption that states nothing.
            Other images' captions: about 0.15.
        ground: share of the captions that state a ground whose grounds are all the scene's; None where no caption
            states one. Other images' captions: about 1/8.
        whole: share of captions that state something and nothing false. Other images' captions: about 0.003.
        recall: mean over captions of (facts of the scene stated truly) / (5 n + 1). Other images' captions: 0.12.
        captions: number of captions.
    """

    attributes: float
    mentions: float
    ground: float | None
    whole: float
    recall: float
    captions: int


def judge(mentions: Sequence[Mention], scene: SceneFacts) -> Judgement:
    """Compare the mentions of one caption with a scene."""
    things = scene["things"]
    attributes, whole = [0, 0], [0, 0]  # stated, true
    covered: set[tuple[int, str]] = set()
    grounds = [each["ground"] == scene["ground"] for each in mentions if "ground" in each]
    counts = [each["count"] == len(things) for each in mentions if "count" in each]
    for right in (*grounds, *counts):
        attributes[0] += 1
        attributes[1] += right
        whole[0] += 1
        whole[1] += right
    for group in _groups(mentions):
        for mention, thing in zip(group, matched(group, things), strict=True):
            true = [name for name in mention if thing is not None and things[thing][name] == mention[name]]
            covered |= {(-1 if thing is None else thing, name) for name in true}
            attributes[0] += len(mention)
            attributes[1] += len(true)
            whole[0] += 1
            whole[1] += len(true) == len(mention)
    ground = all(grounds) if grounds else None
    facts = FACTS_OF_A_THING * len(things) + 1
    return Judgement(*attributes, *whole, ground, len(covered) + any(grounds), facts)


def matched(mentions: Sequence[Mention], things: Sequence[Mapping[str, str]]) -> list[int | None]:
    """Index of the thing that each mention is matched with, best first; None where no thing is left.

    Of pairs with equally many true attributes the earlier mention, then the earlier thing, is matched first.
    """
    true = [
        [sum(thing[name] == value for name, value in each.items()) for thing in things] for each in mentions
    ]
    pairs = sorted(
        ((mention, thing) for mention in range(len(mentions)) for thing in range(len(things))),
        key=lambda pair: -true[pair[0]][pair[1]],
    )
    found: list[int | None] = [None] * len(mentions)
    for mention, thing in pairs:
        if found[mention] is None and thing not in found:
            found[mention] = thing
    return found


def _groups(mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Mentions of things, in groups within which no two mean the same thing."""
    groups: dict[frozenset[str], list[Mention]] = {}
    for mention in mentions:
        if "ground" not in mention and "count" not in mention:
            kind = frozenset({"shape"}) if "shape" in mention else frozenset(mention)
            groups.setdefault(kind, []).append(mention)
    return list(groups.values())


def summarise(judgements: Sequence[Judgement]) -> FactScores:
    """Means over captions.

    Raises:
        GxnError: there are none.
    """
    if not judgements:
        raise GxnError("facts of captions: there are no captions to judge")
    grounds = [each.ground for each in judgements if each.ground is not None]
    return FactScores(
        attributes=_mean(each.attributes_true / max(1, each.attributes_stated) for each in judgements),
        mentions=_mean(each.mentions_true / max(1, each.mentions_stated) for each in judgements),
        ground=_mean(grounds) if grounds else None,
        whole=_mean(each.wholly_true for each in judgements),
        recall=_mean(each.facts_told / each.facts for each in judgements),
        captions=len(judgements),
    )


def _mean(values: Any) -> float:
    return float(np.mean(list(values)))


def caption_facts(captions: Sequence[Sequence[str]], scenes: Sequence[SceneFacts]) -> FactScores:
    """Facts of one caption per image, read by the parser.

    Args:
        captions: words of the caption of each image, lower-case, without punctuation; any words are accepted.
        scenes: the scene of each image.

    Raises:
        GxnError: the two are not equally many, or there are none.
    """
    if len(captions) != len(scenes):
        raise GxnError(
            f"facts of captions: {len(captions)} captions, {len(scenes)} scenes; give one for each"
        )
    return summarise(
        [judge(parse_caption(each), scene) for each, scene in zip(captions, scenes, strict=True)]
    )


def human_facts(truth: Sequence[Sequence[Sequence[Mention]]], scenes: Sequence[SceneFacts]) -> FactScores:
    """Facts of all true captions (human line): 1, 1, 1, 1, and the share of a scene that a caption states.

    Args:
        truth: the recorded mentions of each caption of each image.
        scenes: the scene of each image.

    Raises:
        GxnError: there are none.
    """
    return _shifted(truth, scenes, [0])


def chance_facts(
    truth: Sequence[Sequence[Sequence[Mention]]], scenes: Sequence[SceneFacts], shifts: int = 4
) -> FactScores:
    """Facts of the true captions of other images (chance), over `shifts` permutations.

    Args:
        truth: the mentions of each caption of each image, recorded or parsed.
        scenes: the scene of each image.
        shifts: number of permutations, evenly spread; 4 of 1,000 images are 20,000 captions.

    Raises:
        GxnError: there are fewer than two images.
    """
    return _shifted(truth, scenes, spread_shifts(len(scenes), shifts).tolist())


def _shifted(
    truth: Sequence[Sequence[Sequence[Mention]]], scenes: Sequence[SceneFacts], shifts: Sequence[int]
) -> FactScores:
    """Facts of the captions of image i - shift against scene i, for all images and shifts."""
    judgements = [
        judge(mentions, scene)
        for shift in shifts
        for image, scene in enumerate(scenes)
        for mentions in truth[image - shift]
    ]
    return summarise(judgements)
