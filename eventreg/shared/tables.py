"""Tables that people give, as rows of text: CSV as spreadsheets write it, XLSX. Bounded work.

Nothing is computed: a formula is the text that somebody typed.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from eventreg.shared.errors import N_, Invalid
from eventreg.shared.sheets import unguard

BYTES_LIMIT = 8 * 1024 * 1024
ROWS_LIMIT = 10_000
FARTHEST = ROWS_LIMIT + 2_000  # rows, the empty ones too
COLUMNS_LIMIT = 200
CELL_LIMIT = 5_000
UNPACKED_LIMIT = 40 * 1024 * 1024  # of the sheets of a workbook
PART_LIMIT = 4 * 1024 * 1024  # of what a reader holds in memory as a whole: styles, names
PARTS_LIMIT = 500
DELIMITERS = ";,\t"
_STREAMED = ("xl/worksheets/", "xl/sharedStrings", "xl/media/")
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack without a bound

TOO_LARGE = N_("The file is too large: 8 MB at most.")
TOO_MANY_ROWS = N_("The list is too long: %(limit)s rows at most. Cut it in several files.")
TOO_MANY_COLUMNS = N_("The list has too many columns: %(limit)s at most.")
EMPTY = N_("The file holds no list: its first row names the columns, each other row is a person.")
UNREADABLE = N_("The file cannot be read: save it again as CSV or XLSX.")
SWOLLEN = N_("The file unpacks to far more than a list of people: save it again as CSV.")


@dataclass(frozen=True)
class Table:
    """The cells of the header, then each row that holds something with its number in the sheet."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def read(data: bytes) -> Table:
    """The first sheet of a workbook, or a CSV. Raises Invalid (field: file)."""
    if len(data) > BYTES_LIMIT:
        raise Invalid(TOO_LARGE, field="file")
    found = _filled(_workbook(data) if data[:4] == b"PK\x03\x04" else _csv(data))
    header = next(found, None)
    if header is None:
        raise Invalid(EMPTY, field="file")
    rows = list(found)
    if not rows:
        raise Invalid(EMPTY, field="file")
    return Table(header[1], rows)


def _filled(rows: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something, without the empty cells after the last one."""
    count = 0
    for number, row in enumerate(rows, 1):
        if number > FARTHEST:
            raise Invalid(TOO_MANY_ROWS, field="file", limit=ROWS_LIMIT)
        while row and not row[-1].strip():
            row.pop()
        if not row:
            continue
        count += 1
        if count > ROWS_LIMIT + 1:
            raise Invalid(TOO_MANY_ROWS, field="file", limit=ROWS_LIMIT)
        if len(row) > COLUMNS_LIMIT:
            raise Invalid(TOO_MANY_COLUMNS, field="file", limit=COLUMNS_LIMIT)
        yield number, row


def _csv(data: bytes) -> Iterator[list[str]]:
    text = _decoded(data)
    if "\0" in text:
        raise Invalid(UNREADABLE, field="file")
    delimiter = _delimiter(text)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [unguard(cell) for cell in row]
    except csv.Error as fault:
        raise Invalid(UNREADABLE, field="file") from fault


def _decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 by its mark, else UTF-8, else what spreadsheets in French write."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        if b"\0" in data[:4]:  # UTF-16 without its mark: one byte of two is empty
            return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    except UnicodeDecodeError as fault:
        raise Invalid(UNREADABLE, field="file") from fault
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _delimiter(text: str) -> str:
    """The one that cuts the first row in most cells."""
    head = io.StringIO(text[:20_000], newline="")

    def cells(delimiter: str) -> int:
        head.seek(0)
        try:
            return max(len(row) for row in [next(csv.reader(head, delimiter=delimiter), [])])
        except csv.Error:
            return 0

    return max(DELIMITERS, key=cells)


def _workbook(data: bytes) -> Iterator[list[str]]:
    _refuse_bomb(data)
    try:
        book: Any = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a sheet says of its size binds nobody
        for row in sheet.iter_rows(max_col=COLUMNS_LIMIT + 1, values_only=True):
            yield [_cell(value) for value in row]
    except Invalid:
        raise
    except Exception as fault:  # a broken workbook fails in any way it likes
        raise Invalid(UNREADABLE, field="file") from fault


def _refuse_bomb(data: bytes) -> None:
    """Raises Invalid before anything is unpacked: no more comes out than the directory says."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as fault:
        raise Invalid(UNREADABLE, field="file") from fault
    if any(part.compress_type not in _PLAIN or part.flag_bits & 1 for part in parts):
        raise Invalid(UNREADABLE, field="file")
    whole = [part for part in parts if not part.filename.startswith(_STREAMED)]
    if (
        len(parts) > PARTS_LIMIT
        or sum(part.file_size for part in parts) > UNPACKED_LIMIT
        or sum(part.file_size for part in whole) > PART_LIMIT
    ):
        raise Invalid(SWOLLEN, field="file")


def _cell(value: Any) -> str:
    """A value as people read it; a formula as it was typed."""
    if isinstance(value, str):
        return unescape(value) if "_x" in value else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat().removesuffix("T00:00:00")
    if value is None:
        return ""
    return str(getattr(value, "text", value))  # the formula of several cells is an object
