"""Keeps the row by which the agenda finds an event, whoever writes the event or its programme.

The session itself does it, at the end of a flush: no service can forget.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import event as sa_event
from sqlalchemy import insert, inspect, select, update
from sqlalchemy.orm import Session

from eventreg.events.finding import found_by
from eventreg.events.models import Event, EventIndex, ProgrammeSession
from eventreg.shared.db import transaction

_EVENT = frozenset(
    {"title", "title_en", "lead", "lead_en", "kind", "categories", "tags", "venue", "city"}
    | {"address", "online", "audience", "policy", "starts_at", "timezone"}
)
_SESSION = frozenset(
    {"title", "track", "organisations_text", "speakers", "items", "hidden", "event_id"}
)
BATCH = 200


def init_app() -> None:
    """Watches every session of the application, once."""
    if not sa_event.contains(Session, "after_flush", _after_flush):
        sa_event.listen(Session, "after_flush", _after_flush)


def fill() -> int:
    """Makes the rows of events that have none yet, batch by batch; how many were made."""
    query = (
        select(Event.id)
        .outerjoin(EventIndex, EventIndex.event_id == Event.id)
        .where(EventIndex.event_id.is_(None))
        .order_by(Event.id)
        .limit(BATCH)
    )
    made = 0
    while True:
        with transaction() as session:
            ids = session.execute(query).scalars().all()
            _write(session, ids)
        made += len(ids)
        if len(ids) < BATCH:
            return made


def _after_flush(session: Session, _context: object) -> None:
    touched = {row.id for row in _changed(session, Event, _EVENT)}
    touched |= {row.event_id for row in _changed(session, ProgrammeSession, _SESSION)}
    touched |= {row.event_id for row in session.deleted if isinstance(row, ProgrammeSession)}
    gone = {row.id for row in session.deleted if isinstance(row, Event)}
    if touched - gone:
        _write(session, sorted(touched - gone))


def _changed(session: Session, model: type[Any], keys: frozenset[str]) -> Iterable[Any]:
    for row in session.new:
        if isinstance(row, model):
            yield row
    for row in session.dirty:
        if isinstance(row, model) and any(
            attribute.history.has_changes()
            for key, attribute in inspect(row).attrs.items()
            if key in keys
        ):
            yield row


def _write(session: Session, ids: Iterable[int]) -> None:
    """Reads what was flushed, past the identity map, and writes the rows: four statements."""
    wanted = list(ids)
    if not wanted:
        return
    connection = session.connection()
    events = connection.execute(
        select(Event.id, *(getattr(Event, key) for key in sorted(_EVENT))).where(
            Event.id.in_(wanted)
        )
    ).all()
    programme: dict[int, list[Any]] = {}
    for row in connection.execute(
        select(*(getattr(ProgrammeSession, key) for key in sorted(_SESSION)))
        .where(ProgrammeSession.event_id.in_(wanted), ProgrammeSession.hidden.is_(False))
        .order_by(ProgrammeSession.event_id, ProgrammeSession.position, ProgrammeSession.id)
    ):
        programme.setdefault(row.event_id, []).append(row)
    known = set(
        connection.execute(
            select(EventIndex.event_id).where(EventIndex.event_id.in_(wanted))
        ).scalars()
    )
    for row in events:
        values = asdict(found_by(row, programme.get(row.id, ())))
        if row.id in known:
            statement: Any = update(EventIndex).where(EventIndex.event_id == row.id)
        else:
            statement, values["event_id"] = insert(EventIndex), row.id
        connection.execute(statement.values(**values))
