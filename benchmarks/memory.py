"""MiB that ranking takes over the embeddings it is given: `python -m benchmarks.memory FILE.npz SIMILARITY`."""

import resource
import subprocess
import sys

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
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ranks([images], [texts], np.repeat(np.arange(len(images)), 5), sys.argv[2], [1.0])
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


if __name__ == "__main__":
    main()
