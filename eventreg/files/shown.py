"""Stored files as pages show them: addresses, dimensions, kind and weight in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_decimal

from eventreg.files import queries
from eventreg.files.rules import MEGABYTE, kind_of, small_name
from eventreg.shared.i18n import NBSP
from eventreg.shared.i18n import gettext as _


@dataclass(frozen=True)
class Picture:
    """A picture with its smaller copy, if it has one (`srcset`), and what it is said to show."""

    id: str
    url: str
    srcset: str
    width: int
    height: int
    alt: str
    decorative: bool
    detail: str


@dataclass(frozen=True)
class Paper:
    """A document to fetch: « Programme détaillé », « PDF, 1,2 Mo »."""

    id: str
    url: str
    label: str
    detail: str


@dataclass(frozen=True)
class Shown:
    """What an event shows. `named` are documents of its source that are not here."""

    pictures: list[Picture]
    papers: list[Paper]
    named: list[str]
    cover: bool  # the source names a picture that is not here: the drawn cover is shown


def weight(size: int) -> str:
    """« 340 ko », « 1,2 Mo » / “340 KB”, “1.2 MB”."""
    if size < MEGABYTE:
        unit = _("KB")  # the extraction of words does not look into f-strings
        return f"{max(1, round(size / 1024))}{NBSP}{unit}"
    unit = _("MB")
    return f"{format_decimal(round(size / MEGABYTE, 1))}{NBSP}{unit}"


def detail(file: Any) -> str:
    """Kind and weight of a file: « PDF, 1,2 Mo »."""
    return f"{kind_of(file.media_type)}, {weight(file.size)}"


def url(file: Any, name: str = "") -> str:
    """The address of a stored file."""
    return url_for("sharing.file", public_id=file.public_id, name=name or file.name)


def picture(file: Any, small: int | None) -> Picture:
    """One picture."""
    srcset = f"{url(file, small_name(file.name))} {small}w, {url(file)} {file.width}w"
    return Picture(
        id=file.public_id,
        url=url(file),
        srcset=srcset if small else "",
        width=file.width,
        height=file.height,
        alt=file.alt,
        decorative=file.decorative,
        detail=detail(file),
    )


def of_event(event_id: int, *, images: Iterable[Any], files: Iterable[Any]) -> Shown:
    """What the page of an event shows; `images` and `files` are what its source names."""
    media = queries.of_event(event_id)
    known = {(file.purpose, file.source) for file in (*media.images, *media.documents)}
    return Shown(
        [picture(file, media.narrow.get(file.id)) for file in media.images],
        [
            Paper(file.public_id, url(file), file.alt or file.name, detail(file))
            for file in media.documents
        ],
        [source for source in map(_source, files) if ("document", source) not in known],
        cover=not media.images and any(_source(image) for image in images),
    )


def _source(item: Any) -> str:
    return str((item.get("src") if isinstance(item, Mapping) else item) or "").strip()
