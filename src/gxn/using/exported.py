"""An exported row: one folder with all that search, captions and drawings need, its parts bound by hashes.

`config.json` has the hash of the vocabulary, of the CNN and of the transform; the metadata of `model.safetensors`,
which its own seal covers, have the hash of what `config.json` says of them. So no part can be changed for another.
"""

import shutil
from pathlib import Path
from typing import Any

from gxn.configuration.features import Features, FixedCnn
from gxn.configuration.section import parse
from gxn.datasets.tokens import read_vocabulary
from gxn.errors import GxnError
from gxn.files import digest, load_tensors, read_json, save_tensors, sha256, write_json
from gxn.processors import compute_threads
from gxn.training.device import choose_device
from gxn.using.model import Model, read_model
from gxn.using.photographs import Photographs
from gxn.using.vocabulary import Vocabulary
from gxn.writing import atomic

MODEL, CONFIG, VOCABULARY, TRANSFORM = "model.safetensors", "config.json", "vocabulary.json", "transform.json"
CNN, CARD = "cnn.safetensors", "README.md"
KEPT = ("encoders", "decoder", "augmentation", "generator")  # networks that are used; D is not
BOUND = ("vocabulary", "cnn", "transform")  # entries of config.json that the model is bound to
FORMAT = 1


def export(model: Model, checkpoint: Path, folder: Path) -> None:
    """Write a row as a folder that `load` opens.

    Args:
        model: the row.
        checkpoint: its file.
        folder: to write; it must not exist, or be empty.

    Raises:
        GxnError: there is something in the folder already, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GxnError(f"{folder}: already exists; name a new folder")
    vocabulary, photographs = model.vocabulary, model.photographs
    transform = photographs.settings.model_dump(mode="json") if photographs else None
    config: dict[str, Any] = {
        "format": FORMAT,
        "row": model.row,
        "seed": model.seed,
        "dataset": model.dataset,
        "tokeniser": vocabulary.tokeniser,
        "max_length": vocabulary.max_length,
        "caption_length": model.longest,
        "warnings": list(model.warnings),
        "vocabulary": vocabulary.hash,
        "cnn": None,
        "transform": digest(transform),
    }
    if photographs:
        cnn = photographs.cnn
        config["cnn"] = {"name": cnn.name, "layer": cnn.layer, "sha256": photographs.sha256}
        with atomic(folder / CNN) as temporary:
            shutil.copyfile(photographs.weights, temporary)
    tensors, about = load_tensors(checkpoint)
    kept = {name: tensor for name, tensor in tensors.items() if name.partition(".")[0] in KEPT}
    write_json(folder / VOCABULARY, {"words": list(vocabulary.words)})
    write_json(folder / TRANSFORM, transform)
    save_tensors(folder / MODEL, kept, about | {"bound": _bound(config)})
    write_json(folder / CONFIG, config)  # last: without it the folder is not an exported row


def load(folder: str | Path) -> Model:
    """Open an exported folder.

    Raises:
        GxnError: it is not an exported row, or a part of it is damaged or is not the one of the training.
    """
    folder = Path(folder)
    if not (folder / CONFIG).is_file():
        raise GxnError(
            f"{folder}: is not an exported row, as it has no {CONFIG}; gxn export ROW DIR makes one"
        )
    config = read_json(folder / CONFIG)
    path = folder / MODEL
    _, about = load_tensors(path)
    try:
        if config["format"] != FORMAT:
            raise GxnError(f"{folder}: was exported by another version of gxn; export it again")
        if about.get("bound") != _bound(config):
            raise GxnError(f"{folder}: {CONFIG} does not belong to {MODEL}; export the row again")
        words = Vocabulary(
            tuple(read_vocabulary(folder / VOCABULARY)), config["tokeniser"], config["max_length"]
        )
        if words.hash != config["vocabulary"] or words.hash != about["vocabulary"]:
            raise GxnError(
                f"{folder / VOCABULARY}: is another vocabulary than the row was trained with; export it again"
            )
        device = choose_device("auto", compute_threads())
        return read_model(
            path,
            device,
            row=config["row"],
            seed=config["seed"],
            dataset=config["dataset"],
            vocabulary=words,
            photographs=_photographs(folder, config, device),
            longest=config["caption_length"],
            warnings=config["warnings"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GxnError(f"{folder}: is damaged ({type(error).__name__}: {error}); export it again") from error


def _photographs(folder: Path, config: dict[str, Any], device: Any) -> Photographs | None:
    """The CNN and its transform; None where the row was trained on precomputed features."""
    transform = read_json(folder / TRANSFORM)
    if digest(transform) != config["transform"]:
        raise GxnError(
            f"{folder / TRANSFORM}: is another transform than the row was trained with; export it again"
        )
    if config["cnn"] is None:
        return None
    cnn = FixedCnn(name=config["cnn"]["name"], layer=config["cnn"]["layer"])
    weights = folder / CNN
    if (found := sha256(weights)) != config["cnn"]["sha256"]:
        raise GxnError(
            f"{weights}: is another CNN than the row was trained with: its SHA-256 is {found[:12]}…, not "
            f"{config['cnn']['sha256'][:12]}…; export the row again"
        )
    settings = parse(Features, transform, str(folder / TRANSFORM))
    return Photographs(cnn, settings, weights, config["cnn"]["sha256"], device)


def _bound(config: dict[str, Any]) -> str:
    """Hash of the parts that belong to a model and must not be exchanged."""
    return digest({key: config[key] for key in BOUND})
