"""All measures of what a row imagines of a split: of its captions, and of its drawings.

Measures that need facts (what a caption states, what a scene holds) are taken where the dataset has them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gxn.datasets.grammar import Mention
from gxn.datasets.tokens import Captions
from gxn.datasets.words import SPECIAL
from gxn.evaluation.caption_measures import (
    caption_measures,
    cider_d_columns,
    first_against_others,
    human_cider_d,
    meteor_columns,
)
from gxn.evaluation.captioning import caption_metrics
from gxn.evaluation.drawn_facts import Reading, facts_found, facts_found_by_chance
from gxn.evaluation.facts import FactScores, caption_facts, chance_facts, human_facts
from gxn.evaluation.fidelity import colour_fidelity
from gxn.files import read_json
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import DocumentFrequencies

Words = Sequence[str]
Metrics = dict[str, float]
Read = Callable[[np.ndarray], list[Reading]]  # pictures uint8 (N, 3, S, S) -> what a reader sees in each


@dataclass(frozen=True)
class Truth:
    """Captions and facts that are known of the images of a split.

    Attributes:
        scenes: facts of the scene of each image, by image id; empty where the dataset knows none.
        mentions: facts that each caption states, by sentence id; likewise.
    """

    scenes: Mapping[int, Mapping[str, Any]]
    mentions: Mapping[int, Sequence[Mention]]


def read_truth(captions: Path, split: str) -> Truth:
    """Read what captions.json knows of a split."""
    images = [image for image in read_json(captions)["images"] if image["split"] == split]
    sentences = [sentence for image in images for sentence in image["sentences"]]
    return Truth(
        {image["imgid"]: image["scene"] for image in images if "scene" in image},
        {each["sentid"]: each["mentions"] for each in sentences if "mentions" in each},
    )


def words_of(captions: Captions) -> dict[int, list[list[str]]]:
    """Words of the captions of each image, by image id."""
    found: dict[int, list[list[str]]] = {int(image): [] for image in captions.imgid}
    for caption, image in enumerate(captions.caption_image):
        span = captions.tokens[captions.offsets[caption] : captions.offsets[caption + 1]]
        found[int(captions.imgid[image])].append([captions.words[each] for each in span])
    return found


def training_words(captions: Captions) -> list[list[str]]:
    """Words of every caption of the training split."""
    return [caption for written in words_of(captions).values() for caption in written]


def judge_captions(
    ids: np.ndarray, test: Captions, train: Captions, reward: CiderD, truth: Truth, meteor: bool
) -> tuple[dict[str, str], Metrics, str]:
    """Measure one caption of each image.

    Args:
        ids: int64 (N, T), word ids of the caption of each image of `test`, in its order.
        test, train: captions of both splits.
        reward: CIDEr-D against the captions of `test`.
        truth: what is known of `test`.
        meteor: METEOR is measured, too, where Java is found.

    Returns:
        the captions as text by image id, their metrics, and a note where METEOR was left out.
    """
    written = [[test.words[each] for each in row if each >= len(SPECIAL)] for row in ids]
    by_image = dict(zip(map(int, test.imgid), written, strict=True))
    references = words_of(test)
    metrics = caption_measures(by_image, references, training_words(train))
    metrics |= cider_d_columns(reward, ids, len(ids))
    scores, note = meteor_columns({"meteor": (by_image, references)}) if meteor else ({}, "")
    metrics |= scores
    if truth.scenes:
        metrics |= _named(caption_facts(written, [truth.scenes[image] for image in by_image]))
    return {str(image): " ".join(words) for image, words in by_image.items()}, metrics, note


def caption_lines(
    test: Captions, train: Captions, frequencies: DocumentFrequencies, truth: Truth, meteor: bool
) -> tuple[Metrics, Metrics, str]:
    """Measure people and chance as captions are.

    People: an image's first caption against its others. Chance: the first caption of another image against
    them; it has no measures of variety, which are those of people. Where no image has two captions, both have no
    line but that of the facts.

    Returns:
        the metrics of people and of chance, and a note where METEOR was left out.
    """
    human: Metrics = {}
    chance: Metrics = {}
    note = ""
    references = words_of(test)
    if any(len(written) > 1 for written in references.values()):
        first, others = first_against_others(references)
        human = caption_measures(first, others, training_words(train))
        human |= human_cider_d(test, frequencies)
        sets = {"people": (first, others)}
        if len(first) > 1:
            written, half = list(first.values()), len(first) // 2  # neighbours may be alike
            sets["chance"] = dict(zip(first, written[half:] + written[:half], strict=True)), others
            chance = caption_metrics(*sets["chance"]) | {"cider_d": human["cider_d_chance"]}
        if meteor:
            scores, note = meteor_columns(sets)
            for line, name in ((human, "people"), (chance, "chance")):
                line |= {"meteor": scores[name]} if name in scores else {}
    if truth.scenes:
        images = [int(image) for image in test.imgid]
        scenes = [truth.scenes[image] for image in images]
        stated: dict[int, list[Sequence[Mention]]] = {image: [] for image in images}
        for caption, image in enumerate(test.caption_image):
            stated[images[image]].append(truth.mentions[int(test.sentid[caption])])
        human |= _named(human_facts(list(stated.values()), scenes))
        chance |= _named(chance_facts(list(stated.values()), scenes))
    return human, chance, note


def _named(scores: FactScores) -> Metrics:
    """Facts of captions as columns."""
    return {
        name: value
        for name, value in {
            "attributes_true": scores.attributes,
            "mentions_true": scores.mentions,
            "ground_right": scores.ground,
            "wholly_true": scores.whole,
            "facts_told": scores.recall,
        }.items()
        if value is not None
    }


def judge_drawings(images: np.ndarray, sentid: np.ndarray, truth: Truth, read: Read | None) -> Metrics:
    """Measure one picture of each of some captions.

    Args:
        images: uint8 (N, 3, S, S).
        sentid: int64 (N,), the captions.
        truth: what they state.
        read: reads pictures; None: facts are not looked for.
    """
    if not truth.mentions:
        return {}
    mentions = [truth.mentions[each] for each in sentid.tolist()]
    colours = colour_fidelity(images, mentions)
    metrics = {
        "fidelity": colours.score,
        "fidelity_chance": colours.chance,
        "fidelity_gain": colours.gain,
        "fidelity_z": colours.z,
    }
    if read is None:
        return metrics
    readings = read(images)
    found, chance = facts_found(readings, mentions), facts_found_by_chance(readings, mentions)
    metrics |= {f"drawn_{name}": value for name, value in asdict(found).items() if value is not None}
    return metrics | {
        f"drawn_{name}_chance": value for name, value in asdict(chance).items() if value is not None
    }
