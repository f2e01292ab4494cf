"""The state that lets an interrupted stage go on as if nothing had happened."""

import contextlib
import hashlib
import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gxn.errors import GxnError
from gxn.files import digest, sha256
from gxn.regular import read_bytes
from gxn.writing import atomic


def fingerprint(settings: Any, inputs: Mapping[str, Path | None], code: str) -> str:
    """Hash what a stage's result depends on: settings, input files, the digest of its code, torch's version."""
    files = {name: sha256(path) for name, path in inputs.items() if path is not None}
    return digest([settings, files, code, torch.__version__])


class Resume:
    """A stage's last state, in a folder outside every declared output: a SHA-256, then what torch wrote."""

    def __init__(self, folder: Path, fingerprint: str, cpu_before: float = 0.0) -> None:
        """`cpu_before`: CPU seconds of earlier processes of the stage; a state that is loaded adds its own."""
        self.path = folder / "last.pt"
        self.fingerprint, self.cpu_before = fingerprint, cpu_before

    def load(self) -> dict[str, Any] | None:
        """Read the saved state; None if it is absent, damaged, or of other settings, data or code."""
        if not self.path.exists():
            return None
        try:
            content = read_bytes(self.path)
            if hashlib.sha256(content[32:]).digest() != content[:32]:
                raise ValueError("not what was written")
            state = torch.load(io.BytesIO(content[32:]), map_location="cpu", weights_only=True)
            same = state["fingerprint"] == self.fingerprint
        except Exception as error:  # torch names no common class for damaged archives
            print(f"{self.path}: cannot be read ({type(error).__name__}); starting over", flush=True)
            return None
        if not same:
            print(
                f"{self.path}: was left by another configuration, other data or other code; starting over",
                flush=True,
            )
            return None
        self.cpu_before = max(self.cpu_before, state["cpu_seconds"])
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the saved state, whole or not at all."""
        content = io.BytesIO()
        spent = {"cpu_seconds": self.cpu_before + time.process_time()}
        torch.save({**state, **spent, "fingerprint": self.fingerprint}, content)
        with atomic(self.path) as temporary, open(temporary, "wb") as file:
            file.write(hashlib.sha256(content.getbuffer()).digest())
            file.write(content.getbuffer())

    def clear(self) -> None:
        """Forget the state: the stage is done and its output written. Other stages use the folders above."""
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()


LARGEST = 1e6  # losses are means over captions or elements and begin far below a thousand


def check_loss(value: float, name: str, step: int, epoch: int, sentids: list[int], path: Path) -> None:
    """Stop a stage whose loss is not a number, or has exploded.

    Raises:
        GxnError: names the loss, the step, the batch's captions and the last good state.
    """
    if abs(value) <= LARGEST:
        return
    kept = f"the state after epoch {epoch} is kept in {path}" if path.exists() else "no epoch was finished"
    raise GxnError(
        f"{name} is {value} at step {step} of epoch {epoch + 1}; batch of sentids "
        f"{', '.join(map(str, sentids))}; {kept}. Lower the learning rate or look at these captions' features"
    )
