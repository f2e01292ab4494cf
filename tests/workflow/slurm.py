"""A Slurm of this machine alone, from the packages slurmctld, slurmd and munge, its files in one folder."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = (
    "munged",
    "slurmctld",
    "slurmd",
    "sbatch",
)  # of Debian's munge, slurmctld, slurmd and slurm-client
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
CPUS, MEMORY = 4, 12_000  # that the node is said to have; MB

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=500
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=UsePss,OverMemoryKill
AccountingStorageType=accounting_storage/none
MinJobAge=3600
JobRequeue=1
ReturnToService=2
KillWait=5
SlurmctldTimeout=300
SlurmdTimeout=300
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=low Nodes={host} Default=YES MaxTime=INFINITE PriorityTier=1 PreemptMode=REQUEUE State=UP
PartitionName=high Nodes={host} MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF State=UP
"""


def missing() -> str:
    """Say what keeps Slurm from starting here; empty where nothing does."""
    if absent := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"no {', '.join(absent)}: apt-get install munge slurmctld slurmd slurm-client"
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return "no plugin for Slurm: uv sync --group slurm"
    return "" if os.geteuid() == 0 else "slurmd runs jobs as their user only if it is root"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Run munged, slurmctld and slurmd; yield the variables by which their clients find them.

    Args:
        folder: for their files; a short path, as that of a socket has at most 107 characters.
    """
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    key, configuration = folder / "munge.key", folder / "slurm.conf"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    controller, node = free_ports(2)
    values = {"host": socket.gethostname(), "folder": folder, "cpus": CPUS, "memory": MEMORY}
    configuration.write_text(CONFIGURATION.format(controller=controller, node=node, **values))
    for name in CLIENTS:  # the executor takes SLURM_CONF from its jobs, whose srun looks in /etc alone
        (folder / "bin" / name).write_text(
            f'#!/bin/sh\nSLURM_CONF={configuration} exec {shutil.which(name)} "$@"\n'
        )
        (folder / "bin" / name).chmod(0o755)
    programs = [str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    variables = {"SLURM_CONF": str(configuration), "PATH": os.pathsep.join(programs)}
    munge = [f"--{name}={folder}/munge.{name.partition('-')[0]}" for name in ("socket", "pid-file")]
    munge += [f"--key-file={key}", f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"]
    commands = [["munged", "--foreground", "--force", *munge], ["slurmctld", "-D", "-c"], ["slurmd", "-D"]]
    daemons: list[subprocess.Popen] = []
    try:
        for command in commands:
            log = (folder / f"{command[0]}.out").open("wb")
            daemons.append(
                subprocess.Popen(command, env=os.environ | variables, stdout=log, stderr=log, cwd=folder)
            )
            time.sleep(1)
        wait_for_node(variables)
        yield variables
    finally:
        for daemon in reversed(daemons):  # a slurmd that has jobs does not end by itself
            daemon.kill()
            daemon.wait()


def wait_for_node(variables: dict[str, str], seconds: int = 120) -> None:
    """Wait until the node takes jobs."""
    for _ in range(seconds):
        if "idle" in client("sinfo", "--noheader", "--format=%T", variables=variables):
            return
        time.sleep(1)
    raise AssertionError(client("scontrol", "show", "node", variables=variables))


def client(*command: str, variables: dict[str, str]) -> str:
    """Output and errors of one of Slurm's commands."""
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr
