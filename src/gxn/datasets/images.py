"""Reading photographs, from a folder or from an `images.h5`, as RGB arrays."""

import collections
import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeVar

import h5py
import numpy as np
from PIL import Image, UnidentifiedImageError

from gxn.datasets.captions import Record
from gxn.datasets.folders import LINK_OUT, leads_out
from gxn.errors import GxnError
from gxn.files import rows_of, sha256
from gxn.hdf5 import check_seal, hdf5_dataset
from gxn.processors import available_cpus
from gxn.regular import read_bytes, require_regular

Item = TypeVar("Item")
Result = TypeVar("Result")

# a JPEG decoder fills what is missing with grey when the end-of-image marker comes early
END_OF_JPEG = b"\xff\xd9"


FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")  # none that starts another program
ORIENTATION = 0x0112  # EXIF's tag
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LONGEST = 32  # times the shorter side: of a longer image, the middle is resized


class ImageSource(Protocol):
    """Says where the pixels of a dataset come from. `read` may be called from several threads."""

    def read(self, record: Record) -> np.ndarray:
        """Pixels uint8 (H, W, 3); raises GxnError with the file's name when they cannot be had."""

    def size(self, record: Record) -> tuple[int, int]:
        """Two sides of an image in pixels, in any order, without decoding it; raises as `read`."""

    def identity(self, records: list[Record]) -> Any:
        """A JSON value that changes when the images do, for recognising one's own half-done work."""


class Folder:
    """Photographs in a folder, found by `filename`; any of FORMATS, turned upright by EXIF."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def locate(self, filename: str) -> Path:
        """Path of an image; a name or a link that leads out of the folder is refused."""
        name = PurePosixPath(filename)
        if "\\" in filename:
            raise GxnError(f"{self.path}: filename {filename!r}: separate folders by /")
        if not filename or "\0" in filename or name.is_absolute() or ".." in name.parts:
            raise GxnError(f"{self.path}: filename {filename!r} leads out of the folder of images")
        if leads_out(self.path, filename):
            raise GxnError(f"{self.path / name}: {LINK_OUT}")
        return self.path / name

    def read(self, record: Record) -> np.ndarray:
        with self._named(record) as path:
            data = read_bytes(path) + (END_OF_JPEG if record.truncated else b"")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.mode[0] in "IF":
                    raise ValueError(f"has {image.mode} pixels; convert it to 8 bits a channel")
                turn = TURNS.get(orientation(image))
                upright = image if turn is None else image.transpose(turn)
                return np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))

    def size(self, record: Record) -> tuple[int, int]:
        with self._named(record) as path:
            require_regular(path)
            with Image.open(path, formats=FORMATS) as image:
                return image.size

    @contextlib.contextmanager
    def _named(self, record: Record) -> Iterator[Path]:
        """Path of an image; an error that keeps it from being read inside the `with` is raised with its name."""
        path = self.locate(record.filename)
        if not os.path.lexists(path):
            raise GxnError(f"{path}: image {record.imgid} is missing")
        try:
            yield path
        except UnidentifiedImageError as error:
            known = f"is not an image ({', '.join(FORMATS)})"
            raise GxnError(f"{path}: image {record.imgid} cannot be read: {known}") from error
        except GxnError:
            raise
        except Exception as error:  # Pillow's readers raise a dozen kinds on damaged files
            raise GxnError(f"{path}: image {record.imgid} cannot be read: {error}") from error

    def identity(self, records: list[Record]) -> Any:
        try:
            stats = [self.locate(record.filename).stat() for record in records]
        except OSError as error:
            raise GxnError(f"{error.filename}: cannot be read: {error.strerror}") from error
        return [[stat.st_size, stat.st_mtime_ns] for stat in stats]


def orientation(image: Image.Image) -> Any:
    """EXIF's orientation, 1 to 8, None where there is none; what stands in other tags does not matter."""
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:  # a damaged block says nothing of the picture
        return None


class Packed:
    """Images of one size in an HDF5 file: `images` uint8 (N, H, W, 3) and `imgid` int64 (N,)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        check_seal(path)
        try:
            self.file = h5py.File(path, "r")
            self.images = hdf5_dataset(self.file, "images", "u", 4)
            imgid = hdf5_dataset(self.file, "imgid", "iu", 1)[:]
        except (OSError, KeyError, RuntimeError) as error:
            raise GxnError(f"{path}: cannot be read as HDF5 with images and imgid: {error}") from error
        if self.images.shape[::3] != (len(imgid), 3) or 0 in self.images.shape:
            raise GxnError(f"{path}: images must be ({len(imgid)}, height, width, 3); make it again")
        self.imgid = imgid
        self.row = {int(each): row for row, each in enumerate(imgid)}
        rows_of(imgid, imgid, path)

    def read(self, record: Record) -> np.ndarray:
        if record.imgid not in self.row:
            raise GxnError(f"{self.path}: imgid {record.imgid} ({record.filename}) is missing")
        try:
            return self.images[self.row[record.imgid]]
        except (OSError, RuntimeError) as error:
            raise GxnError(f"{self.path}: image {record.imgid} cannot be read: {error}") from error

    def size(self, record: Record) -> tuple[int, int]:
        return self.images.shape[1:3]

    def identity(self, records: list[Record]) -> Any:
        return sha256(self.path)


def open_images(path: str | Path) -> ImageSource:
    """Open a folder of photographs or an `images.h5`.

    Raises:
        GxnError: there is neither at `path`.
    """
    path = Path(path)
    if path.is_dir():
        return Folder(path)
    if not path.exists():
        raise GxnError(f"{path}: no such folder of images")
    return Packed(path)


def resize_shorter(pixels: np.ndarray, size: int) -> np.ndarray:
    """Resize uint8 (H, W, 3) so that its shorter side is `size`, bilinear with antialias, as torchvision does.

    Of an image more than LONGEST times as long as wide, the ends are left out, or it would take gigabytes.
    """
    height, width = (min(side, LONGEST * min(pixels.shape[:2])) for side in pixels.shape[:2])
    if (height, width) != pixels.shape[:2]:
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        pixels = pixels[top : top + height, left : left + width]
    if min(height, width) == size:
        return pixels
    target = (size, int(size * height / width)) if width < height else (int(size * width / height), size)
    return np.asarray(Image.fromarray(pixels).resize(target, Image.Resampling.BILINEAR))


def centre_crop(pixels: np.ndarray, size: int) -> np.ndarray:
    """The middle (size, size, 3) of uint8 (H, W, 3); an odd margin is divided as torchvision does."""
    top, left = (round((side - size) / 2) for side in pixels.shape[:2])
    return pixels[top : top + size, left : left + size]


def prefetch(
    call: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int | None = None,
    depth: int | None = None,
) -> Iterator[Result]:
    """`map(call, items)` in order, with up to `depth` results computed ahead by `workers` threads.

    Unless given, there is a thread for each processor at hand, and eight results a thread. An exception of `call`
    is raised at the place of its result; nothing after it is waited for.
    """
    workers = workers or available_cpus()
    depth = depth or 8 * workers
    with ThreadPoolExecutor(workers) as pool:
        waiting: collections.deque = collections.deque()
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
