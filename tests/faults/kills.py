"""Kill the whole workflow at random moments, start it again until it is done, compare every byte.

    python tests/faults/kills.py --kills 50 --seed 0 --folder scratch/kills
    python tests/faults/kills.py --kills 50 --seed 1 --folder scratch/kills

Each call is a piece of its own seed; `kills.json` in the folder counts all pieces together, and a piece counts
once its run is done and compared. An uninterrupted run comes first; later pieces use its hashes while the tree is
the same. Each kill is aimed at one of the jobs, so that all are hit, each several times: when the job's processes
have used some processor time, drawn by seed, or, where it keeps a state to resume from, soon after that state is
there. One SIGKILL in four, drawn by seed, goes to the whole process group, and the same command again; the others
go to all processes of the job, as that of a system out of memory, and Snakemake starts it again by --retries.
Where a run is done with kills left, since jobs ended before their time had come, the rest goes to a run in another
folder.
"""

import argparse
import json
import random
import resource
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from workplace import Workplace

TARGETS = ("evaluation", "all")
TIMES = "results/smoke/table_costs.csv"  # has processor seconds, which are not the same twice
WHOLE = 0.25  # share of the kills that end the whole workflow: starting Snakemake again takes 3.4 CPU seconds
# the smoke configuration with little of everything, but several epochs: a kill is to find states to resume from
ROWS = "bag vse0 infonce vsepp order abstract two_space gxn_i2t_xe gxn_i2t_mix gxn_t2i".split()
SMALL = {
    "dataset": {"source": {"train": 60, "val": 20, "test": 30}},
    "cnn": {"pretrain": {"images": 64, "held_out": 20, "epochs": 3}},
    **{f"pretrain_{stage}": {"epochs": 4} for stage in ("ranking", "xe", "gan")},
    "pretrain_scst": {"epochs": 3},
    "joint": {"epochs": 4},
    "methods": dict.fromkeys(ROWS) | {"acmr": {"kind": "adversarial", "encoder": "cosine", "label": "ACMR"}},
    "finetune": {"methods": ["gxn_i2t_t2i"], "epochs": 2},
    "evaluate": {"reader": {"images": 64, "steps": 4}},
    "significance": {"control": "gxn_i2t_t2i"},
}


@dataclass
class Piece:
    """Effects of the kills of one call; `seconds` are those of a processor, the tool's own included."""

    seed: int
    kills: int = 0
    whole: int = 0
    hit: Counter = field(default_factory=Counter)
    resumed: int = 0
    runs: int = 0
    files: int = 0
    seconds: float = 0.0
    restarts_failed: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


def state_of(job: str) -> str:
    """Pattern of the state that a training or an extraction of features keeps between batches or epochs."""
    dataset, _, rest = job.partition("/")
    name = {"train_cnn": "cnn", "extract_features": "features"}.get(rest, rest)
    return f"scratch/{dataset}/{name}/*"


def watch(place: Workplace, command: list[str]) -> dict[str, float]:
    """Run to the end; the jobs, in the order in which they began, and how many processor seconds each took."""
    process = place.start(*command)
    took: dict[str, float] = {}
    try:
        while process.poll() is None:
            for job, seconds in place.jobs().items():
                took[job] = max(seconds, took.get(job, 0.0))
            time.sleep(0.1)
    finally:
        place.kill(process)
    if process.returncode:
        raise SystemExit(f"the uninterrupted run failed:\n{place.said[-4000:]}")
    return took


def aim(
    place: Workplace, process: Popen, aims: Counter, took: dict[str, float], chance: random.Random
) -> str:
    """Wait for the moment of the next kill; the job that was aimed at, or nothing when the run has ended."""
    moments: dict[str, float | None] = {}  # by job; None: soon after its state is written
    began: dict[str, float] = {}
    while process.poll() is None:
        for job, seconds in place.jobs().items():
            if not aims[job]:
                continue
            if job not in moments:
                after_state = keeps_state(job) and chance.random() < 0.6
                moments[job] = None if after_state else chance.uniform(0, took[job])
                began[job] = time.time()
            moment = moments[job]
            if moment is None and written(place, state_of(job), began[job]):
                time.sleep(chance.uniform(0, 0.3))
                return job
            if moment is not None and seconds >= moment:
                return job
        time.sleep(0.05)
    return ""


def written(place: Workplace, pattern: str, since: float) -> bool:
    """True if a file was written since then."""
    try:
        return any(path.stat().st_mtime > since for path in place.folder.glob(pattern))
    except FileNotFoundError:  # replaced by the next
        return False


def keeps_state(job: str) -> bool:
    """True if a job can be resumed."""
    return any(
        word in job for word in ("train_cnn", "features", "pretrain_", "joint/", "system/", "finetune")
    )


