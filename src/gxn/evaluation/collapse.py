"""Marks of a generative path that has collapsed: plain-English warnings from figures that are measured anyway.

A warning goes to the screen, into the metrics file and as a mark into tables and figures, so that a row whose
imagination does not work is never read as one whose imagination works. Every function returns a list that is empty
where nothing is wrong, and skips figures that are absent (None or a missing key).
"""

import math
from collections.abc import Mapping, Sequence

LEAST_DISTINCT = 20.0  # percent of captions; decoders of the embedded data set's default have 78 to 92
LEAST_GAIN = (
    0.02  # of a share from 0 to 1; one standard error of a share near 0.3 over 1,000 drawings is 0.014
)
LEAST_CIDER_D_RATIO = (
    1.1  # CIDEr-D over that of other images' captions; the default's decoders have 2.0 to 2.5
)
LEAST_SPREAD = 0.25  # of drawings' differences over those of real pictures; one of 240 photographs has 0.73
ERRORS = 2.0  # standard errors above chance that a share must be
LEAST_LOSS_OF_D = 0.05  # nats per decision; a discriminator that guesses has log 2 = 0.69


def decoder_warnings(
    metrics: Mapping[str, float | None],
    least_distinct: float = LEAST_DISTINCT,
    least_ratio: float = LEAST_CIDER_D_RATIO,
) -> list[str]:
    """Warnings about a caption decoder.

    Args:
        metrics: `distinct`, percent of different captions, 0 to 100; `cider_d` against the image's own references
            and `cider_d_chance` against other images', 0 to 10.
        least_distinct: percent of different captions below which they are nearly all alike.
        least_ratio: `cider_d` must exceed this many times `cider_d_chance`.
    """
    found = []
    distinct, own, others = (_finite(metrics.get(key)) for key in ("distinct", "cider_d", "cider_d_chance"))
    if distinct is not None and distinct < least_distinct:
        found.append(
            f"the decoder's captions are nearly all alike: {distinct:.1f} % of them are different, "
            f"a working decoder has at least {least_distinct:g} %"
        )
    if own is not None and others is not None and own <= least_ratio * others:
        found.append(
            f"the decoder's captions fit other images as well as their own: CIDEr-D is {own:.3f}, "
            f"and {others:.3f} against other images' captions"
        )
    return found


def generator_warnings(
    metrics: Mapping[str, float | None], pairs: Mapping[str, str], least_gain: float = LEAST_GAIN
) -> list[str]:
    """Warnings about an image generator that is at chance.

    Args:
        metrics: measures of drawings, shares from 0 to 1, higher is better.
        pairs: name of each measure -> name of the same measure under other images' captions, such as
            {"fidelity": "fidelity_chance", "drawn_facts": "drawn_facts_chance"}.
        least_gain: a measure must exceed its chance level by more than this.
    """
    found = []
    for name, chance in pairs.items():
        value, floor = _finite(metrics.get(name)), _finite(metrics.get(chance))
        if value is not None and floor is not None and value - floor <= least_gain:
            found.append(
                f"the generator is at chance: {name} is {value:.3f}, "
                f"and {floor:.3f} under other images' captions"
            )
    return found


def drawing_warnings(metrics: Mapping[str, float | None], drawings: int) -> list[str]:
    """Warnings about an image generator whose drawings are nearly all alike, or not found by their captions.

    Args:
        metrics: `spread`, and `r_precision` with its `r_precision_real` and `r_precision_chance`, as
            `gxn.evaluation.drawn_retrieval` gives them. Where real pictures are not found either, R-precision is
            no ground for a warning.
        drawings: number of them. R-precision must be two standard errors of a share at chance above it.
    """
    found = []
    spread = _finite(metrics.get("spread"))
    if spread is not None and spread < LEAST_SPREAD:
        found.append(
            f"the generator's drawings are nearly all alike: they differ by {spread:.2f} of what real pictures do"
        )
    keys = ("r_precision", "r_precision_real", "r_precision_chance")
    value, real, chance = (_finite(metrics.get(key)) for key in keys)
    if value is None or real is None or chance is None:
        return found
    least = chance + ERRORS * math.sqrt(chance * (1 - chance) / drawings)
    if value <= least < real:
        found.append(
            f"the generator is at chance: {value:.3f} of {drawings} drawings are found by their captions, "
            f"{chance:.3f} by chance, and {real:.3f} of the real pictures of that size"
        )
    return found


def discriminator_warnings(name: str, losses: Sequence[float], least: float = LEAST_LOSS_OF_D) -> list[str]:
    """Warning about a discriminator whose loss stays below a bound for a whole epoch.

    A discriminator that judges all pairs right gives the generator no gradient to follow.

    Args:
        name: of the curve, as the warning says it.
        losses: the discriminator's mean loss of each epoch, in order.
        least: the bound, in the loss's own unit; it suits losses that are 0 for a perfect discriminator, such as
            cross-entropy or hinge.
    """
    for epoch, loss in enumerate(losses, 1):
        if math.isfinite(loss) and loss < least:
            return [
                f"the discriminator has won: {name} is {loss:.3f}, below {least:g}, in epoch {epoch}, "
                "so the generator learns nothing from it"
            ]
    return []


def _finite(value: float | None) -> float | None:
    """`value`, or None where it is absent or is not a finite number."""
    return value if value is not None and math.isfinite(value) else None
