"""A signal to the process that starts jobs ends the jobs and the process, even while its own handler hangs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
# as Snakemake: a handler that waits for ever, a job in a shell that does not end by itself
SCRIPT = """
import signal, subprocess, sys, threading
from workflow import stopping
signal.signal(signal.SIGTERM, lambda *_: threading.Event().wait())
signal.signal(signal.SIGINT, lambda *_: threading.Event().wait())
stopping.end_jobs_too(lambda: sys.argv[1] == "local")
job = subprocess.Popen(
    ["bash", "-c", "echo $$; sleep 1000; true"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
)
print(job.stdout.readline().strip(), flush=True)
job.wait()
threading.Event().wait()
"""


def started(where: str) -> tuple[subprocess.Popen, int]:
    """A process that has a job, and the job's number."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, where],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, int(process.stdout.readline())


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_jobs_end_and_then_the_process(number):
    process, job = started("local")
    process.send_signal(number)
    _, said = process.communicate(timeout=100)
    assert process.returncode == 128 + number and not alive(job)
    assert "go on from their last state" in said


def test_jobs_of_a_cluster_are_left_to_snakemake():
    process, job = started("cluster")
    try:
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert process.poll() is None and alive(job)
    finally:
        for each in [*psutil.Process(job).children(), psutil.Process(job), process]:
            each.kill()
        process.communicate()
