"""Files for spreadsheets: nothing runs, nothing is lost."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator

import odfdo
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from eventreg.shared import sheets

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"  # noqa: RUF001 - the look-alikes are the point
KNOWN_TRICKS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "=cmd|'/C calc'!A0",
    '=HYPERLINK("http://a.example","x")',
    " =1+1",
    "\t=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\xa0@A1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "'=1+1",
    "''@x",
    "=1\n=2",
    'a";=1+1;"',
    "<r><t>x</t></r>",
    '<r></r></is></c><c r="Z9"><f>1+1</f></c><c t="inlineStr"><is><r></r>',
    "_x003D_1+1",
    "{=SUM(1)}",
    "&#61;1+1",
]
PHONES = ["+33 6 12 34 56 78", "+33612345678", "+33 (0)6.12.34.56.78", "+1-202-555-0100"]
hostile = st.builds(
    lambda lead, sign, rest: lead + sign + rest,
    st.sampled_from(["", " ", "\t", "'", "\u200b", "\xa0", "\n", "\x00"]),
    st.sampled_from([*SIGNS, "\t", "\n", "\x00", ""]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=30),
)


def written(kind: str, cells: list[str]) -> io.BytesIO:
    out = io.BytesIO()
    assert sheets.write(kind, out, ["cell"], [[cell] for cell in cells]) == len(cells)
    out.seek(0)
    return out


def csv_cells(out: io.BytesIO) -> list[str]:
    text = out.getvalue().decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    return [row[0] if row else "" for row in rows][1:]


@pytest.mark.parametrize("text", KNOWN_TRICKS[:17])
def test_guard_puts_an_apostrophe_before_what_a_spreadsheet_would_run(text: str) -> None:
    assert sheets.guard(text) == f"'{text}"
    assert sheets.unguard(f"'{text}") == text


@pytest.mark.parametrize("text", [*PHONES, "-3", "-3,5", "-12.75", "Camille", "l'État", "", "1-2"])
def test_guard_leaves_telephone_numbers_and_plain_values_whole(text: str) -> None:
    assert sheets.guard(text) == text
    assert sheets.unguard(text) == text


@pytest.mark.parametrize(
    "text", ["+33+1", "+cmd 12345678", "+33 6 12\n=1+1", "-1-1", "+A1234567", "+1"]
)
def test_guard_is_not_fooled_by_what_only_begins_like_a_number(text: str) -> None:
    assert sheets.guard(text) == f"'{text}"


@settings(max_examples=20, deadline=None)
@given(st.lists(hostile, min_size=100, max_size=100))
def test_hostile_cells_stay_text_and_come_back_equal(cells: list[str]) -> None:
    for cell in csv_cells(written("csv", cells)):
        first = cell.lstrip("\u200b\ufeff\xa0 ")[:1]
        assert not first or first not in SIGNS or sheets.guard(cell) == cell
    assert [sheets.unguard(cell) for cell in csv_cells(written("csv", cells))] == cells
    sheet = openpyxl.load_workbook(written("xlsx", cells)).worksheets[0]
    found = [row[0] for row in sheet.iter_rows(min_row=2, max_row=len(cells) + 1, max_col=1)]
    assert {cell.data_type for cell in found if cell.value is not None} <= {"s"}
    assert [cell.hyperlink for cell in found] == [None] * len(cells)
    legal = [cell.replace("\ufffe", "").replace("\uffff", "") for cell in cells]
    assert [unescape(str(cell.value or "")) for cell in found] == legal


@pytest.mark.parametrize("text", [t for t in KNOWN_TRICKS if "\r" not in t])
def test_known_tricks_leave_no_formula_in_a_spreadsheet(text: str) -> None:
    content = zipfile.ZipFile(written("xlsx", [text])).read("xl/worksheets/sheet1.xml")
    assert content.count(b"<c ") == 2
    assert b"<f" not in content
    sheet = openpyxl.load_workbook(written("xlsx", [text])).worksheets[0]
    assert (sheet["A2"].data_type, unescape(sheet["A2"].value)) == ("s", text)
    ods = zipfile.ZipFile(written("ods", [text])).read("content.xml")
    assert b"formula" not in ods
    assert ods.count(b'office:value-type="string"') == 2


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=20),
        min_size=20,
        max_size=20,
    )
)
def test_open_document_cells_come_back_equal(cells: list[str]) -> None:
    table = odfdo.Document(written("ods", cells)).body.tables[0]
    values = [row.get_value(0) or "" for row in list(table.rows)[1:]]
    assert values == [cell.replace("\ufffe", "") for cell in cells]


def test_numbers_in_text_stay_text() -> None:
    sheet = openpyxl.load_workbook(written("xlsx", ["0102", "+33 6 12 34 56 78", "-4"])).worksheets[
        0
    ]
    assert [sheet[f"A{n}"].value for n in (2, 3, 4)] == ["0102", "+33 6 12 34 56 78", "-4"]
    assert [sheet[f"A{n}"].data_type for n in (2, 3, 4)] == ["s", "s", "s"]


def test_csv_opens_at_a_click_in_french_spreadsheets() -> None:
    out = io.BytesIO()
    assert sheets.write("csv", out, ["Nom", "Ville"], [["Éloïse; A", 'dit "x"']]) == 1
    assert out.getvalue() == '\ufeffNom;Ville\r\n"Éloïse; A";"dit ""x"""\r\n'.encode()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
def test_memory_does_not_grow_with_the_rows(kind: str) -> None:
    class Sink(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return len(bytes(data))  # type: ignore[call-overload, no-any-return]

    def rows(count: int) -> Iterator[list[str]]:
        return (["Camille", f"camille{number}@example.org"] for number in range(count))

    def peak(count: int) -> int:
        tracemalloc.start()
        sheets.write(kind, io.BufferedWriter(Sink()), ["a", "b"], rows(count))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(20_000) < peak(1_000) + 500_000
