"""Numeric arrays of a MATLAB 5 file, for tests alone: enough for the Wikipedia features."""

import struct
import zlib
from pathlib import Path

import numpy as np

TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
MATRIX, COMPRESSED = 14, 15


def elements(data: bytes):
    """Type and bytes of each element; a short one holds up to four bytes in its own tag."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind >> 16:
            yield kind & 0xFFFF, data[at + 4 : at + 4 + (kind >> 16)]
            at += 8
        else:
            yield kind, data[at + 8 : at + 8 + size]
            at += 8 + (size if kind == COMPRESSED else -(-size // 8) * 8)


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """Every real matrix of the file by name, float64."""
    arrays = {}
    for kind, data in elements(path.read_bytes()[128:]):
        if kind == COMPRESSED:
            ((kind, data),) = elements(zlib.decompress(data))
        assert kind == MATRIX
        _, (_, shape), (_, name), (stored, values), *_ = elements(data)
        numbers = np.frombuffer(values, TYPES[stored]).astype(np.float64)
        arrays[name.decode()] = numbers.reshape(np.frombuffer(shape, "<i4"), order="F")
    return arrays
