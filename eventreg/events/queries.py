"""Reads of events."""

from collections.abc import Sequence

from sqlalchemy import select

from eventreg.events.models import Event, Pool, ProgrammeSession
from eventreg.shared.db import db


def by_slug(slug: str) -> Event | None:
    return db.session.execute(select(Event).where(Event.slug == slug)).scalar_one_or_none()


def by_id(event_id: int) -> Event | None:
    return db.session.get(Event, event_id)


def every() -> Sequence[Event]:
    """All events, next first."""
    return db.session.execute(select(Event).order_by(Event.starts_at, Event.id)).scalars().all()


def programme(event_id: int) -> Sequence[ProgrammeSession]:
    """The visible sessions, in order."""
    wanted = (ProgrammeSession.event_id == event_id, ProgrammeSession.hidden.is_(False))
    order = (ProgrammeSession.position, ProgrammeSession.id)
    return db.session.execute(select(ProgrammeSession).where(*wanted).order_by(*order)).scalars().all()


def pool(event_id: int) -> Pool:
    """The pool of the whole event."""
    wanted = (Pool.event_id == event_id, Pool.kind == "event")
    return db.session.execute(select(Pool).where(*wanted)).scalar_one()


def same_day_title(title: str, slug: str) -> Event | None:
    """Another event with the same title: maybe the same one under another file name."""
    wanted = (Event.title == title, Event.slug != slug)
    return db.session.execute(select(Event).where(*wanted).limit(1)).scalar_one_or_none()
