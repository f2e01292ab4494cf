"""The smoke configuration on Slurm: bytes of a local run, memory enforced, kills and preemptions survived."""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import slurm
from copies import Copy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "Slurm is here"),
]

SMOKE = ("--configfile", "config/smoke.yaml")
# what docs/gpu-and-cluster.md says, but for the account and the accounting, which this Slurm has none of
ON_SLURM = ("--workflow-profile", "profiles/slurm", "--slurm-no-account", "--slurm-status-command", "squeue")
ON_SLURM += ("--seconds-between-status-checks", "2", "--slurm-init-seconds-before-status-checks", "2")
FILES = ("data", "results")
TABLE = "results/table_ablation.csv"
LONG = ("--config", "cnn={pretrain: {epochs: 6}}")  # long enough to be preempted
WEIGHTS = "results/smoke/checkpoints/cnn.safetensors"
STATE = "scratch/smoke/cnn/last.pt"


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """Variables by which commands find a Slurm of this machine."""
    folder = Path(tempfile.mkdtemp(prefix="gxn-slurm-", dir="/tmp"))  # short, for the path of a socket
    with slurm.running(folder) as variables:
        yield variables
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def local(copy: Copy, place: Path) -> Copy:
    """A clone that has run the smallest configuration here."""
    clone = copy.clone(place / "local")
    clone.snakemake("--cores", "2", *SMOKE, "--", TABLE, "figures", timeout=7200)
    return clone


@pytest.fixture(scope="module")
def remote(copy: Copy, place: Path) -> Copy:
    """Another clone, for Slurm."""
    return copy.clone(place / "remote")


def differing(one: Copy, other: Copy) -> list[str]:
    """Files that two copies do not share, or that have other bytes."""
    first, second = ({k: v[0] for k, v in each.files(*FILES).items()} for each in (one, other))
    assert first
    return sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))


def test_a_job_above_its_memory_is_killed_retried_with_more_and_all_bytes_are_those_of_a_local_run(
    local, remote, cluster
):
    # too little at the first attempt, since an executor's own Snakemake is part of each job; enough at the second
    small = ("--set-resources", "gan_images:mem_mb=attempt*150")
    said = remote.snakemake(*ON_SLURM, *SMOKE, *small, "--", TABLE, "figures", timeout=14400, **cluster)
    assert "Trying to restart job" in said
    memory = slurm.client("squeue", "--states=all", "--noheader", "--format=%T %m %k", variables=cluster)
    tried = sorted(re.findall(r"^(\w+) (\w+) .*gan_images", memory, re.MULTILINE))
    assert tried == [("COMPLETED", "300M"), ("FAILED", "150M")], memory
    assert differing(local, remote) == []


def test_a_preempted_job_is_queued_again_goes_on_where_it_was_and_ends_in_the_same_bytes(
    local, remote, cluster
):
    local.snakemake("--cores", "1", *SMOKE, *LONG, "--", WEIGHTS, timeout=3600)
    command = ["snakemake", *ON_SLURM, *SMOKE, *LONG, "--", WEIGHTS]
    variables = remote.environment | cluster
    run = subprocess.Popen(command, cwd=remote.path, env=variables, stdout=subprocess.DEVNULL)
    state = remote.path / STATE
    while not state.exists() and run.poll() is None:
        time.sleep(0.1)
    whole = ("--partition=high", f"--cpus-per-task={slurm.CPUS}", f"--mem={slurm.MEMORY}")
    slurm.client("sbatch", *whole, "--output=/dev/null", "--wrap", "sleep 3", variables=cluster)
    assert run.wait(3600) == 0
    log = (remote.path / "logs/smoke/train_cnn.log").read_text(encoding="utf-8")
    assert "epoch 1/6" not in log and "epoch 6/6" in log
    assert (remote.path / WEIGHTS).read_bytes() == (local.path / WEIGHTS).read_bytes()
