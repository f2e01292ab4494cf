"""Processor time and peak memory of the steps before training, and of updates, at the size of a made-up dataset.

`uv run python -m benchmarks.large FOLDER`, FOLDER being what `benchmarks.made_up` wrote. Updates run at the widths
of `config/coco.yaml`, without their validation: each objective gets a process of its own.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from gxn.configuration.files import load

CONFIG = ["--config", "params.yaml", "{folder}/made_up.yaml"]
STEPS = {
    "prepare": [*CONFIG, "--captions={data}/captions.json", "--split={data}/split.json"],
    "tokenize": [
        *CONFIG,
        "--captions={data}/captions.json",
        "--vocabulary={data}/vocabulary.json",
        "--tokens={data}/tokens.h5",
    ],
    "document_frequencies": ["--tokens={data}/tokens.h5", "--out={data}/document_frequencies.h5"],
    "import_features": [
        *CONFIG,
        "--file={folder}/features.npy",
        "--captions={data}/captions.json",
        "--out={data}/features.h5",
    ],
}
OBJECTIVES = ["cosine", "two_space", "cross-entropy", "self-critical"]
WIDTHS = {"embed_dim": 300, "text_hidden": 1024, "joint_dim": 1024, "decoder_hidden": 1024}


def run(what: str, command: list[str]) -> None:
    """Run a command and print its row; it ends the benchmark if it fails.

    Raises:
        SystemExit: the command failed.
    """
    process = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{what}: ended with {process.returncode}")
    rates = said.strip().rpartition("\n")[2] if command[0] == "benchmarks.large" else " | | "
    print(
        f"| {what} | {usage.ru_utime + usage.ru_stime:.1f} | {usage.ru_maxrss / 1024:.0f} | {rates} |",
        flush=True,
    )


def updates(folder: Path, name: str, count: int) -> None:
    """Read the training split as a stage does and make `count` updates.

    Print CPU seconds of reading, of 1,000 updates and of the 1,000 batches for them.
    """
    import torch
    from benchmarks import data, objectives

    from gxn.datasets.tokens import read_tokens
    from gxn.training.data import read_split
    from gxn.training.device import choose_device

    device = choose_device("cpu", 1)
    torch.manual_seed(0)
    begun = time.process_time()
    split = read_split(folder / "data/tokens.h5", folder / "data/features.h5", "train", device)
    reading = time.process_time() - begun
    made = data.Made(read_tokens(folder / "data/tokens.h5", "train"), split, [])
    config = load(["params.yaml"], {"model": WIDTHS})
    if name in config.encoders:
        objective = objectives.matching(config, name, made)
    else:
        objective = objectives.captioning(config, made, critical=name == "self-critical")
    objective.start_epoch(0)
    batches, fetching, stepping = split.batches(128, 0, 0), [], []
    for _ in range(count):
        begun = time.process_time()
        batch = next(batches)
        fetched = time.process_time()
        objective.step(batch)
        fetching.append(fetched - begun)
        stepping.append(time.process_time() - fetched)
    print(f"{reading:.1f} | {1000 * min(stepping):.0f} | {1000 * statistics.median(fetching):.1f}")


def main() -> None:
    """Print one Markdown table."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--updates", type=int, default=5, help="of each objective; the quickest counts")
    parser.add_argument("--objectives", nargs="*", default=OBJECTIVES, help="whose updates are measured")
    parser.add_argument("--here", help="make updates of this objective in this process")
    arguments = parser.parse_args()
    folder, data = arguments.folder, arguments.folder / "data"
    if arguments.here:
        updates(folder, arguments.here, arguments.updates)
        return
    data.mkdir(exist_ok=True)
    head = "| step | CPU s | peak MiB | reading, CPU s | 1,000 updates, CPU s | their batches, CPU s |"
    print(f"{head}\n|---|---:|---:|---:|---:|---:|", flush=True)
    for step, options in STEPS.items():
        run(step, [f"gxn.steps.{step}", *(each.format(folder=folder, data=data) for each in options)])
    for name in arguments.objectives:
        own = [str(folder), f"--here={name}", f"--updates={arguments.updates}"]
        run(f"updates, {name}", ["benchmarks.large", *own])


if __name__ == "__main__":
    main()
