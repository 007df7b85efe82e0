"""What a file may be, weigh and be called. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

MEGABYTE = 1024 * 1024
BYTES_LIMIT = 10 * MEGABYTE
NAME_LIMIT = 100
ALT_LIMIT = 300
IMAGES_PER_EVENT = 6
DOCUMENTS_PER_EVENT = 20
# Files that no sign-up followed yet: the oldest leave for new ones, whoever sends thousands.
UNCLAIMED_FILES = 300
UNCLAIMED_BYTES = 300 * MEGABYTE
PER_EVENT = MappingProxyType({"image": IMAGES_PER_EVENT, "document": DOCUMENTS_PER_EVENT})

PICTURES = MappingProxyType({"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "gif": "GIF"})
MEDIA_TYPES = MappingProxyType(
    {
        "pdf": "application/pdf",
        "odt": "application/vnd.oasis.opendocument.text",
        "ods": "application/vnd.oasis.opendocument.spreadsheet",
        "odp": "application/vnd.oasis.opendocument.presentation",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "csv": "text/csv; charset=utf-8",
        "txt": "text/plain; charset=utf-8",
        "png": "image/png",
        "jpg": "image/jpeg",
        "webp": "image/webp",
        "gif": "image/gif",
    }
)
SAME = MappingProxyType({"jpeg": "jpg", "jpe": "jpg"})  # other spellings of an ending
# For the `accept` attribute of a form's field.
ACCEPT_PICTURES = ".png,.jpg,.jpeg,.webp,.gif"
ACCEPT_ALL = ",".join(f".{ending}" for ending in MEDIA_TYPES) + ",.jpeg"
_UNSAFE = re.compile(r'[\\/:*?"<>|#%&;\s]+')


@dataclass(frozen=True)
class Copy:
    """The bytes of one copy of a file, finished."""

    data: bytes
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Prepared:
    """A file that was read and found good: what is left to do is to write it."""

    name: str
    purpose: str
    media_type: str
    sha256: str
    full: Copy
    small: Copy | None = None


def ending_of(name: str) -> str:
    """The ending of a name, in one spelling; empty without one."""
    _, dot, ending = name.rpartition(".")
    ending = ending.strip().lower() if dot else ""
    return SAME.get(ending, ending)


def safe_name(name: str, ending: str) -> str:
    """A name fit for an address and for a disk: no folder, nothing invisible, the true ending."""
    last = re.split(r"[\\/]", name)[-1]
    stem = last.rpartition(".")[0] or last
    readable = "".join(c for c in unicodedata.normalize("NFC", stem) if c.isprintable())
    stem = _UNSAFE.sub("-", readable).strip(".-_ ")[:NAME_LIMIT].rstrip(".-_ ")
    return f"{stem or 'fichier'}.{ending}"


def small_name(name: str) -> str:
    """What the smaller copy of a picture is called in addresses."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}-petit.{ending}"


def is_picture(media_type: str) -> bool:
    """Whether a browser may show it in a page."""
    return media_type.startswith("image/")


def kind_of(media_type: str) -> str:
    """The kind as people write it: PDF, ODT, CSV."""
    plain = {known: ending for ending, known in MEDIA_TYPES.items()}
    return plain.get(media_type, "").upper()
