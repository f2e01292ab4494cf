"""Damage the files of every reader: each case must end in a GxnError or in a right answer.

    python tests/faults/fuzz.py --cases 1200 --seed 0

Cases run in a process of their own, with a limit of memory; one that crashes or hangs is named, and the next
process goes on after it. Wrong is: any other exception, a crash, a hang, a message without the file's name,
and an answer that is not that of the good file (binary files) or of the damaged text read independently.
"""

import argparse
import copy
import json
import os
import random
import resource
import selectors
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
HANGS_AFTER = 30.0  # seconds in one case, on a busy machine
STARTS_WITHIN = 300.0  # imports, good files
MEMORY = 6 << 30
ODD = [
    None, True, False, 0, -1, 2**31, 2**63, 2**80, -(2**80), 1.5, float("nan"), float("inf"), 1e308, "", " ", "\n",
    "\0", "a\0b", "\ud800", "\u202e", "é", "e\u0301", "\u200b", "\ufeff", "🐕", "../../etc/passwd", "/dev/zero",
    "$(touch x)", "'; --", "x" * 100_000, [], [[]], {}, {"": None}, [None], ["a"], [0] * 10_000,
]  # fmt: skip


@dataclass
class Verdict:
    """Counts over all cases."""

    cases: int = 0
    errors: int = 0
    answers: int = 0
    by_reader: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def damage_bytes(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Truncation, flipped bits, blocks of zeros or noise, missing and doubled blocks, another file's head."""
    kinds = "cut cut flip flip flip flips zeros noise lost twice empty tail"
    what = chance.choice(kinds.split())
    place, length = chance.randrange(len(data)), chance.randrange(1, 64)
    found = bytearray(data)
    if what == "cut":
        found = found[:place]
    elif what in ("flip", "flips"):
        for _ in range(1 if what == "flip" else length):
            found[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif what == "zeros":
        found[place : place + length] = bytes(len(found[place : place + length]))
    elif what == "noise":
        found[place : place + length] = chance.randbytes(len(found[place : place + length]))
    elif what == "lost":
        del found[place : place + length]
    elif what == "twice":
        found[place:place] = found[place : place + length]
    elif what == "empty":
        found = bytearray()
    elif what == "tail":
        found += chance.randbytes(length)
    return what, bytes(found)


def damage_json(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """An odd value, a lost, new or doubled element somewhere in the tree; or deep nesting."""
    if chance.random() < 0.02:
        return "deep", b"[" * 100_000
    value = json.loads(data)
    places = [(value, key) for key in value]
    for holder, key in places:
        child = holder[key]
        if isinstance(child, dict | list):
            keys = child if isinstance(child, dict) else range(len(child))
            places += [(child, each) for each in list(keys)]
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
    return f"{what} at {key!r}", json.dumps(value).encode()


def damage_hdf5(path: Path, chance: random.Random) -> str:
    """Another kind, size or shape of one of its datasets, in a file that is otherwise good."""
    import h5py
    import numpy as np
    from edits import edited

    with edited(path) as file:
        names: list[str] = []
        file.visititems(lambda name, each: names.append(name) if isinstance(each, h5py.Dataset) else None)
        needed = [name for name in sorted(names) if not name.startswith(("val", "test"))]
        name = chance.choice(needed)
        good, kind = file[name][:], file[name].dtype
        del file[name]
        kinds = "gone group text complex scalar huge none fewer nan float deeper"
        what = chance.choice(kinds.split())
        if what == "nan" and kind.kind != "f":
            what = "fewer"
        if what == "float" and (kind.kind not in "iu"):
            what = "complex"
        if what == "group":
            file.create_group(name)
        elif what == "huge":
            file.create_dataset(name, (1 << 40, *good.shape[1:]), kind, chunks=(1024, *good.shape[1:]))
        elif what == "nan":
            file[name] = np.full_like(good, np.nan)
        elif what != "gone":
            file[name] = {
                "text": np.full(good.shape, b"x"),
                "complex": np.zeros(good.shape, np.complex64),
                "scalar": 1,
                "none": np.zeros((0, *good.shape[1:]), np.uint8 if kind.kind == "O" else kind),
                "fewer": good[:-1] if kind.kind != "O" else np.zeros(3),
                "float": np.linspace(0.5, 1, good.size).reshape(good.shape),
                "deeper": np.zeros((2, 2, 2, 2, 2)),
            }[what]
    return f"{what}: {name}"


def damage_tensors(path: Path, chance: random.Random) -> str:
    """A tensor lost, added, of another shape or kind, or metadata of other types; sealed as if it were meant."""
    import torch

    from gxn.files import load_tensors, save_tensors

    tensors, metadata = load_tensors(path)
    name = chance.choice(sorted(tensors))
    sizes = metadata.get("sizes")
    what = chance.choice(
        ["lost", "new", "shape", "size" if sizes else "lost", "encoder" if sizes else "shape"]
    )
    if what == "lost":
        del tensors[name]
    elif what == "new":
        tensors["x"] = torch.zeros(1)
    elif what == "shape":
        tensors[name] = torch.zeros(2, 2, 2)
    elif what == "size":
        name = chance.choice(sorted(sizes))
        sizes[name] = chance.choice([None, "a", -1, 0, 1, 2**40, 1.5, [], True])
    else:
        metadata["encoder"] = chance.choice([None, [], "a", {}, metadata["encoder"] | {"spaces": ["x"]}])
    save_tensors(path, tensors, metadata)
    return f"{what}: {name}"


def inflict(sample, target: Path, chance: random.Random) -> str:
    """Write a damaged copy of the sample to `target`; what was done."""
    target.parent.mkdir(exist_ok=True)
    data = sample.path.read_bytes()
    target.write_bytes(data)
    structured = chance.random() < 0.5
    if sample.kind == "hdf5" and structured:
        return damage_hdf5(target, chance)
    if sample.kind == "tensors" and structured:
        return damage_tensors(target, chance)
    damage = damage_json if sample.kind == "json" and chance.random() < 0.7 else damage_bytes
    what, data = damage(data, chance)
    target.write_bytes(data)
    return what


def judge(sample, good, target: Path) -> str:
    """`error`, `answer`, or what is wrong."""
    from samples import same

    from gxn.errors import GxnError

    try:
        answer = sample.read(target)
    except GxnError as error:
        return "error" if str(target.name) in str(error) else f"WRONG the message names no file: {error}"
    except Exception as error:
        return f"WRONG {type(error).__name__}: {str(error)[:200]}"
    try:
        right = sample.right(target, answer) if sample.right else same(answer, good)
    except Exception as error:
        return f"WRONG answer, {type(error).__name__} when checked: {str(error)[:200]}"
    return "answer" if right else "WRONG answer"


def work(start: int, stop: int, seed: int) -> None:
    """The process that runs cases; a line before and after each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    import torch
    from samples import make

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        samples = make(Path(folder))
        good = {name: sample.read(sample.path) for name, sample in samples.items()}
        said = os.fdopen(os.dup(1), "w", buffering=1)
        sys.stdout = open(os.devnull, "w")
        for case in range(start, stop):
            chance = random.Random(f"{seed}/{case}")
            name = list(samples)[case % len(samples)]
            target = Path(folder) / "damaged" / samples[name].path.name
            what = inflict(samples[name], target, chance)
            said.write(f"begin {case} {name}: {what}\n")
            said.write(f"end {case} {judge(samples[name], good[name], target)!r}\n")


def fuzz(cases: int, seed: int) -> Verdict:
    """Run all cases in as many processes as it takes."""
    verdict, case = Verdict(), 0
    while case < cases:
        command = [sys.executable, __file__, "--work", str(case), "--cases", str(cases), "--seed", str(seed)]
        process = subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests/shared")))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            case = follow(process, case, verdict)
        finally:
            process.kill()
            process.communicate()
    return verdict


def follow(process: subprocess.Popen, case: int, verdict: Verdict) -> int:
    """Count what a process says; the case to go on with after it."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        about = ""
        while True:
            if not selector.select(HANGS_AFTER if about else STARTS_WITHIN):
                verdict.cases += 1
                tell(f"case {case} {about}: HANGS", verdict)
                return case + 1
            line = process.stdout.readline()
            if not line:
                if process.wait() == 0:
                    return sys.maxsize
                if not about:
                    raise RuntimeError(f"the process did not start: {process.stderr.read()[-2000:]}")
                verdict.cases += 1
                last = process.stderr.read()[-300:]
                tell(f"case {case} {about}: CRASH {process.returncode}: {last}", verdict)
                return case + 1
            verb, number, rest = line.rstrip("\n").split(" ", 2)
            case = int(number)
            if verb == "begin":
                about = rest
                continue
            verdict.cases += 1
            reader = about.partition(":")[0]
            outcome = rest.strip("'\"").partition(" ")[0]
            verdict.by_reader[reader, outcome] += 1
            verdict.errors += outcome == "error"
            verdict.answers += outcome == "answer"
            if outcome == "WRONG":
                tell(f"case {case} {about}: {rest}", verdict)


def tell(wrong: str, verdict: Verdict) -> None:
    """Note a wrong case, and say it at once."""
    verdict.wrong.append(wrong)
    print(wrong, flush=True)


def report(verdict: Verdict) -> None:
    """Print the figures."""
    for reader in sorted({reader for reader, _ in verdict.by_reader}):
        counts = {outcome: verdict.by_reader[reader, outcome] for outcome in ("error", "answer", "WRONG")}
        print(f"{reader:14} " + "  ".join(f"{outcome} {count:4}" for outcome, count in counts.items()))
    print(
        f"cases {verdict.cases}: a clear error {verdict.errors}, a right answer {verdict.answers}, "
        f"wrong, crashed or hung {len(verdict.wrong)}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work is not None:
        work(given.work, given.cases, given.seed)
    else:
        found = fuzz(given.cases, given.seed)
        report(found)
        sys.exit(bool(found.wrong))
