"""MiB that ranking takes over the embeddings it is given: `python -m benchmarks.memory FILE.npz SIMILARITY`."""

import subprocess
import sys
from pathlib import Path

import numpy as np


def mebibytes(file: str, similarity: str) -> float:
    """Measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", file, similarity]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    from gxn.evaluation.ranks import ranks

    with np.load(sys.argv[1]) as file:
        images, texts = file["images"], file["texts"]
    few = [images[:8]], [texts[:40]], np.repeat(np.arange(8), 5)
    ranks(*few, sys.argv[2], [1.0])  # so that compiling is not counted
    Path("/proc/self/clear_refs").write_text("5")  # from now on a new peak
    before = _status("VmRSS")
    ranks([images], [texts], np.repeat(np.arange(len(images)), 5), sys.argv[2], [1.0])
    print((_status("VmHWM") - before) / 1024)


def _status(key: str) -> int:
    """KiB, from Linux's account of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


if __name__ == "__main__":
    main()
