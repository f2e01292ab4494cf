"""Kill the whole workflow at random moments, start it again until it is done, compare every byte.

    python tests/faults/kills.py --kills 20 --seed 0

An uninterrupted run comes first. Each kill is aimed at one of its jobs, so that all are hit: at some time of the
job's life, drawn by seed, or, where it keeps a state to resume from, soon after that state is there. SIGKILL goes
to the whole process group; then `snakemake --unlock` and the same command again. A run that is done with kills
left, since some jobs ended before their time had come, is compared, and the rest goes to a run in another folder.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from workplace import Workplace

TARGETS = ("evaluation", "results/table_ablation.csv")
# the smoke configuration with more epochs, so that a kill finds states to resume from
LONGER = {
    "pretrain_ranking": {"epochs": 8},
    "pretrain_xe": {"epochs": 6},
    "pretrain_scst": {"epochs": 4},
    "pretrain_gan": {"epochs": 8},
    "joint": {"epochs": 5},
    "cnn": {"pretrain": {"epochs": 3}},
}


def state_of(job: str) -> str:
    """Pattern of the state that a training or an extraction of features keeps between batches or epochs."""
    dataset, _, rest = job.partition("/")
    name = {"train_cnn": "cnn", "extract_features": "features"}.get(rest, rest)
    return f"scratch/{dataset}/{name}/*"


@dataclass
class Outcome:
    """Effects of the kills."""

    kills: int = 0
    hit: Counter = field(default_factory=Counter)
    resumed: int = 0
    runs: int = 0
    restarts_failed: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


def watch(place: Workplace, command: list[str]) -> dict[str, float]:
    """Run to the end; the jobs, in the order in which they began, and how many seconds each took."""
    process = place.start(*command)
    began: dict[str, float] = {}
    lasted: dict[str, float] = {}
    try:
        while process.poll() is None:
            for job in place.at_work():
                now = time.monotonic()
                lasted[job] = now - began.setdefault(job, now)
            time.sleep(0.05)
    finally:
        place.kill(process)
    if process.returncode:
        raise SystemExit(f"the uninterrupted run failed:\n{place.said[-4000:]}")
    return lasted


def aim(
    place: Workplace, process: Popen, aims: Counter, jobs: dict[str, float], random: random.Random
) -> str:
    """Wait for the moment of the next kill; the job that was aimed at, or nothing when the run has ended."""
    while process.poll() is None:
        job = next((job for job in place.at_work() if aims[job]), "")
        if job:
            begun, until = time.monotonic(), random.uniform(0, jobs[job])
            after_state = random.random() < 0.6
            while job in place.at_work():
                if after_state and any(place.folder.glob(state_of(job))):
                    time.sleep(random.uniform(0, 0.3))
                    return job
                if time.monotonic() - begun > until and not (after_state and keeps_state(job)):
                    return job
                time.sleep(0.005)
        time.sleep(0.01)
    return ""


def keeps_state(job: str) -> bool:
    """True if a job can be resumed."""
    return any(word in job for word in ("train_cnn", "features", "pretrain_", "joint/"))


def choose_aims(jobs: list[str], kills: int, random: random.Random) -> Counter:
    """Number of times to hit each job: one at most once more than any other."""
    chosen = jobs * (kills // len(jobs)) + random.sample(jobs, kills % len(jobs))
    return Counter({name: chosen.count(name) for name in jobs})


def kill_often(
    place: Workplace,
    command: list[str],
    jobs: dict[str, float],
    aims: Counter,
    random: random.Random,
    outcome: Outcome,
) -> None:
    """One run with kills, until it is done."""
    outcome.runs += 1
    while True:
        process = place.start(*command)
        job = aim(place, process, aims, jobs, random)
        if not job:
            place.kill(process)
            if process.returncode:
                outcome.restarts_failed.append(place.said[-2000:])
            break
        running = place.kill(process)
        aims[job] -= 1
        outcome.kills += 1
        outcome.hit.update(running)
        outcome.resumed += resumed(place)
        print(f"kill {outcome.kills}: at {', '.join(running) or 'no job'} (aimed at {job})", flush=True)
        code, said = place.run("--unlock", *command)
        if code:
            outcome.restarts_failed.append(said[-2000:])
            break
    outcome.resumed += resumed(place)


def resumed(place: Workplace) -> int:
    """Logs that say so; each is counted once, then put away."""
    found = [path for path in (place.folder / "logs").rglob("*.log") if "resumed after" in path.read_text()]
    for path in found:
        path.write_text("")
    return len(found)


def main(kills: int, seed: int, folder: Path | None, cores: int) -> Outcome:
    """The whole of it; `folder` is where the copies are kept, else a temporary one."""
    outcome, generator = Outcome(), random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        base, start = folder or Path(temporary), time.monotonic()
        whole = Workplace(base / "whole")
        command = ["--cores", str(cores), "--configfile", "config/smoke.yaml", whole.configure(LONGER)]
        command += ["--", *TARGETS]
        jobs = watch(whole, command)
        print(f"uninterrupted: {len(jobs)} jobs, {time.monotonic() - start:.0f} s", flush=True)
        expected, aims = whole.made(), choose_aims(list(jobs), kills, generator)
        while outcome.kills < kills and not outcome.restarts_failed:
            cut = Workplace(base / f"cut{outcome.runs}")
            cut.configure(LONGER)
            kill_often(cut, command, jobs, aims, generator, outcome)
            found = cut.made()
            names = sorted(expected.keys() | found.keys())
            outcome.different += [name for name in names if expected.get(name) != found.get(name)]
        report(outcome, len(expected), time.monotonic() - start)
    return outcome


def report(outcome: Outcome, files: int, seconds: float) -> None:
    """Print what happened."""
    survived = outcome.kills - len(outcome.restarts_failed)
    print("at work when killed: " + ", ".join(f"{name} {n}" for name, n in sorted(outcome.hit.items())))
    print(f"runs: {outcome.runs}; jobs that resumed from a state: {outcome.resumed}")
    print(
        f"files under data/ and results/: {files}, different from the uninterrupted run: {outcome.different}"
    )
    print(f"kills survived of kills made: {survived} of {outcome.kills}; {seconds:.0f} s")
    for said in outcome.restarts_failed:
        print(said)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep the two copies here")
    parser.add_argument("--cores", type=int, default=2)
    found = main(**vars(parser.parse_args()))
    sys.exit(bool(found.restarts_failed or found.different))
