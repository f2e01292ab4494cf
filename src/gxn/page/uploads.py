"""A visitor's picture: bounded in bytes and pixels, and of a format that is known, before it is decoded."""

from collections.abc import AsyncIterator
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from gxn.datasets.images import FORMATS

MOST_BYTES = 20 << 20  # a photograph of 24 million pixels takes 5 to 15 MB
MOST_PIXELS = 50_000_000  # 150 MB once decoded
DRAINED = 16 * MOST_BYTES  # browsers show an answer only when they have sent all; what is read on is not kept


class Refused(Exception):
    """A picture is not taken: the HTTP status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


async def receive(request: Request) -> bytes:
    """The bytes of the field `picture` of a form.

    Raises:
        Refused: there are too many, none, or the form is damaged.
    """
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > DRAINED:
            break
        if size <= MOST_BYTES:
            body += chunk
    if size > MOST_BYTES:
        raise Refused(413, f"The picture is larger than {MOST_BYTES >> 20} MB. Give a smaller one.")

    async def whole() -> AsyncIterator[bytes]:
        yield bytes(body)
        yield b""

    try:
        form = await MultiPartParser(request.headers, whole(), max_files=1, max_fields=1).parse()
    except (MultiPartException, KeyError) as error:
        raise Refused(400, "This is not the form of the front page. Choose a picture there.") from error
    field = form.get("picture")
    data = b"" if field is None or isinstance(field, str) else await field.read()
    if not data:
        raise Refused(400, "There is no picture. Choose a file, or drop one on the field.")
    return data


def check(path: Path) -> None:
    """Look at the head of a file alone.

    Raises:
        Refused: it is not a picture of a known format, or has too many pixels.
    """
    known = "JPEG, PNG, WebP, GIF, BMP or TIFF"
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
    except Image.DecompressionBombError as error:
        raise Refused(413, f"The picture has more than {MOST_PIXELS // 10**6} million pixels.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Refused(415, f"This is not a picture that can be read. Give {known}.") from error
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 10**6
        raise Refused(413, f"The picture has {width} × {height} pixels, of at most {most} million.")
