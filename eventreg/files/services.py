"""Use cases of files: read and check (outside any transaction), keep, describe, order, remove."""

import hashlib
from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update

from eventreg.files import imaging, queries, sniffing
from eventreg.files.errors import (
    EmptyFile,
    NotAPicture,
    NotWhatItSays,
    TooLarge,
    TooManyFiles,
)
from eventreg.files.models import FileContent, StoredFile
from eventreg.files.rules import (
    BYTES_LIMIT,
    MEDIA_TYPES,
    MEGABYTE,
    PER_EVENT,
    PICTURES,
    UNCLAIMED_BYTES,
    UNCLAIMED_FILES,
    Copy,
    Prepared,
    ending_of,
    is_picture,
    safe_name,
)
from eventreg.shared.clock import utc_now
from eventreg.shared.db import db
from eventreg.shared.tokens import random_id


def prepare(data: bytes, *, name: str, purpose: str) -> Prepared:
    """Reads a file and makes what is kept of it. Slow for a picture: call it outside transactions.

    Raises FileRefused: TypeNotAllowed, NotWhatItSays, TooLarge, Damaged, NotAPicture, EmptyFile.
    """
    if not data:
        raise EmptyFile
    if len(data) > BYTES_LIMIT:
        raise TooLarge(limit=BYTES_LIMIT // MEGABYTE)
    said = ending_of(name)
    found = sniffing.ending(data, said)
    if said != found:
        raise NotWhatItSays(said=said[:20] or "?", found=found)
    digest = hashlib.sha256(data).hexdigest()
    if found in PICTURES:
        return _picture(data, found, name=name, purpose=purpose, digest=digest)
    if purpose == "image":
        raise NotAPicture
    if found in ("csv", "txt"):
        data = (sniffing.text(data) or "").encode()  # one encoding, the one that is announced
    return Prepared(safe_name(name, found), purpose, MEDIA_TYPES[found], digest, Copy(data))


def _picture(data: bytes, found: str, *, name: str, purpose: str, digest: str) -> Prepared:
    wants = imaging.PAGE if purpose == "image" else imaging.PAPER
    full, *smaller = imaging.copies(data, found, wants)
    return Prepared(
        safe_name(name, imaging.ENDING),
        purpose,
        imaging.MEDIA_TYPE,
        digest,
        full,
        smaller[0] if smaller else None,
    )


def store(
    data: bytes,
    *,
    name: str,
    purpose: str,
    event_id: int,
    registration_id: int | None = None,
    alt: str = "",
) -> StoredFile:
    """`prepare` and `keep` at once, for files that cost little to read. Raises FileRefused."""
    ready = prepare(data, name=name, purpose=purpose)
    return keep(ready, event_id, registration_id=registration_id, alt=alt)


def keep(
    ready: Prepared,
    event_id: int,
    *,
    registration_id: int | None = None,
    alt: str = "",
    decorative: bool = False,
    source: str = "",
) -> StoredFile:
    """Writes a prepared file in the caller's transaction. Raises TooManyFiles."""
    if ready.purpose == "answer" and registration_id is None:
        _make_room(event_id, len(ready.full.data))
    count, position = queries.last_position(event_id, ready.purpose)
    limit = PER_EVENT.get(ready.purpose)
    if limit is not None and count >= limit:
        raise TooManyFiles(limit=limit)
    kept = StoredFile(
        public_id=random_id(),
        event_id=event_id,
        registration_id=registration_id,
        purpose=ready.purpose,
        name=ready.name,
        media_type=ready.media_type,
        size=len(ready.full.data),
        sha256=ready.sha256,
        alt=alt,
        decorative=decorative,
        width=ready.full.width,
        height=ready.full.height,
        position=position,
        source=source,
        created_at=utc_now(),
    )
    db.session.add(kept)
    db.session.flush()
    _write(kept, ready)
    return kept


def _make_room(event_id: int, size: int) -> None:
    """The oldest files without a sign-up leave: strangers fill no disk, whole forms lose none."""
    room, gone = UNCLAIMED_BYTES - size, []
    for number, (file_id, weight) in enumerate(queries.unclaimed(event_id), start=1):
        room -= weight
        if room < 0 or number >= UNCLAIMED_FILES:
            gone.append(file_id)
    # Asked again as they leave: a sign-up of this instant may have taken one.
    wanted = (StoredFile.id.in_(gone), StoredFile.registration_id.is_(None))
    if gone:
        db.session.execute(
            delete(StoredFile).where(*wanted), execution_options={"synchronize_session": False}
        )


def replace(file: StoredFile, ready: Prepared) -> None:
    """Other bytes for a file whose words and place stay; its address changes with them."""
    file.public_id, file.name, file.media_type = random_id(), ready.name, ready.media_type
    file.sha256, file.size = ready.sha256, len(ready.full.data)
    file.width, file.height = ready.full.width, ready.full.height
    db.session.execute(delete(FileContent).where(FileContent.file_id == file.id))
    _write(file, ready)


def _write(file: StoredFile, ready: Prepared) -> None:
    for variant, copy in (("full", ready.full), ("small", ready.small)):
        if copy is not None:
            db.session.add(
                FileContent(
                    file_id=file.id,
                    variant=variant,
                    width=copy.width,
                    height=copy.height,
                    size=len(copy.data),
                    data=copy.data,
                )
            )
    db.session.flush()


def describe(file: StoredFile, *, alt: str, decorative: bool = False) -> bool:
    """New alternative text of a picture, or title of a document; whether it changed."""
    wanted = ("" if decorative else alt, decorative and is_picture(file.media_type))
    if (file.alt, file.decorative) == wanted:
        return False
    file.alt, file.decorative = wanted
    db.session.flush()
    return True


def move(file: StoredFile, siblings: Iterable[StoredFile], *, by: int) -> None:
    """One place earlier (-1) or later (+1) among the files of its kind."""
    order = list(siblings)
    at = order.index(file)
    order.insert(min(max(at + by, 0), len(order) - 1), order.pop(at))
    for position, other in enumerate(order):
        other.position = position
    db.session.flush()


def remove(file: StoredFile) -> None:
    """Takes a file away. Of one that a document names, a mark without bytes stays."""
    db.session.execute(delete(FileContent).where(FileContent.file_id == file.id))
    if file.source:
        file.removed = True
    else:
        db.session.delete(file)
    db.session.flush()


def adopt(public_id: str, event_id: int, registration_id: int) -> bool:
    """A file given with an answer becomes its registrant's; False when it is somebody's already."""
    wanted = (
        StoredFile.public_id == public_id,
        StoredFile.event_id == event_id,
        StoredFile.purpose == "answer",
        StoredFile.registration_id.is_(None),
    )
    query = update(StoredFile).where(*wanted).values(registration_id=registration_id)
    result = db.session.execute(query, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount == 1


def erase(file_ids: Iterable[int]) -> None:
    """Files that no sign-up followed leave (privacy)."""
    db.session.execute(delete(StoredFile).where(StoredFile.id.in_(list(file_ids))))


def erase_of(registration_ids: Iterable[int]) -> None:
    """What these registrants gave leaves, bytes and names (privacy)."""
    ids = list(registration_ids)
    # The contents go by their foreign key.
    db.session.execute(delete(StoredFile).where(StoredFile.registration_id.in_(ids)))
