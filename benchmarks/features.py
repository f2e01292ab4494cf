"""Features from photographs on a disk, beside the bare forward pass of the same network and batch size.

    uv run python benchmarks/features.py --captions CAPTIONS.json --images FOLDER --weights W.safetensors \
        --cnn mobilenet_v2 --threads 1 2

`extraction` reads, decodes, crops, computes and hands rows over as the step `features` does; `forward` runs the
same network on pixels that lie in memory. Both run in turn, several rounds, and the medians are compared, so
that other work on the machine falls on both; on a busy machine only the share by processor time means much.
On a GPU: --device cuda --arithmetic bfloat16 --batch 256.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from gxn.configuration.features import Features
from gxn.datasets.captions import Record
from gxn.datasets.images import open_images
from gxn.features.cnn import load_cnn
from gxn.features.extract import batches, extract, forward
from gxn.files import read_json
from gxn.processors import available_cpus


def rates(call: Callable[[], None], images: int, device: torch.device) -> tuple[float, float]:
    """Images per second, and per second of processor time, of `call`."""
    start, busy = time.perf_counter(), time.process_time()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return images / (time.perf_counter() - start), images / (time.process_time() - busy)


def compare(options: argparse.Namespace, threads: int) -> None:
    """Print one line for a thread count."""
    torch.set_num_threads(threads)
    device = torch.device(options.device)
    config = Features(
        file=None,
        resize=options.resize,
        crops="center",
        crop=224,
        storage_dtype="float32",
        compute_dtype=options.arithmetic,
        batch_size=options.batch,
    )
    network, _ = load_cnn(options.cnn, "pool", options.weights)
    entries = read_json(options.captions)["images"][: options.count]
    records = [Record(entry["filename"], entry["imgid"], entry["split"], ()) for entry in entries]
    source, workers = open_images(options.images), available_cpus()
    network = network.to(device, memory_format=torch.channels_last)
    ready = list(batches(records, source, config, workers))

    def bare() -> None:
        for crops in ready:
            forward(network, crops, 1, device, config.compute_dtype)

    def whole() -> None:
        for _ in extract(network, records, source, config, device, workers):
            pass

    bare()  # warm up
    rounds = [
        (rates(bare, len(records), device), rates(whole, len(records), device)) for _ in range(options.rounds)
    ]
    forwards, wholes = (statistics.median(each[0] for each in side) for side in zip(*rounds, strict=True))
    share, busy = (statistics.median(whole[n] / bare[n] for bare, whole in rounds) for n in (0, 1))
    print(
        f"{options.cnn}, {options.device}, {config.compute_dtype}, batch {config.batch_size}, {threads} threads: "
        f"forward {forwards:.0f} images/s, extraction {wholes:.0f} images/s: {share:.0%} of it "
        f"({busy:.0%} by processor time)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="none: random weights, which are as fast")
    parser.add_argument("--cnn", default="mobilenet_v2")
    parser.add_argument("--count", type=int, default=512)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--resize", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--arithmetic", default="float32")
    options = parser.parse_args()
    for threads in options.threads:
        compare(options, threads)


if __name__ == "__main__":
    main()
