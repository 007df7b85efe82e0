"""Lists as people save them are read alike; what would cost too much is refused before."""

import io
import time
import zipfile
from datetime import date

import openpyxl
import pytest

from eventreg.shared import sheets, tables
from eventreg.shared.errors import Invalid

ROWS = [["Nom", "Prénom"], ["Lefèvre", "Zoé"], ["O'Neil, « B »", "=1+1"]]
pytestmark = pytest.mark.any_database


def saved(delimiter: str, encoding: str) -> bytes:
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in ROWS]
    return "\r\n".join(lines).encode(encoding)


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(data: bytes) -> list[list[str]]:
    table = tables.read(data)
    return [table.header, *(row for _, row in table.rows)]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_csv_is_read_whatever_program_wrote_it(delimiter: str, encoding: str) -> None:
    assert cells(saved(delimiter, encoding)) == ROWS


def test_our_own_sheets_come_back_as_they_were_in_both_formats() -> None:
    for kind in ("csv", "xlsx"):
        out = io.BytesIO()
        sheets.write(kind, out, ROWS[0], ROWS[1:])
        assert cells(out.getvalue()) == ROWS, kind


def test_cells_of_a_workbook_are_read_as_people_see_them() -> None:
    row = ["a_x000D_", 12.0, 1.5, date(2027, 1, 14), True, None, "=HYPERLINK(1)"]
    read = cells(workbook(["h"] * 7, [], row))
    assert read[1] == ["a\r", "12", "1.5", "2027-01-14", "yes", "", "=HYPERLINK(1)"]
    assert tables.read(workbook(["h"], [], ["x"])).rows == [(3, ["x"])]


def zipped(name: str, size: int, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive, archive.open(name, "w") as part:
        for _ in range(size // 1_000_000):
            part.write(b" " * 1_000_000)
    return out.getvalue()


def altered(old_text: bytes, new_text: bytes) -> bytes:
    """A workbook with other words in its sheet."""
    data = workbook(["Nom"], ["x"])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename.startswith("xl/worksheets/"):
                text = text.replace(old_text, new_text)
            new.writestr(part.filename, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zipped("xl/worksheets/sheet1.xml", 60_000_000), id="swollen-sheet"),
        pytest.param(zipped("xl/styles.xml", 6_000_000), id="swollen-styles"),
        pytest.param(zipped("xl/x.xml", 1_000_000, zipfile.ZIP_LZMA), id="other-packing"),
        pytest.param(altered(b'<row r="2"', b'<row r="1000000000"'), id="far-row"),
        pytest.param(
            altered(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'), id="entities"
        ),
        pytest.param(b"PK\x03\x04" + b"\0" * 99, id="broken-zip"),
        pytest.param(b"a" * (tables.BYTES_LIMIT + 1), id="too-large"),
        pytest.param(b"a;b\n" + b"x;y\n" * 10_001, id="too-many-rows"),
        pytest.param(b";" * 300 + b"x\n1\n", id="too-many-columns"),
        pytest.param(b'a;b\n"' + b"x" * 200_000, id="unclosed-quote"),
        pytest.param(b"\n" * 60_000 + b"a\nb", id="empty-rows"),
        pytest.param(b"\xff\xfea", id="half-a-character"),
        pytest.param(b"a\0b;c", id="binary"),
    ],
)
def test_what_is_no_list_of_people_is_refused_in_a_moment(data: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(Invalid):
        tables.read(data)
    assert time.process_time() - begun < 2
