"""The table of an estimate: a line for each step, in sizes and times that people read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """Needs of one step: bytes to download and on disk, seconds, bytes of memory; None: not known."""

    step: str
    download: int | None = 0
    disk: int | None = 0
    seconds: float | None = None
    memory: int | None = None


def show(lines: list[Line]) -> None:
    """Print the table and its sums."""
    print(f"{'step':36}{'download':>12}{'disk':>12}{'time':>12}{'memory':>12}")
    total = Line(
        "all, one after another",
        sum(line.download or 0 for line in lines),
        sum(line.disk or 0 for line in lines),
        sum(line.seconds or 0 for line in lines),
        max(line.memory or 0 for line in lines),
    )
    for line in [*lines, total]:
        cells = (size(line.download), size(line.disk), duration(line.seconds), size(line.memory))
        print(f"{line.step:36}" + "".join(f"{cell:>12}" for cell in cells))
    print(
        "Time is that of updates and of starting their jobs, one by one; validation and evaluation come on top."
    )
    print("Memory without a card leaves out activations and 0.4 GB of libraries. ?: not known beforehand.")


def size(count: int | None) -> str:
    """Bytes for people."""
    if not count:
        return "?" if count is None else "-"
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def duration(seconds: float | None) -> str:
    """Seconds for people."""
    if not seconds:
        return "?" if seconds is None else "-"
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
