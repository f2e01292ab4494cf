"""Processor time and peak memory of data, training and evaluation at the size of a made-up dataset.

`uv run python -m benchmarks.large FOLDER`, FOLDER being what `benchmarks.made_up` wrote. Updates run at the widths
of `config/coco.yaml`, and are followed by one validation: each objective gets a process of its own. The embeddings
of `two_space` are evaluated by the protocols of `config/coco.yaml`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from benchmarks.made_up import ROWS

from gxn.configuration.files import load
from gxn.hdf5 import create_hdf5

COCO = load(["params.yaml", "config/coco.yaml"])
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
EMBEDDED = "two_space"
DRAWN = ("drawings", "joint")
OBJECTIVES = ["cosine", EMBEDDED, "cross-entropy", "self-critical", *DRAWN]
EVALUATE = [
    "--config",
    "params.yaml",
    "config/coco.yaml",
    "--embeddings={data}/embeddings.h5",
    f"--method={EMBEDDED}",
    "--seed=0",
    "--metrics={data}/metrics.json",
    "--ranks={data}/ranks.h5",
]


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
    rates = said.strip().rpartition("\n")[2] if command[0] == "benchmarks.large" else " | | | "
    print(
        f"| {what} | {usage.ru_utime + usage.ru_stime:.1f} | {usage.ru_maxrss / 1024:.0f} | {rates} |",
        flush=True,
    )


def small_pictures(folder: Path) -> None:
    """Write noise as the small pictures that the generator learns from, of the size in `config/coco.yaml`."""
    side = COCO.dataset.gan_image_size
    count = len(np.load(folder / "features.npy", mmap_mode="r"))
    rng = np.random.default_rng(0)
    with create_hdf5(folder / "data/gan_images.h5", {"size": side}) as file:
        file["imgid"] = np.arange(count)
        stored = file.create_dataset("images", (count, 3, side, side), np.uint8)
        for row in range(0, count, ROWS):
            rows = min(ROWS, count - row)
            stored[row : row + rows] = rng.integers(0, 256, (rows, 3, side, side), np.uint8)


def updates(folder: Path, name: str, count: int) -> None:
    """Read the training split as a stage does, make `count` updates and validate once.

    Print CPU seconds of reading, of 1,000 updates, of the 1,000 batches for them and of the validation.
    """
    import torch
    from benchmarks import data, objectives

    from gxn.datasets.tokens import read_tokens
    from gxn.evaluation.embeddings import write_embeddings
    from gxn.training.data import read_split
    from gxn.training.device import choose_device
    from gxn.training.drawing import read_gan_images
    from gxn.training.embedding import embed_split
    from gxn.training.objective import Objective

    device = choose_device("cpu", 1)
    torch.manual_seed(0)
    tokens, features = folder / "data/tokens.h5", folder / "data/features.h5"
    begun = time.process_time()
    split = read_split(tokens, features, "train", device)
    pictures = read_gan_images(folder / "data/gan_images.h5", split) if name in DRAWN else None
    reading = time.process_time() - begun
    made = data.Made(read_tokens(tokens, "train"), split, [])
    widths = {"model": COCO.model.model_dump(), "drawing": {"batch_size": COCO.drawing.batch_size}}
    config = load(["params.yaml"], widths)
    own: list[Objective] = []
    if name in ("self-critical", "cross-entropy", "joint"):
        own.append(objectives.captioning(config, made, critical=name != "cross-entropy"))
    if pictures is not None:
        own.append(objectives.drawing(config, made, pictures=pictures))
    if name in (*config.encoders, "joint"):
        own.append(objectives.matching(config, EMBEDDED if name == "joint" else name, made))
    for each in own:
        each.start_epoch(0)
    batches, fetching, stepping = split.batches(128, 0, 0), [], []
    for _ in range(count):
        begun = time.process_time()
        batch = next(batches)
        fetched = time.process_time()
        for each in own:
            each.step(batch)
        fetching.append(fetched - begun)
        stepping.append(time.process_time() - fetched)
    begun = time.process_time()
    val = read_split(tokens, features, "val", device)
    for each in own:
        each.validate(val)
    validating = time.process_time() - begun
    if name == EMBEDDED:
        test = read_split(tokens, features, "test", device)
        write_embeddings(folder / "data/embeddings.h5", embed_split(own[-1].encoders, test, {"seed": 0}))
    rates = f"{reading:.1f} | {1000 * min(stepping):.0f} | {1000 * statistics.median(fetching):.1f}"
    print(f"{rates} | {validating:.1f}")


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
    print("| step | CPU s | peak MiB | reading, CPU s | 1,000 updates | their batches | validation |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for step, options in STEPS.items():
        run(step, [f"gxn.steps.{step}", *(each.format(folder=folder, data=data) for each in options)])
    if set(DRAWN) & set(arguments.objectives):
        small_pictures(folder)
    for name in arguments.objectives:
        own = [str(folder), f"--here={name}", f"--updates={arguments.updates}"]
        run(f"updates, {name}", ["benchmarks.large", *own])
    if EMBEDDED in arguments.objectives:
        run("evaluate", ["gxn.steps.evaluate", *(each.format(data=data) for each in EVALUATE)])


if __name__ == "__main__":
    main()