def choose_aims(jobs: list[str], kills: int, chance: random.Random) -> Counter:
    """Number of times to hit each job: one at most once more than any other."""
    chosen = jobs * (kills // len(jobs)) + chance.sample(jobs, kills % len(jobs))
    return Counter({name: chosen.count(name) for name in jobs})


def kill_often(place: Workplace, command: list[str], took: dict[str, float], aims: Counter, chance: random.Random,
               piece: Piece) -> None:  # fmt: skip
    """One run with kills, until it is done."""
    piece.runs += 1
    process = place.start(*command)
    while job := aim(place, process, aims, took, chance):
        if whole := chance.random() < WHOLE:
            piece.hit.update(place.kill(process))
            piece.resumed += resumed(place)
            process = place.start(*command)
        elif not place.kill_job(job):
            continue  # it has just ended
        else:
            piece.hit[job] += 1
            log = place.folder / f"logs/{job}.log"
            piece.resumed += log.is_file() and "resumed after" in log.read_text()
        aims[job] -= 1
        piece.kills += 1
        piece.whole += whole
        print(f"kill {piece.kills}: {'all of it, at ' if whole else ''}{job}", flush=True)
    place.kill(process)
    piece.resumed += resumed(place)
    if process.returncode:
        piece.restarts_failed.append(place.said[-2000:])


def resumed(place: Workplace) -> int:
    """Logs that say so; each is counted once, then put away."""
    found = [path for path in (place.folder / "logs").rglob("*.log") if "resumed after" in path.read_text()]
    for path in found:
        path.write_text("")
    return len(found)


def uninterrupted(folder: Path, command: list[str]) -> tuple[dict[str, float], dict[str, str]]:
    """Jobs with their processor seconds, and hashes of what they made, kept in the folder for the next piece."""
    kept = folder / "uninterrupted.json"
    tree = Workplace(folder / "whole")
    tree.configure(SMALL)
    files = tree.made("src", "workflow", "config", "profiles")
    code = {name: digest for name, digest in files.items() if "__pycache__" not in name}
    if kept.exists() and (found := json.loads(kept.read_text()))["code"] == code:
        return found["took"], found["made"]
    took = watch(tree, command)
    kept.write_text(json.dumps({"code": code, "took": took, "made": tree.made()}))
    return took, tree.made()


def run(kills: int, seed: int, folder: Path, cores: int) -> Piece:
    """One piece, noted in the folder's `kills.json` after each of its runs."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in ("whole", f"cut{seed}"):
        shutil.rmtree(folder / left, ignore_errors=True)
    command = [
        "--cores",
        str(cores),
        "--retries",
        str(kills),
        "--configfile",
        "config/smoke.yaml",
        "config/own.yaml",
    ]
    command += ["--", *TARGETS]
    took, expected = uninterrupted(folder, command)
    piece, chance = Piece(seed, files=len(expected) - 1), random.Random(seed)
    aims = choose_aims(list(took), kills, chance)
    while piece.kills < kills and not piece.restarts_failed:
        cut = Workplace(folder / f"cut{seed}")
        cut.configure(SMALL)
        kill_often(cut, command, took, aims, chance, piece)
        found = cut.made()
        names = sorted((expected.keys() | found.keys()) - {TIMES})
        piece.different += [name for name in names if expected.get(name) != found.get(name)]
        shutil.rmtree(cut.folder)
        note(folder, piece)
    return piece


def note(folder: Path, piece: Piece) -> None:
    """Count a piece, as far as it is compared, in the folder's `kills.json`."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    piece.seconds = sum(each.ru_utime + each.ru_stime for each in spent)
    count = folder / "kills.json"
    others = (
        [each for each in json.loads(count.read_text()) if each["seed"] != piece.seed]
        if count.exists()
        else []
    )
    count.write_text(json.dumps([*others, vars(piece)], indent=1))


def report(pieces: list[dict]) -> None:
    """Print what all pieces together came to."""
    hit = sum((Counter(piece["hit"]) for piece in pieces), Counter())
    kills, failed = (
        sum(piece["kills"] for piece in pieces),
        [said for p in pieces for said in p["restarts_failed"]],
    )
    print("at work when killed: " + ", ".join(f"{name} {n}" for name, n in sorted(hit.items())))
    print(f"pieces: {len(pieces)}; runs: {sum(p['runs'] for p in pieces)}; "
          f"jobs that resumed from a state: {sum(p['resumed'] for p in pieces)}")  # fmt: skip
    different = [name for piece in pieces for name in piece["different"]]
    files = max(piece["files"] for piece in pieces)
    print(f"files under data/ and results/: {files}, different from the uninterrupted run: {different}")
    whole = sum(piece["whole"] for piece in pieces)
    print(
        f"kills survived of kills made: {kills - len(failed)} of {kills}, {whole} of them of the whole workflow"
    )
    print("\n".join(failed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True, help="of the copies and of the count")
    parser.add_argument("--cores", type=int, default=2)
    given = parser.parse_args()
    made = run(given.kills, given.seed, given.folder.absolute(), given.cores)
    report(json.loads((given.folder / "kills.json").read_text()))
    sys.exit(bool(made.restarts_failed or made.different))
