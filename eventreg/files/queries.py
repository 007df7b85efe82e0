"""Reads of stored files; the bytes only where they are sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from eventreg.files.models import FileContent, StoredFile
from eventreg.shared.db import db


@dataclass(frozen=True)
class Media:
    """What an event shows: its pictures and its documents, each in order."""

    images: Sequence[StoredFile]
    documents: Sequence[StoredFile]
    narrow: Mapping[int, int]  # width of the smaller copy, by id of the pictures that have one


def by_public_id(public_id: str) -> StoredFile | None:
    """The file of an address, whatever its purpose; the caller asks who may read it."""
    return db.session.execute(
        select(StoredFile).where(StoredFile.public_id == public_id, StoredFile.removed.is_(False))
    ).scalar_one_or_none()


def content(file_id: int, variant: str = "full") -> bytes | None:
    """The bytes of one copy."""
    return db.session.execute(
        select(FileContent.data).where(
            FileContent.file_id == file_id, FileContent.variant == variant
        )
    ).scalar_one_or_none()


def of_event(event_id: int) -> Media:
    """The pictures and documents that an event shows."""
    rows = (
        db.session.execute(
            select(StoredFile, FileContent.width)
            .outerjoin(
                FileContent,
                (FileContent.file_id == StoredFile.id) & (FileContent.variant == "small"),
            )
            .where(
                StoredFile.event_id == event_id,
                StoredFile.purpose.in_(("image", "document")),
                StoredFile.removed.is_(False),
            )
            .order_by(StoredFile.position, StoredFile.id)
        )
        .tuples()
        .all()
    )
    return Media(
        [file for file, _ in rows if file.purpose == "image"],
        [file for file, _ in rows if file.purpose == "document"],
        {file.id: small for file, small in rows if small},
    )


def covers(event_ids: Iterable[int]) -> dict[int, StoredFile]:
    """The first picture of each event that has one, in one statement."""
    rows = db.session.execute(
        select(StoredFile)
        .where(
            StoredFile.event_id.in_(list(event_ids)),
            StoredFile.purpose == "image",
            StoredFile.removed.is_(False),
        )
        .order_by(StoredFile.position.desc(), StoredFile.id.desc())
    ).scalars()
    return {file.event_id: file for file in rows}


def of_registration(registration_id: int) -> Sequence[StoredFile]:
    """The files that a registrant gave."""
    return (
        db.session.execute(
            select(StoredFile)
            .where(StoredFile.registration_id == registration_id)
            .order_by(StoredFile.id)
        )
        .scalars()
        .all()
    )


def unclaimed(event_id: int) -> Sequence[tuple[int, int]]:
    """(id, bytes) of the answers' files that no sign-up followed yet, newest first."""
    query = select(StoredFile.id, StoredFile.size).where(
        StoredFile.event_id == event_id,
        StoredFile.purpose == "answer",
        StoredFile.registration_id.is_(None),
    )
    return db.session.execute(query.order_by(StoredFile.id.desc())).tuples().all()


def from_documents(event_id: int) -> dict[tuple[str, str], StoredFile]:
    """Files that came with a document of the site, by (purpose, source); removed ones too."""
    rows = db.session.execute(
        select(StoredFile).where(StoredFile.event_id == event_id, StoredFile.source != "")
    ).scalars()
    return {(file.purpose, file.source): file for file in rows}


def last_position(event_id: int, purpose: str) -> tuple[int, int]:
    """How many an event has of a purpose, and the position after the last."""
    count, last = db.session.execute(
        select(func.count(), func.max(StoredFile.position)).where(
            StoredFile.event_id == event_id,
            StoredFile.purpose == purpose,
            StoredFile.removed.is_(False),
        )
    ).one()
    return int(count), (0 if last is None else int(last) + 1)
