"""Measures of generated captions for any data: likeness to the references, variety, and the human line.

BLEU, ROUGE-L and CIDEr are those of `gxn.evaluation.captioning`, METEOR that of `gxn.evaluation.meteor`.
The human line is what a person scores: the first caption of each image against its other captions. It is measured
against one reference fewer than a generated caption, which costs it a little.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import numpy as np

from gxn.datasets.tokens import Captions
from gxn.datasets.words import EOS, PAD
from gxn.errors import GxnError
from gxn.evaluation.captioning import caption_metrics
from gxn.evaluation.meteor import LIMIT, meteor_scores
from gxn.evaluation.shifts import spread_shifts
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import DocumentFrequencies

Words = Sequence[str]


def diversity(captions: Collection[Words], training: Collection[Words]) -> dict[str, float]:
    """Measures of the captions' variety; a collapsed decoder has low values of all but `length`.

    Args:
        captions: the words of each caption.
        training: the words of each caption of the training split.

    Returns:
        `distinct_1` and `distinct_2`: number of different words (pairs of neighbouring words) over the number of
        words (pairs), of all captions together, 0 to 1. Both fall with the number of captions: compare equally
        many. `distinct`: different captions, percent of all. `novel`: captions that do not stand word for word in
        the training split, percent. `length`: mean number of words.

    Raises:
        GxnError: there are no captions.
    """
    if not captions:
        raise GxnError("diversity of captions: there are no captions")
    sentences = [tuple(words) for words in captions]
    known = {tuple(words) for words in training}
    found = {}
    for order in (1, 2):
        ngrams = [
            words[start : start + order] for words in sentences for start in range(len(words) - order + 1)
        ]
        found[f"distinct_{order}"] = len(set(ngrams)) / max(1, len(ngrams))
    return found | {
        "distinct": 100 * len(set(sentences)) / len(sentences),
        "novel": 100 * sum(words not in known for words in sentences) / len(sentences),
        "length": sum(map(len, sentences)) / len(sentences),
    }


def caption_measures(
    captions: Mapping[int, Words], references: Mapping[int, Sequence[Words]], training: Collection[Words]
) -> dict[str, float]:
    """BLEU-1 to BLEU-4, ROUGE-L and CIDEr in percent, and `diversity`, of one caption per image.

    Args:
        captions: the words of each image's caption, by image id.
        references: the words of its reference captions.
        training: the words of each caption of the training split.

    Raises:
        GxnError: there are no captions.
    """
    variety = diversity(captions.values(), training)
    return caption_metrics(captions, references) | variety


def first_against_others(
    references: Mapping[int, Sequence[Words]],
) -> tuple[dict[int, Words], dict[int, Sequence[Words]]]:
    """Captions and references of the human line: each image's first caption, and its others.

    Images with a single caption are left out.

    Raises:
        GxnError: no image has two captions.
    """
    several = {image: written for image, written in references.items() if len(written) > 1}
    if not several:
        raise GxnError(
            "human line: no image has two captions, so captions cannot be compared with each other"
        )
    return {image: written[0] for image, written in several.items()}, {
        image: written[1:] for image, written in several.items()
    }


def meteor_columns(
    sets: Mapping[str, tuple[Mapping[int, Words], Mapping[int, Sequence[Words]]]], limit: float = LIMIT
) -> tuple[dict[str, float], str]:
    """METEOR of named sets of captions by one process, in percent; see `meteor_scores`.

    Returns:
        the score of each name and an empty note, or nothing and a note that says why the column is left out.
    """
    scores, note = meteor_scores(list(sets.values()), limit)
    return {} if scores is None else dict(zip(sets, scores, strict=True)), note


def cider_d_columns(reward: CiderD, hypotheses: np.ndarray, images: int) -> dict[str, float]:
    """CIDEr-D of one caption per image, 0 to 10, higher is better, beside chance.

    Args:
        reward: CIDEr-D against the references of the split.
        hypotheses: int64 (N, T), the caption of image n in row n; a row ends with its first EOS.
        images: N.

    Returns:
        `cider_d`, the mean; `cider_d_chance`, the mean of the same captions against the references of other
        images, over up to 16 permutations; left out where there is one image.
    """
    rows = np.arange(images)
    found = {"cider_d": float(reward.score(rows, hypotheses).mean())}
    if images > 1:
        shifted = [reward.score(np.roll(rows, shift), hypotheses).mean() for shift in spread_shifts(images)]
        found["cider_d_chance"] = float(np.mean(shifted))
    return found


def human_cider_d(captions: Captions, frequencies: DocumentFrequencies) -> dict[str, float]:
    """`cider_d_columns` of each image's first caption against its others (human line).

    Args:
        captions: of the split, as integers; images with a single caption are left out.
        frequencies: document frequencies of the training split over the same words.

    Raises:
        GxnError: no image has two captions.
    """
    spans = np.stack([captions.offsets[:-1], captions.offsets[1:]], axis=1)
    by_image = {
        image: [captions.tokens[start:end].tolist() for start, end in spans[captions.caption_image == image]]
        for image in range(len(captions.imgid))
    }
    first, others = first_against_others(by_image)
    hypotheses = np.full((len(first), 1 + max(map(len, first.values()))), PAD, np.int64)
    for row, words in enumerate(first.values()):
        hypotheses[row, : len(words) + 1] = [*words, EOS]
    flat = list(chain.from_iterable(others.values()))
    reward = CiderD(
        np.array(list(chain.from_iterable(flat)), np.int32),
        np.cumsum([0, *map(len, flat)], dtype=np.int64),
        np.repeat(np.arange(len(others)), [len(each) for each in others.values()]),
        frequencies,
    )
    return cider_d_columns(reward, hypotheses, len(first))
