"""Embed a split's images and captions in every space of a trained row."""

from pathlib import Path
from typing import Any

from gxn.cli import parser, run
from gxn.datasets.captions import SPLITS
from gxn.errors import GxnError
from gxn.files import create_hdf5, hdf5_metadata, open_hdf5, sha256
from gxn.provenance import data_of
from gxn.training.checkpoint import read_encoders
from gxn.training.data import read_split
from gxn.training.device import choose_device
from gxn.training.matching import embed as embed_split


def embed(
    checkpoint: Path, features: Path, tokens: Path, split: str, threads: int, device: str, out: Path
) -> None:
    """Write `image/{space}`, `text/{space}` and the ids that say which caption is whose."""
    where = choose_device(device, threads)
    encoders, metadata = read_encoders(checkpoint)
    if not same_data(metadata, features, tokens):
        raise GxnError(
            f"{checkpoint}: was trained on other data than {features} and {tokens}; train it again"
        )
    data = read_split(tokens, features, split, where)
    images, texts = embed_split(encoders.to(where), data)
    config = encoders.config
    about = {
        "similarity": config.similarity,
        "weights": dict(zip(config.spaces, config.weights, strict=True)),
        "split": split,
        "provenance": metadata["provenance"],
    }
    with create_hdf5(out, about) as file:
        for space, image, text in zip(config.spaces, images, texts, strict=True):
            file[f"image/{space}"] = image.numpy(force=True)
            file[f"text/{space}"] = text.numpy(force=True)
        file["imgid"] = data.imgid
        file["sentid"] = data.sentid
        file["caption_image"] = data.caption_image.numpy(force=True)


def same_data(metadata: dict[str, Any], features: Path, tokens: Path) -> bool:
    """Whether a row was trained on these files; where its CNN was too, the features must be that CNN's."""
    if "tuned" not in metadata:
        return metadata["provenance"]["data"] == data_of(features, tokens)
    with open_hdf5(features) as file:
        weights = hdf5_metadata(file).get("weights")
    return metadata["tuned"] == {"weights": weights, "tokens": sha256(tokens)}


def main() -> None:
    arguments = parser(__doc__)
    for name in ("checkpoint", "features", "tokens", "out"):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    arguments.add_argument("--split", required=True, choices=SPLITS)
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--device", required=True)
    run(embed, arguments)


if __name__ == "__main__":
    main()
