"""Tables as files that open anywhere, run nothing, lose nothing: CSV, XLSX, ODS. Rows are streamed."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from string import ascii_uppercase
from typing import BinaryIO
from xml.sax.saxutils import escape

Row = Sequence[str]
MIMETYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
CELL_LIMIT = 32_767  # characters a spreadsheet cell holds
FAST = 1  # level of compression: the file is made while somebody waits

# What a spreadsheet may take for a formula: the signs, their wide and small forms, the minus sign,
# also behind white space and invisible marks that some programs drop; control characters first.
_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫−"  # noqa: RUF001 - the look-alikes are the point
_BLANKS = "\\s\x00-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
_RISKY = re.compile(f"'*(?:[{_BLANKS}]*[{_SIGNS}]|[\t\r\n\x00])")
_PHONE = re.compile("\\+[0-9](?:[ .()\\-\xa0\u202f]{0,2}[0-9]){5,14}")
_NEGATIVE = re.compile(r"-[0-9]{1,15}(?:[.,][0-9]{1,15})?")
_ILLEGAL_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def guard(text: str) -> str:
    """`text` for a CSV cell: an apostrophe in front of what could be read as a formula.

    Telephone numbers in international form and plain negative numbers hold no name, no call and
    no reference: they stay as they are. `unguard` gives any text back. Source: security.md, E.
    """
    if not text or text[0].isalnum() or not _RISKY.match(text):
        return text
    if _PHONE.fullmatch(text) or _NEGATIVE.fullmatch(text):
        return text
    return f"'{text}"


def unguard(text: str) -> str:
    """What was given to `guard`."""
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text


def write(kind: str, out: BinaryIO, header: Row, rows: Iterable[Row]) -> int:
    """Writes the header and the rows as csv, xlsx or ods; answers how many rows there were."""
    counted = _Counted(rows)
    _WRITERS[kind](out, chain([header], counted))
    return counted.number


class _Counted:
    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = rows
        self.number = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            self.number += 1
            yield row


def _write_csv(out: BinaryIO, rows: Iterable[Row]) -> None:
    """Semicolons, CRLF and a byte order mark: what spreadsheets in French open at a click."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([guard(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()


# Written here rather than with a library: XlsxWriter copies a text of the form `<r>...</r>` into
# the sheet as it stands (a way in for formulas) and openpyxl makes formulas of `=` by default.
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_XLSX_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Feuille1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="2">'
    '<font><sz val="11"/><name val="Arial"/></font>'
    '<font><b/><sz val="11"/><name val="Arial"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" '
    'applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" '
    'applyNumberFormat="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>",
}
_SHEET_HEAD = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>'
    '</sheetViews><cols><col min="1" max="50" width="20" customWidth="1"/></cols><sheetData>'
)


def _write_xlsx(out: BinaryIO, rows: Iterable[Row]) -> None:
    """Every cell is a string by type and by format: no formula, no link, whatever the text."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST) as archive:
        for name, text in _XLSX_PARTS.items():
            archive.writestr(name, _XML + text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as content:
            content.write(_SHEET_HEAD.encode())
            for number, row in enumerate(rows, start=1):
                style = "0" if number > 1 else "1"
                cells = "".join(
                    f'<c r="{letters}{number}" s="{style}" t="inlineStr"><is>'
                    f'<t xml:space="preserve">{_xlsx_text(cell)}</t></is></c>'
                    for letters, cell in zip(_LETTERS, row, strict=False)
                    if cell
                )
                content.write(f'<row r="{number}">{cells}</row>'.encode())
            content.write(b"</sheetData></worksheet>")


_LETTERS = [*ascii_uppercase, *(f"{a}{b}" for a in ascii_uppercase for b in ascii_uppercase)]
_LOOKS_CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")


def _xlsx_text(cell: str) -> str:
    """Escaped; a control character is coded `_x000D_`, and what looks like such a code too."""
    text = cell[:CELL_LIMIT]
    if "_x" in text:
        text = _LOOKS_CODED.sub("_x005F_", text)
    if not text.isprintable():
        text = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
        text = _ILLEGAL_XML.sub("", text)
    return escape(text)


_ODS_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    'manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPES["ods"]}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
_ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2" '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="Feuille1">'
)
_ODS_TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"


def _write_ods(out: BinaryIO, rows: Iterable[Row]) -> None:
    """A minimal OpenDocument sheet; every cell is a string by type."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST) as archive:
        archive.writestr("mimetype", MIMETYPES["ods"], zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", _ODS_MANIFEST)
        with archive.open("content.xml", "w", force_zip64=True) as content:
            content.write(_ODS_HEAD.encode())
            for row in rows:
                cells = "".join(map(_ods_cell, row))
                content.write(f"<table:table-row>{cells}</table:table-row>".encode())
            content.write(_ODS_TAIL.encode())


def _ods_cell(cell: str) -> str:
    if not cell:
        return "<table:table-cell/>"
    paragraphs = "".join(f"<text:p>{_ods_text(line)}</text:p>" for line in cell.split("\n"))
    return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'


_SPACES = re.compile("^ +| {2,}| +$|\t|\r")


def _ods_text(line: str) -> str:
    """XML folds spaces: the format has elements for those that count."""
    text = escape(_legal(line))
    return _SPACES.sub(_ods_space, text) if text != " ".join(text.split()) else text


def _ods_space(found: re.Match[str]) -> str:
    if found[0] == "\t":
        return "<text:tab/>"
    if found[0] == "\r":
        return "<text:line-break/>"
    return f'<text:s text:c="{len(found[0])}"/>'


def _legal(text: str) -> str:
    """Without the characters that XML cannot carry (forms refuse them, old data may have them)."""
    return text if text.isprintable() else _ILLEGAL_XML.sub("", text)


_WRITERS: dict[str, Callable[[BinaryIO, Iterable[Row]], None]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "ods": _write_ods,
}
