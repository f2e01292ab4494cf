"""Damage to files by those who know their formats: each gives what was done, and whether the file is sealed anew.

A sealed file's numbers may be others after bytes of it were changed under a new seal, as by somebody who means it.
"""

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ODD = [
    None, True, False, 0, -1, 2**31, 2**63, 2**80, -(2**80), 1.5, float("nan"), float("inf"), 1e308, "", " ", "\n",
    "\0", "a\0b", "\ud800", "\u202e", "é", "e\u0301", "\u200b", "\ufeff", "🐕", "../../etc/passwd", "/dev/zero",
    "$(touch x)", "'; --", "x" * 100_000, [], [[]], {}, {"": None}, [None], ["a"], [0] * 10_000,
]  # fmt: skip
TEXTS = [
    "\0", "\t", "\t\t", '"', "'", ",", "|", "#0", "\r", "\r\n", "\n\n", "\u2028", "\ufeff", "\x1a", "{", "[",
    "- ", ": ", "&a ", "*a", "!!python/object:os.system", "<<: ", "%", "1e999", "٣", "é", "e\u0301", "../",
    "x" * 70_000,
]  # fmt: skip
NUMPY = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 6), }"


def damage_bytes(data: bytes, chance: random.Random, first: int = 0) -> tuple[str, bytes]:
    """Truncation, flipped bits, blocks of zeros or noise, missing and doubled blocks; none before byte `first`."""
    what = chance.choice("cut cut flip flip flip flips zeros noise lost twice empty tail".split())
    place, length = chance.randrange(first, len(data)), chance.randrange(1, 64)
    found = bytearray(data)
    if what == "cut":
        found = found[:place]
    elif what in ("flip", "flips"):
        for _ in range(1 if what == "flip" else length):
            found[chance.randrange(first, len(data))] ^= 1 << chance.randrange(8)
    elif what == "zeros":
        found[place : place + length] = bytes(len(found[place : place + length]))
    elif what == "noise":
        found[place : place + length] = chance.randbytes(len(found[place : place + length]))
    elif what == "lost":
        del found[place : place + length]
    elif what == "twice":
        found[place:place] = found[place : place + length]
    elif what == "empty":
        found = found[:first]
    elif what == "tail":
        found += chance.randbytes(length)
    return what, bytes(found)


