"""A table with a header: CSV, TSV, or separated by | or ; (Kaggle's captions.txt and results.csv)."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from gxn.datasets.layouts._rows import Problems, Row, entry_rows, fields
from gxn.errors import GxnError
from gxn.regular import lines, read_text

NAME = "a table with a header (CSV, TSV, | or ;)"
EXAMPLE = """image,caption
1.jpg,A dog runs.
1.jpg,"A brown dog, running."
"""
DELIMITERS = "\t|;,"


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the first line names a column of images and one of captions."""
    return _delimiter(head.decode("utf-8-sig", errors="ignore")) is not None


def _delimiter(text: str) -> str | None:
    """The sign that parts the header into columns among which are images and captions, if one does."""
    header = _header(text)
    return next((sign for sign in DELIMITERS if fields(_split(header, sign))), None)


def _header(text: str) -> str:
    return next((line for _, line in lines(text[:10_000])), "")


def _split(line: str, delimiter: str) -> list[str]:
    """Fields of one line; quotes that do not enclose a whole field are part of the text."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)


def read(path: Path) -> list[Row]:
    """Read the captions; a column of splits or ids is read too.

    Raises:
        GxnError: a line has too many or too few fields, an empty name or caption, or a quote without its end.
    """
    text = read_text(path)
    delimiter = _delimiter(text)
    records = _records(text, delimiter or ",", path)
    header = [name.strip() for name in next(records, (0, []))[1]]
    found = fields(header)
    if found is None:
        raise GxnError(f"{path}: the first line names no columns of images and captions, as in\n{EXAMPLE}")
    if len(set(header)) != len(header):
        raise GxnError(f"{path}: the header names a column twice: {', '.join(header)}")
    problems, rows = Problems(str(path)), []
    for number, values in records:
        if len(values) != len(header):
            counts = f"has {len(values)} fields, the header {len(header)}"
            problems.add(f"line {number}", f"{counts}; put text with {delimiter!r} in double quotes")
            continue
        rows += entry_rows(dict(zip(header, values, strict=True)), found, f"line {number}", problems)
    problems.refuse()
    return rows


def _records(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the fields of each record.

    A quoted field may hold line breaks where commas or semicolons part the fields, as spreadsheets write them.
    With tabs and | every line is a record, since in such files a quote mostly is part of a caption.
    """
    if delimiter in "\t|":
        for number, line in lines(text):
            yield number, _split(line, delimiter)
        return
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    while True:
        start = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise GxnError(
                f"{path}: line {start}: a quoted field does not end as it should ({error}); "
                'write a quote inside a quoted field twice: "a ""big"" dog"'
            ) from error
        if any(value.strip() for value in values):
            yield start, values
