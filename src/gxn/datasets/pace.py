"""The pace of a transfer: it is reported to the user, and a transfer that is too slow is given up."""

import time
from dataclasses import dataclass, field

SLOWEST = 1000  # bytes a second: COCO's images would take five months


@dataclass
class Progress:
    """Prints how far a transfer is, at most once in `every` seconds."""

    name: str
    every: float = 10.0
    start: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    fetched: int = 0

    def add(self, count: int, have: int, total: int | None) -> None:
        """Account for `count` more bytes, `have` of `total` in all."""
        self.fetched += count
        now = time.monotonic()
        if now - self.last < self.every and have != total:
            return
        self.last, speed = now, self.fetched / max(now - self.start, 1e-9)
        left = f", about {(total - have) / speed:.0f} s to go" if total else ""
        size = f"/{total / 1e6:.1f}" if total else ""
        print(f"{self.name}: {have / 1e6:.1f}{size} MB, {speed / 1e6:.1f} MB/s{left}", flush=True)


@dataclass
class Pace:
    """Looks at what came in the last `seconds`."""

    seconds: float
    since: float = field(default_factory=time.monotonic)
    came: int = 0

    def too_slow(self, count: int) -> float | None:
        """Account for `count` more bytes; bytes a second where they were fewer than SLOWEST, else None."""
        self.came += count
        gone = time.monotonic() - self.since
        if gone < self.seconds:
            return None
        speed = self.came / gone
        self.since, self.came = self.since + gone, 0
        return speed if speed < SLOWEST else None
