"""Damage the files of every reader: each case must end in a GxnError or in a right answer.

    python tests/faults/fuzz.py --cases 1200 --seed 0

Cases run in a process of their own, with a limit of memory; one that crashes or hangs is named, and the next
process goes on after it. Wrong is: any other exception, a crash, a hang, a message without the file's name,
and an answer that is not that of the good file (binary files) or of the damaged text read independently.
"""

import argparse
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


@dataclass
class Verdict:
    """Counts over all cases."""

    cases: int = 0
    errors: int = 0
    answers: int = 0
    by_reader: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def judge(sample, good, target: Path, meant: bool) -> str:
    """`error`, `answer`, or what is wrong; where a change was sealed as meant, any whole answer is right."""
    from samples import same

    from gxn.errors import GxnError

    try:
        answer = sample.read(target)
    except GxnError as error:
        return "error" if str(target.name) in str(error) else f"WRONG the message names no file: {error}"
    except Exception as error:
        return f"WRONG {type(error).__name__}: {str(error)[:200]}"
    try:
        right = meant or (sample.right(target, answer) if sample.right else same(answer, good))
    except Exception as error:
        return f"WRONG answer, {type(error).__name__} when checked: {str(error)[:200]}"
    return "answer" if right else "WRONG answer"


def work(start: int, stop: int, seed: int) -> None:
    """The process that runs cases; a line before and after each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    import torch
    from mutators import inflict
    from samples import make

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        samples = make(Path(folder))
        said = os.fdopen(os.dup(1), "w", buffering=1)
        sys.stdout = open(os.devnull, "w")
        good = {name: sample.read(sample.path) for name, sample in samples.items()}
        for case in range(start, stop):
            chance = random.Random(f"{seed}/{case}")
            name = list(samples)[case % len(samples)]
            target = Path(folder) / "damaged" / samples[name].path.name
            what, meant = inflict(samples[name].kind, samples[name].path, target, chance)
            said.write(f"begin {case} {name}: {' '.join(what.split())!a}\n")
            said.write(f"end {case} {judge(samples[name], good[name], target, meant)!r}\n")


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
