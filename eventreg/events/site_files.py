"""Pictures and documents that a document of the site names, read under the folder of the site."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from eventreg.audit import services as audit
from eventreg.events import queries as events
from eventreg.events import services as event_services
from eventreg.events.jekyll import Document, Problem
from eventreg.events.models import Event
from eventreg.files import queries
from eventreg.files import services as files
from eventreg.files.errors import FileRefused, TooManyFiles
from eventreg.files.rules import BYTES_LIMIT, PER_EVENT, Prepared
from eventreg.shared.db import db
from eventreg.shared.errors import N_
from eventreg.shared.i18n import translate

ABSENT = N_("%(src)s is not under the site root.")
REFUSED = N_("%(src)s was not kept: %(reason)s")
UNDESCRIBED = N_(
    "%(src)s has no description: people who do not see it will not know of it. "
    "Describe it on the page of pictures."
)
Source = tuple[str, str]  # purpose, and the address in the document


@dataclass(frozen=True)
class Found:
    """What a document names; `ready` is None for a file that is absent, refused or known already."""

    purpose: str
    source: str
    alt: str | None = None
    ready: Prepared | None = None


def known(slug: str) -> dict[Source, str]:
    """Digests of what an earlier import of this document kept."""
    event = events.by_slug(slug)
    kept = queries.from_documents(event.id) if event else {}
    return {source: file.sha256 for source, file in kept.items()}


def look_for(
    document: Document, site_root: Path, already: Mapping[Source, str] | None = None
) -> tuple[Document, list[Found]]:
    """Reads the files, outside any transaction; the document gains a warning for each doubt.

    `already`: digests of those that need not be read again.
    """
    found, doubts = [], []
    for named in _named(document):
        ready, doubt = _ready(named, site_root.resolve(), already or {})
        found.append(replace(named, ready=ready))
        if doubt is not None:
            doubts.append(doubt)
        elif named.purpose == "image" and named.alt is None:
            doubts.append(Problem(None, "no-description", UNDESCRIBED, {"src": named.source}))
    return replace(document, warnings=(*document.warnings, *doubts)), found


def attach(
    event_id: int, found: list[Found], *, actor: str, now: datetime
) -> tuple[bool, list[Problem]]:
    """Keeps what is new, replaces what changed, takes away what the document names no more.

    What an organiser removed or described here stays as it is. Takes part in the transaction.
    """
    kept = queries.from_documents(event_id)
    named = {(one.purpose, one.source) for one in found}
    gone = [file for source, file in kept.items() if source not in named]
    for file in gone:
        file.source = ""
        files.remove(file)
    changed, doubts = bool(gone), []
    for one in found:
        old = kept.get((one.purpose, one.source))
        if one.ready is None or (old is not None and old.removed):
            continue
        alt, decorative = one.alt or "", one.alt == ""
        try:
            if old is not None:  # other bytes at the same address: its words and its place stay
                files.replace(old, one.ready)
            else:
                files.keep(one.ready, event_id, alt=alt, decorative=decorative, source=one.source)
            changed = True
        except TooManyFiles as refusal:
            doubts.append(_refused(one.source, refusal))
    if changed:
        event = db.session.get_one(Event, event_id)
        event_services.touch(event, now)
        audit.record("file_added", at=now, actor=actor, event_id=event_id, count=len(found))
    return changed, doubts


def _named(document: Document) -> Iterator[Found]:
    """Each once, no more than an event may have."""
    images = {image.src: image.alt for image in document.images}
    for source in list(images)[: PER_EVENT["image"]]:
        yield Found("image", source, images[source])
    for source in list(dict.fromkeys(document.files))[: PER_EVENT["document"]]:
        yield Found("document", source)


def _ready(
    named: Found, root: Path, already: Mapping[Source, str]
) -> tuple[Prepared | None, Problem | None]:
    data = _bytes(root, named.source)
    if data is None:
        return None, Problem(None, "file-absent", ABSENT, {"src": named.source})
    if already.get((named.purpose, named.source)) == hashlib.sha256(data).hexdigest():
        return None, None
    try:
        name = named.source.rsplit("/", 1)[-1]
        return files.prepare(data, name=unquote(name), purpose=named.purpose), None
    except FileRefused as refusal:
        return None, _refused(named.source, refusal)


def _bytes(root: Path, source: str) -> bytes | None:
    """The bytes of a file that really lies under the root: `..` and links out of it find nothing."""
    for written in dict.fromkeys((source, unquote(source))):
        try:
            path = (root / written.lstrip("/")).resolve()
            if path.is_relative_to(root) and path.is_file():
                with path.open("rb") as handle:
                    return handle.read(BYTES_LIMIT + 1)
        except (OSError, ValueError):  # too long, unreadable, NUL
            continue
    return None


def _refused(source: str, refusal: FileRefused) -> Problem:
    return Problem(None, "file-refused", REFUSED, {"src": source, "reason": translate(refusal)})
