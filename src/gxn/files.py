"""The kinds of files there are: written whole or not at all, and read without executing anything."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gxn.errors import GxnError
from gxn.regular import opened, parse_json, read_bytes, read_text
from gxn.writing import atomic

ATTRIBUTE = "gxn"
# torch's own files begin as a zip archive, a pickle, or a tar archive's first name
PICKLES = (b"PK", b"\x80", b"cv")
CONVERT = (
    'safetensors.torch.save_file(torch.load("w.pth", weights_only=True), "w.safetensors"), '
    "where it holds tensors alone"
)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as JSON with one key per line; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def write_rows(path: str | Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write rows of numbers as CSV, six digits each; the first row's keys are the columns."""
    lines = [",".join(rows[0]), *(",".join(f"{value:.6g}" for value in row.values()) for row in rows)]
    write_text(path, "\n".join(lines) + "\n")


def read_json(path: str | Path) -> Any:
    """Read JSON.

    Raises:
        GxnError: the file cannot be read, is not UTF-8 or not JSON, or has a key twice in one object.
    """
    return parse_json(read_text(path), str(path))


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes.

    Raises:
        GxnError: it cannot be read, or is not a regular file.
    """
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of a JSON-serialisable value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def save_tensors(path: str | Path, tensors: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Write torch tensors as safetensors, `metadata` as one JSON string so that the bytes are stable.

    A hash of both stands in that string too, since safetensors has no checksum.
    """
    from safetensors.torch import save

    contiguous = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    about = json.dumps(metadata, sort_keys=True)
    with atomic(path) as temporary:
        whole = {"about": metadata, "sha256": _seal(contiguous, about)}
        temporary.write_bytes(save(contiguous, {ATTRIBUTE: json.dumps(whole, sort_keys=True)}))


def load_tensors(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and metadata of a safetensors file; nothing in it is executed.

    Raises:
        GxnError: the file is missing, is not safetensors, holds NaN or infinite numbers, or was written here and
            has changed since.
    """
    from safetensors import SafetensorError, safe_open

    head = read_bytes(path, 9)  # of safetensors: the length of its JSON, any 8 bytes, and its brace
    if head.startswith(PICKLES) and head[8:] != b"{":
        raise GxnError(f"{path}: is torch's own format, which can execute code; convert it by {CONVERT}")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            text = (file.metadata() or {}).get(ATTRIBUTE)
        whole = {} if text is None else json.loads(text)
        unsound = [name for name, each in tensors.items() if not each.isfinite().all()]
    except (OSError, SafetensorError, ValueError, RuntimeError, RecursionError) as error:
        raise GxnError(f"{path}: cannot be read as safetensors: {error}; make it again") from error
    if unsound:
        raise GxnError(f"{path}: {unsound[0]} contains NaN or infinite numbers; make it again")
    if text is None:
        return tensors, {}  # somebody else's file
    metadata = whole.get("about") if isinstance(whole, dict) else None
    if not isinstance(metadata, dict) or whole.get("sha256") != _seal(
        tensors, json.dumps(metadata, sort_keys=True)
    ):
        raise GxnError(f"{path}: is damaged: its content is not what was written; delete it and run again")
    return tensors, metadata


def _seal(tensors: Mapping[str, Any], about: str) -> str:
    """Hexadecimal SHA-256 over names, types, shapes and bytes of tensors, and over the metadata."""
    import torch

    found = hashlib.sha256(about.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def rows_of(wanted: np.ndarray, present: np.ndarray, path: str | Path, what: str = "imgid") -> np.ndarray:
    """Rows of `present` (N,) at which the ids `wanted` (M,) stand: files are joined by id, never by order.

    Raises:
        GxnError: an id is absent from `path`, or stands there twice.
    """
    order = np.argsort(present, kind="stable")
    ordered = present[order]
    if len(ordered) > 1 and (ordered[1:] == ordered[:-1]).any():
        twice = ordered[1:][ordered[1:] == ordered[:-1]][0]
        raise GxnError(f"{path}: {what} {twice} occurs twice")
    position = np.searchsorted(ordered, wanted)
    found = position < len(ordered)
    found[found] = ordered[position[found]] == wanted[found]
    if not found.all():
        missing = f"{what} {wanted[~found][0]} is missing ({(~found).sum()} of {len(wanted)})"
        raise GxnError(f"{path}: {missing}; make it again")
    return order[position]
