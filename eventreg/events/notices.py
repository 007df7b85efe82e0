"""Who must be told of a change: written with the change, told in batches by a job (registration)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from eventreg.audit import services as audit
from eventreg.events import queries
from eventreg.events.models import Event, Notice
from eventreg.events.rules import Planned, must_tell
from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.rules import WAITING, MailState
from eventreg.shared.db import db

CANCELLED, MOVED = "cancelled", "moved"
LETTERS = {CANCELLED: "event_cancelled", MOVED: "event_moved"}
PLANNED = frozenset({"starts_at", "ends_at", "timezone", "venue", "address", "online"})
SHOWN = timedelta(days=30)  # how long the page says what was announced before


def planned(event: Event, values: Mapping[str, Any] | None = None) -> Planned:
    """When and where an event takes place, as it stands now, or with other `values`."""

    def value(key: str) -> Any:
        return values[key] if values and key in values else getattr(event, key)

    city = "" if value("city") and value("city") in value("address") else value("city")
    return Planned(
        starts_at=value("starts_at"),
        ends_at=value("ends_at"),
        timezone=value("timezone") or "Europe/Paris",
        day_only=bool(value("day_only")),
        place=", ".join(part for part in (value("venue"), value("address"), city) if part),
        online=bool(value("online")),
    )


def note_move(event: Event, before: Planned, *, actor: str, now: datetime) -> None:
    """Everybody signed up must learn that the event moved, if that is news.

    A move that follows another before its letters have left replaces it: people are told once,
    from what they had read.
    """
    after = planned(event)
    if not must_tell(event.state, before, after, now) or _nobody_knows(event):
        return
    known = _withdraw(event, now)
    if known is not None and must_tell(event.state, known, after, now):
        before = known
    _add(event, MOVED, before, actor=actor, now=now)


def note_cancelled(event: Event, *, actor: str, now: datetime) -> None:
    """Everybody signed up must learn that the event will not take place, unless it is over."""
    _withdraw(event, now)
    plan = planned(event)
    if plan.over is None or plan.over > now:
        _add(event, CANCELLED, plan, actor=actor, now=now)


def latest_move(event_id: int, now: datetime) -> Notice | None:
    """The last move of an event, while its page still says so."""
    wanted = (Notice.event_id == event_id, Notice.kind == MOVED, Notice.made_at > now - SHOWN)
    query = select(Notice).where(*wanted).order_by(Notice.id.desc()).limit(1)
    return db.session.execute(query).scalar_one_or_none()


def open_notices() -> Sequence[Notice]:
    """Those that somebody may still have to be told, oldest first."""
    query = select(Notice).where(Notice.done_at.is_(None)).order_by(Notice.id)
    return db.session.execute(query).scalars().all()


def _nobody_knows(event: Event) -> bool:
    """A draft to which nobody was added may still move as its team likes."""
    return event.state == "draft" and not queries.pool(event.id).taken


def _add(event: Event, kind: str, before: Planned, *, actor: str, now: datetime) -> None:
    notice = Notice(
        event_id=event.id,
        kind=kind,
        before=before.as_json(),
        after=planned(event).as_json(),
        made_at=now,
        made_by=actor,
    )
    db.session.add(notice)
    db.session.flush()
    audit.record("notice_made", at=now, actor=actor, event_id=event.id, kind=kind)


def _withdraw(event: Event, now: datetime) -> Planned | None:
    """Ends the notices whose letters have not all left; what the first of them said before.

    Letters that still wait would announce what is no longer so.
    """
    unfinished = (Notice.event_id == event.id, Notice.kind == MOVED, Notice.done_at.is_(None))
    open_notices = db.session.execute(select(Notice).where(*unfinished).order_by(Notice.id))
    found = open_notices.scalars().all()
    for notice in found:
        notice.done_at = now
    waiting = (
        OutboxMessage.event_id == event.id,
        OutboxMessage.kind == LETTERS[MOVED],
        OutboxMessage.state.in_(WAITING),
    )
    ended = {"state": MailState.CANCELLED, "last_error": "no longer true"}
    db.session.execute(
        update(OutboxMessage).where(*waiting).values(**ended),
        execution_options={"synchronize_session": False},
    )
    return Planned.from_json(found[0].before) if found else None
