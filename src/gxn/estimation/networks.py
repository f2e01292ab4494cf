"""Memory that the networks of each row take in training, found on torch's meta device: nothing is allocated."""

import os
from pathlib import Path

import torch

from gxn.configuration.root import Configuration
from gxn.errors import GxnError
from gxn.estimation.bounds import COPIES, FEATURES, NUMBER, WORDS, batch_numbers
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.training.drawing import build_drawing_networks

CGROUP = Path("/sys/fs/cgroup/memory.max")


def bytes_of_networks(config: Configuration, words: int = WORDS, features: int = FEATURES) -> dict[str, int]:
    """Bytes of the networks of each trained row, with what Adam and the saved states keep of them.

    Joint training has all networks of a row at once, so no earlier stage of it takes more.
    """
    meta, found = torch.device("meta"), {}
    sizes = EncoderSizes.of(config.model, features, words)
    with meta:
        for name, row in config.rows.items():
            networks = [Encoders(config.encoder(row.encoder), sizes)]
            if row.captioning != "none":
                networks.append(CaptionDecoder.of(config.model, words))
            if row.drawing:
                size = config.dataset.gan_image_size
                networks += build_drawing_networks(config.model, size, meta).values()
            weights = [each for network in networks for each in network.parameters()]
            found[name] = COPIES * sum(each.numel() * each.element_size() for each in weights)
    return found


def memory(device: torch.device) -> int:
    """Bytes of memory of a card, or of this machine, or of the part of it that its container may use."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = CGROUP.read_text().strip() if CGROUP.exists() else ""
    return min(whole, int(limit)) if limit.isdecimal() else whole


def check_networks(config: Configuration, device: torch.device) -> dict[str, int]:
    """Give the bytes of the largest row's networks with what a batch keeps at least.

    Raises:
        GxnError: they are more than the memory of the device; names the row and the section to change.
    """
    name, needed = max(bytes_of_networks(config).items(), key=lambda each: each[1], default=("none", 0))
    batch, there = NUMBER * batch_numbers(config), memory(device)
    has = f"the memory of the {device.type} has {there / 1e9:.1f} GB"
    if needed > there:
        raise GxnError(
            f"model: the networks of row {name} take {needed / 1e9:.1f} GB in training, with Adam's moments; "
            f"{has}. Lower the largest widths of this section"
        )
    if needed + batch > there:
        raise GxnError(
            f"training.batch_size, drawing.batch_size: a batch takes {batch / 1e9:.1f} GB or more, beside "
            f"networks of {needed / 1e9:.1f} GB; {has}. Lower the larger of these"
        )
    return {"bytes": needed + batch}
