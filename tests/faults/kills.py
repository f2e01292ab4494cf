"""Kill the whole workflow at random moments, start it again until it is done, compare every byte.

    python tests/faults/kills.py --kills 20 --seed 0

An uninterrupted run comes first. Each kill is then aimed at one of its jobs, so that all rules are hit: some
time, drawn by seed, after the job has begun or, where it keeps a state to resume from, after that state is
there. SIGKILL goes to the whole process group; then `snakemake --unlock` and the same command again.
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
    "warmup": {"epochs": 8},
    "xe": {"epochs": 6},
    "rl": {"epochs": 4},
    "gan": {"epochs": 8},
    "joint": {"epochs": 5},
    "cnn": {"pretrain": {"epochs": 3}},
}


@dataclass
class Job:
    """A job of the uninterrupted run: its log, when it began, how long it took, the state it keeps."""

    log: str
    began: float
    lasted: float

    @property
    def states(self) -> str:
        """Pattern of the state that a training or an extraction of features keeps between batches or epochs."""
        dataset, _, rest = self.log.removeprefix("logs/").removesuffix(".log").partition("/")
        name = {"train_cnn": "cnn", "extract_features": "features"}.get(rest, rest)
        return f"scratch/{dataset}/{name}/*"


@dataclass
class Outcome:
    """What the kills did."""

    kills: int = 0
    idle: int = 0  # no job was at work: Snakemake alone was killed
    hit: Counter = field(default_factory=Counter)
    resumed: int = 0
    restarts_failed: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


def watch(place: Workplace, command: list[str]) -> dict[str, Job]:
    """Run to the end; the jobs in the order in which they began."""
    process = place.start(*command)
    logs, jobs = place.folder / "logs", {}
    try:
        while process.poll() is None:
            for path in logs.rglob("*.log"):
                name = str(path.relative_to(place.folder))
                jobs.setdefault(name, Job(name, time.time(), 0.0))
            time.sleep(0.05)
    finally:
        place.kill(process)
    if process.returncode:
        raise SystemExit(f"the uninterrupted run failed:\n{place.said[-4000:]}")
    for job in jobs.values():
        lasted = (place.folder / job.log).stat().st_mtime - job.began
        job.lasted = lasted if lasted > 1 else 5.0  # some logs stay empty
    return dict(sorted(jobs.items(), key=lambda item: item[1].began))


def next_aim(place: Workplace, process: Popen, aims: Counter, since: float) -> str | None:
    """Wait until a job begins that is still to be hit; its log. None when the run ends without one."""
    while process.poll() is None:
        for name, left in aims.items():
            log = place.folder / name
            if left and log.exists() and log.stat().st_mtime >= since:
                return name
        time.sleep(0.02)
    return None


def wait(place: Workplace, process: Popen, job: Job, random: random.Random) -> None:
    """Return at the moment of the kill, or when the run has ended."""
    if random.random() < 0.6:
        begun = time.time()
        while process.poll() is None and time.time() - begun < 2 * job.lasted:
            if any(place.folder.glob(job.states)):
                time.sleep(random.uniform(0, 0.5))
                return
            time.sleep(0.005)
        return
    until = time.time() + random.uniform(0, 1.1 * job.lasted)
    while process.poll() is None and time.time() < until:
        time.sleep(0.02)


def choose_aims(jobs: list[str], kills: int, random: random.Random) -> Counter:
    """How often to hit each job: one at most once more than any other."""
    chosen = jobs * (kills // len(jobs)) + random.sample(jobs, kills % len(jobs))
    return Counter({name: chosen.count(name) for name in jobs})


def kill_often(place: Workplace, command: list[str], jobs: dict[str, Job], kills: int, seed: int) -> Outcome:
    """Run with kills until it is done."""
    generator, outcome = random.Random(seed), Outcome()
    aims = choose_aims(list(jobs), kills, generator)
    while True:
        since = time.time()
        process = place.start(*command)
        aim = next_aim(place, process, aims, since)
        if aim is not None:
            wait(place, process, jobs[aim], generator)
            aims[aim] -= 1
        if process.poll() is not None:
            place.kill(process)
            if process.returncode:
                outcome.restarts_failed.append(place.said[-2000:])
            break
        running = place.kill(process)
        outcome.kills += 1
        outcome.hit.update(running)
        outcome.idle += not running
        outcome.resumed += resumed(place)
        print(f"kill {outcome.kills}: at {', '.join(running) or 'no job'} (aimed at {aim})", flush=True)
        code, said = place.run("--unlock", *command)
        if code:
            outcome.restarts_failed.append(said[-2000:])
            break
    outcome.resumed += resumed(place)
    return outcome


def resumed(place: Workplace) -> int:
    """Logs that say so; each is counted once, then put away."""
    found = [path for path in (place.folder / "logs").rglob("*.log") if "resumed after" in path.read_text()]
    for path in found:
        path.write_text("")
    return len(found)


def main(kills: int, seed: int, folder: Path | None, cores: int) -> Outcome:
    """The whole of it; `folder` is where the two copies are kept, else a temporary one."""
    with tempfile.TemporaryDirectory() as temporary:
        base = folder or Path(temporary)
        whole, cut = Workplace(base / "whole"), Workplace(base / "cut")
        command = ["--cores", str(cores), "--configfile", "config/smoke.yaml", whole.configure(LONGER)]
        cut.configure(LONGER)
        command += ["--", *TARGETS]
        start = time.monotonic()
        jobs = watch(whole, command)
        print(f"uninterrupted: {len(jobs)} jobs, {time.monotonic() - start:.0f} s", flush=True)
        outcome = kill_often(cut, command, jobs, kills, seed)
        expected, found = whole.made(), cut.made()
        outcome.different = sorted(
            name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
        )
        report(outcome, len(expected), time.monotonic() - start)
    return outcome


def report(outcome: Outcome, files: int, seconds: float) -> None:
    """Print what happened."""
    survived = outcome.kills - len(outcome.restarts_failed)
    print("at work when killed: " + ", ".join(f"{name} {n}" for name, n in sorted(outcome.hit.items())))
    print(f"killed between jobs: {outcome.idle}; jobs that resumed from a state: {outcome.resumed}")
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
