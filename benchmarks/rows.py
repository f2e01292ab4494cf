"""A table of what was measured: what ours took, what it is compared with, and whether a target is met."""

from dataclasses import dataclass

from benchmarks.measure import Times

HEADER = """\
| What | this project: median, least, processor | beside | its times | ratio | target | |
|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Row:
    """Times of ours and of what it is compared with, in turn.

    The ratio is that of the least processor times, which other work changes least; on a card, of the
    least wall times. It is ours over a limit (`most`), or a plain formula's over ours (`least`).

    Attributes:
        share: of what was timed beside, that the comparison counts: the limit of so many operations.
    """

    what: str
    ours: Times
    other: Times
    beside: str
    most: float | None = None
    least: float | None = None
    share: float = 1.0
    card: bool = False

    @property
    def ratio(self) -> float:
        """Ours over the limit, or the plain formula's over ours."""
        name = "least" if self.card else "processor"
        ours, other = getattr(self.ours, name), getattr(self.other, name) * self.share
        return ours / other if self.most else other / ours

    def __str__(self) -> str:
        target = f"at most {self.most:g}" if self.most else f"at least {self.least:g}"
        met = self.ratio <= self.most if self.most else self.ratio >= self.least
        verdict = "met" if met else "**missed**"
        other = self.other.scaled(self.share)
        return f"| {self.what} | {self.ours} | {self.beside} | {other} | {self.ratio:.2f} | {target} | {verdict} |"
