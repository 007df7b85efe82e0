"""What bytes are, whatever their name says: a short list of kinds, each checked in bounded time."""

import io
import re
import struct
import zipfile
import zlib

from eventreg.files.errors import Damaged, TypeNotAllowed
from eventreg.files.rules import MEDIA_TYPES, MEGABYTE

ENTRIES_LIMIT = 2_000
UNPACKED_LIMIT = 50 * MEGABYTE
RATIO_LIMIT = 100
_DIRECTORY_LIMIT = MEGABYTE
_END = struct.Struct("<4s4H2LH")  # the end record of a zip
_OFFICE = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
_ODF = {MEDIA_TYPES[ending]: ending for ending in ("odt", "ods", "odp")}
_MACROS = re.compile(r"(?i)(?:^|/)(?:vbaproject\.bin|vbadata\.xml|basic/.+|scripts/.+)")
_MARKUP = re.compile(r"\s*<(?:[!?]|/?[a-zA-Z][\w:-]*[\s/>])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def ending(data: bytes, said: str) -> str:
    """The ending that suits the bytes. `said`, the name's own, only tells CSV from text.

    Raises TypeNotAllowed, Damaged.
    """
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    for magic, found in ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg")):
        if data.startswith(magic):
            return found
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if said in ("csv", "txt") and text(data) is not None:
        return said
    raise TypeNotAllowed


def text(data: bytes) -> str | None:
    """The text of bytes, UTF-8 or Windows-1252; None when they are none, or are markup."""
    try:
        found = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            found = data.decode("cp1252")
        except UnicodeDecodeError:
            return None
    return None if _CONTROLS.search(found) or _MARKUP.match(found[:4096]) else found


def _pdf(data: bytes) -> str:
    """A PDF ends where it says: what follows its last mark would be another file."""
    end = data.rfind(b"%%EOF", max(0, len(data) - 2048))
    if end < 0 or data[end + 5 :].strip(b"\r\n \t\0"):
        raise Damaged
    return "pdf"


def _office(data: bytes) -> str:
    """A zip from the first byte to the last, small when unpacked, without macros."""
    _check_end(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries, len(data))
            names = {entry.filename for entry in entries}
            if any(_MACROS.search(name) for name in names):
                raise TypeNotAllowed
            if entries[0].filename == "mimetype":
                return _open_document(archive, entries[0])
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as fault:
        raise Damaged from fault
    found = [_OFFICE[name] for name in _OFFICE if name in names]
    if "[Content_Types].xml" not in names or len(found) != 1:
        raise TypeNotAllowed
    return found[0]


def _check_end(data: bytes) -> None:
    """The directory is read only once its size is known to be modest (no comment, no zip64)."""
    if len(data) < _END.size:
        raise Damaged
    mark, _, _, here, total, size, start, comment = _END.unpack(data[-_END.size :])
    if mark != b"PK\x05\x06" or comment or here != total or total > ENTRIES_LIMIT:
        raise Damaged
    if size > _DIRECTORY_LIMIT or start + size != len(data) - _END.size or not total:
        raise Damaged


def _check_entries(entries: list[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > min(UNPACKED_LIMIT, packed * RATIO_LIMIT):
        raise Damaged
    if min(entry.header_offset for entry in entries) != 0:
        raise Damaged
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if entry.flag_bits & 1 or ".." in parts or entry.filename.startswith(("/", "\\")):
            raise Damaged


def _open_document(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    if entry.file_size > 200 or entry.compress_type != zipfile.ZIP_STORED:
        raise Damaged
    found = _ODF.get(archive.read(entry).decode("ascii", "replace").strip())
    if found is None:
        raise TypeNotAllowed
    return found
