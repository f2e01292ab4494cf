"""Ctrl-C and SIGTERM to Snakemake end its jobs, too, which go on from their last state at the next start."""

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import psutil

PATIENCE = 1.5  # seconds for Snakemake to end once its jobs have; it can hang in its own signal handler
MESSAGE = "stopped: the jobs end now; type the same command again, and they go on from their last state"


def end_jobs_too(local: Callable[[], bool]) -> None:
    """From now on, end all processes that this one has started when it gets SIGINT or SIGTERM, and then this one.

    Snakemake itself waits for them, an epoch or longer. The signal is heard beside Snakemake's own handler, in a
    thread, so that it is heard even while that handler waits for a lock which it holds itself.

    Args:
        local: says whether the jobs are processes of this machine; those of a cluster are left to Snakemake.
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(ValueError):  # not in the main thread, which alone gets signals
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        threading.Thread(target=_listen, args=(read, local), daemon=True).start()


def _listen(read: int, local: Callable[[], bool]) -> None:
    while heard := os.read(read, 1):
        if heard[0] in (signal.SIGINT, signal.SIGTERM) and local():
            if psutil.Process().children():
                print(MESSAGE, file=sys.stderr, flush=True)
            atexit.register(_leave, 128 + heard[0])
            _end(signal.SIGTERM, time.monotonic() + PATIENCE)
            _end(signal.SIGKILL, 0)
            _leave(128 + heard[0])


def _leave(status: int) -> None:
    """End this process at once: taking down the interpreter, too, takes time."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _end(how: signal.Signals, until: float) -> None:
    """Send a signal to all processes below this one, again and again until a time, as one may just be starting."""
    told: set[psutil.Process] = set()
    while True:
        with contextlib.suppress(psutil.Error):
            for process in set(psutil.Process().children(recursive=True)) - told:
                told.add(process)
                with contextlib.suppress(psutil.Error):
                    process.send_signal(how)
        if time.monotonic() >= until:
            return
        time.sleep(0.5)  # looking through all processes takes a while
