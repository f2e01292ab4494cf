"""Feature rows on their way into a file, kept so that a killed run goes on after its last batch."""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gxn.errors import GxnError
from gxn.files import read_json, write_json
from gxn.regular import require_regular
from gxn.writing import writing

DIGEST = 32  # bytes of SHA-256 before each batch


class ResumableFeatureWriter:
    """Batches of rows in a file that only grows, each behind the SHA-256 of its bytes.

    What a kill cut short or what has changed since is dropped, with all that follows. Work with another
    fingerprint is thrown away.
    """

    def __init__(self, folder: Path, fingerprint: str, width: int, dtype: np.dtype) -> None:
        self.path, self.state = folder / "rows.bin", folder / "state.json"
        self.width, self.dtype = width, np.dtype(dtype)
        try:
            require_regular(self.path)
            known = read_json(self.state) == fingerprint
        except GxnError:
            known = False
        if not known:
            with writing(self.path):
                folder.mkdir(parents=True, exist_ok=True)
                self.path.unlink(missing_ok=True)  # a link there is not followed
                self.path.touch()
            write_json(self.state, fingerprint)

    def begin(self, batch: int, total: int) -> int:
        """Keep the whole batches that are as they were written, and return the number of their rows.

        Args:
            batch: rows of each batch; the last one may have fewer.
            total: rows in all.
        """
        done, end = 0, 0
        with writing(self.path), open(self.path, "r+b") as file:
            while done < total:
                rows = min(batch, total - done)
                block = file.read(DIGEST + rows * self._row())
                content = block[DIGEST:]
                if len(content) < rows * self._row() or hashlib.sha256(content).digest() != block[:DIGEST]:
                    break
                done, end = done + rows, file.tell()
            file.truncate(end)
        return done

    def _row(self) -> int:
        return self.width * self.dtype.itemsize

    def append(self, features: np.ndarray) -> None:
        """Add a batch of rows (B, D); where it does not fit, nothing of it stays: the error needs room, too."""
        content = features.tobytes()
        with writing(self.path), open(self.path, "ab", buffering=0) as file:
            end, rest = file.tell(), memoryview(hashlib.sha256(content).digest() + content)
            try:
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError:
                file.truncate(end)
                raise

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """Yield all rows again, one batch of (<= rows, D) at a time; `rows` is that of `begin`."""
        with open(self.path, "rb") as file:
            while block := file.read(DIGEST + rows * self._row()):
                yield np.frombuffer(block[DIGEST:], self.dtype).reshape(-1, self.width)

    def remove(self) -> None:
        """Delete the files, and the folder unless something else lies in it: the work is done."""
        self.state.unlink(missing_ok=True)  # first: a kill here leaves rows that belong to nobody
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()
