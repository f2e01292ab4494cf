"""The cost of a training job, on the last line of its log, where the table of costs reads it.

A log is not a result: CPU seconds differ from run to run, and results are the same bytes each time.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

MARK = "cost: "


@dataclass(frozen=True)
class Cost:
    """Updates made, parameters of the networks that are kept, and CPU seconds, of one job."""

    updates: int
    parameters: int
    cpu_seconds: float


def cost_line(updates: int, parameters: int, cpu_before: float = 0.0) -> str:
    """Give the line that states the cost of this process, for `read_cost`.

    Args:
        cpu_before: CPU seconds of the earlier processes from whose state this one resumed.
    """
    seconds = round(cpu_before + time.process_time(), 1)
    return MARK + json.dumps({"updates": updates, "parameters": parameters, "cpu_seconds": seconds})


def read_cost(log: Path) -> Cost | None:
    """Read the cost of the job that wrote a log; None where there is no log or it states no cost."""
    try:
        lines = [line for line in log.read_text("utf-8").splitlines() if line.startswith(MARK)]
        return Cost(**json.loads(lines[-1].removeprefix(MARK)))
    except (OSError, ValueError, TypeError, IndexError):
        return None