def damage_json(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """An odd value, a lost, new or doubled element somewhere in the tree; deep nesting, or a key given twice."""
    if chance.random() < 0.02:
        return "deep", chance.choice([b"[", b'{"a":']) * 100_000
    value = json.loads(data)
    value, what = damage_tree(value, chance)
    text = json.dumps(value)
    if chance.random() < 0.03 and text.count('": ') > 1:
        at = text.index('": ')
        key = text[text.rindex('"', 0, at) : at + 3]
        text = text.replace(key, f"{key}0, {key}", 1)
        what += ", a key twice"
    return what, text.encode()


def damage_tree(value: Any, chance: random.Random) -> tuple[Any, str]:
    """A tree of dicts and lists with one change."""
    places = [(value, key) for key in (value if isinstance(value, dict) else range(len(value)))]
    for holder, key in places:
        child = holder[key]
        if isinstance(child, dict | list):
            places += [
                (child, each) for each in (list(child) if isinstance(child, dict) else range(len(child)))
            ]
    holder, key = chance.choice(places)
    what = chance.choice(["odd", "odd", "odd", "lost", "new", "twice"])
    if what == "odd":
        holder[key] = copy.deepcopy(chance.choice(ODD))
    elif what == "lost":
        del holder[key]
    elif isinstance(holder, dict):
        holder[chance.choice(["", "sede", "é", "\ud800", f"{key} "])] = copy.deepcopy(holder[key])
    else:
        holder.append(copy.deepcopy(holder[key]))
    return value, f"{what} at {key!r}"


def damage_text(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A line lost, doubled or moved, a field taken out, or a piece of another format put in."""
    text = data.decode()
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    what = chance.choice("insert insert insert lost twice moved shorter joined".split())
    if what == "insert":
        place = chance.randrange(len(text) + 1)
        piece = chance.choice(TEXTS)
        return f"{piece[:9]!r} at {place}", (text[:place] + piece + text[place:]).encode(
            "utf-8", "surrogatepass"
        )
    if what == "lost":
        del lines[at]
    elif what == "twice":
        lines.insert(at, lines[at])
    elif what == "moved":
        lines.insert(chance.randrange(len(lines)), lines.pop(at))
    elif what == "shorter":
        lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
    else:
        lines[at : at + 2] = [" ".join(lines[at : at + 2])]
    return what, "\n".join(lines).encode()


def damage_hdf5(path: Path, chance: random.Random) -> str:
    """Another kind, size or shape of one of its datasets, or other metadata, in a file that is otherwise good."""
    import h5py
    import numpy as np
    from edits import edited

    from gxn.files import ATTRIBUTE

    with edited(path) as file:
        names: list[str] = []
        file.visititems(lambda name, each: names.append(name) if isinstance(each, h5py.Dataset) else None)
        if chance.random() < 0.2:
            tree = json.loads(file.attrs[ATTRIBUTE])
            what, text = damage_json(json.dumps({"gxn": tree}).encode(), chance) if tree else ("none", b"")
            del file.attrs[ATTRIBUTE]
            if what != "deep" and text:
                content = json.loads(text).get("gxn") if b"gxn" in text else None
                text = json.dumps(content).encode()[:60_000]
            if text and what != "deep":
                file.attrs[ATTRIBUTE] = np.bytes_(text)
            return f"metadata, {what}"
        name = chance.choice([name for name in sorted(names) if not name.startswith(("val", "test"))])
        good, kind = file[name][:], file[name].dtype
        del file[name]
        kinds = "gone group text complex scalar huge none fewer more nan inf float deeper negative link soft"
        what = chance.choice(kinds.split())
        if what in ("nan", "inf") and kind.kind != "f":
            what = "fewer"
        if what in ("float", "negative") and kind.kind not in "iu":
            what = "complex"
        if what == "group":
            file.create_group(name)
        elif what == "huge":
            file.create_dataset(name, (1 << 40, *good.shape[1:]), kind, chunks=(1024, *good.shape[1:]))
        elif what == "link":
            file[name] = h5py.ExternalLink("/dev/zero", "/x")
        elif what == "soft":
            file[name] = h5py.SoftLink(f"/{name}")
        elif what in ("nan", "inf"):
            file[name] = np.full_like(good, float(what))
        elif what != "gone":
            file[name] = {
                "text": lambda: np.full(good.shape, b"x"),
                "complex": lambda: np.zeros(good.shape, np.complex64),
                "scalar": lambda: 1,
                "none": lambda: np.zeros((0, *good.shape[1:]), np.uint8 if kind.kind == "O" else kind),
                "fewer": lambda: good[:-1] if kind.kind != "O" else np.zeros(3),
                "more": lambda: np.concatenate([good, good[-1:]]) if kind.kind != "O" else np.zeros(3),
                "float": lambda: np.linspace(0.5, 1, good.size).reshape(good.shape),
                "deeper": lambda: np.zeros((2, 2, 2, 2, 2)),
                "negative": lambda: np.full(good.shape, -(2**40)),
            }[what]()
    return f"{what}: {name}"


def damage_tensors(path: Path, chance: random.Random) -> str:
    """A tensor lost, added, of another shape or kind, or metadata of other types; sealed as if it were meant."""
    import torch

    from gxn.files import load_tensors, save_tensors

    tensors, metadata = load_tensors(path)
    name = chance.choice(sorted(tensors))
    sizes = metadata.get("sizes")
    what = chance.choice(
        ["lost", "new", "shape", "nan", "size" if sizes else "lost", "encoder" if sizes else "shape"]
    )
    if what == "lost":
        del tensors[name]
    elif what == "new":
        tensors["x"] = torch.zeros(1)
    elif what == "shape":
        tensors[name] = torch.zeros(2, 2, 2)
    elif what == "nan":
        tensors[name] = torch.full_like(tensors[name].float(), float("nan"))
    elif what == "size":
        name = chance.choice(sorted(sizes))
        sizes[name] = chance.choice([None, "a", -1, 0, 1, 2**40, 1.5, [], True])
    else:
        metadata["encoder"] = chance.choice([None, [], "a", {}, metadata["encoder"] | {"spaces": ["x"]}])
    save_tensors(path, tensors, metadata)
    return f"{what}: {name}"


def damage_arrays(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """An .npz with an array lost, or of another kind, shape or value; or with an entry that is none."""
    import numpy as np

    with np.load(io.BytesIO(data)) as file:
        arrays = {name: file[name] for name in file.files}
    name = chance.choice(sorted(arrays))
    what = chance.choice("lost fewer text object nan huge scalar deeper float entry".split())
    good, out = arrays[name], io.BytesIO()
    changed = {
        "fewer": lambda: np.atleast_1d(good)[:-1],
        "text": lambda: np.full(good.shape, "x"),
        "object": lambda: np.full(good.shape, None),
        "nan": lambda: np.full(good.shape, np.nan),
        "scalar": lambda: np.array(1),
        "deeper": lambda: np.zeros((2, 2, 2, 2, 2)),
        "float": lambda: np.full(good.shape, 1e300),
    }
    if what == "lost":
        del arrays[name]
    elif what in changed:
        arrays[name] = changed[what]()
    np.savez(out, **arrays)
    if what in ("huge", "entry"):
        with zipfile.ZipFile(out, "a") as file:
            head = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 6), }" % (
                1 << 40
            )
            file.writestr("huge.npy" if what == "huge" else "readme.txt", head.ljust(127) + b"\n")
    return f"{what}: {name}", out.getvalue()


def damage_archive(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A zip archive with an entry that leads out, is a link or a device, is doubled, or compressed otherwise."""
    what = chance.choice("out absolute link device twice bzip2 lzma drive long".split())
    names = {
        "out": "../x.jpg",
        "absolute": "/tmp/x.jpg",
        "twice": "a/1.jpg",
        "drive": "C:\\x",
        "long": "x" * 300,
    }
    entry = zipfile.ZipInfo(names.get(what, "a/x.jpg"))
    entry.external_attr = {"link": 0o120777, "device": 0o020666}.get(what, 0o100644) << 16
    entry.compress_type = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}.get(what, zipfile.ZIP_STORED)
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as file:
        file.writestr(entry, b"/etc/passwd")
    return what, out.getvalue()


KNOWING: dict[str, Callable[[bytes, random.Random], tuple[str, bytes]]] = {
    "json": damage_json,
    "text": damage_text,
    "npz": damage_arrays,
    "zip": damage_archive,
}


def inflict(kind: str, good: Path, target: Path, chance: random.Random) -> tuple[str, bool]:
    """Write a damaged copy of a file of this kind to `target`.

    Returns:
        What was done, and whether another content was sealed as if it were meant.
    """
    target.parent.mkdir(exist_ok=True)
    data = good.read_bytes()
    target.write_bytes(data)
    way = chance.random()
    if kind == "hdf5" and way < 0.75:
        if way < 0.5:
            what = damage_hdf5(target, chance)
            return what, what.startswith("metadata")
        from gxn.hdf5 import USER_BLOCK, seal

        what, data = damage_bytes(data, chance, USER_BLOCK)
        target.write_bytes(data)
        seal(target)
        return f"{what}, sealed", True
    if kind == "tensors" and way < 0.5:
        return damage_tensors(target, chance), False
    damage = KNOWING[kind] if kind in KNOWING and way < 0.7 else damage_bytes
    what, data = damage(data, chance)
    target.write_bytes(data)
    return what, False
