"""Keeps the row by which the agenda finds an event, whoever writes the event or its programme.

The session itself does it, at the end of a flush: no service can forget.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, insert, inspect, select, update
from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session

from eventreg.events.finding import found_by
from eventreg.events.models import Event, EventIndex, ProgrammeSession
from eventreg.shared.db import transaction

_EVENT = frozenset(
    {
        "title",
        "title_en",
        "lead",
        "lead_en",
        "kind",
        "categories",
        "tags",
        "venue",
        "venue_en",
        "city",
    }
    | {"address", "online", "audience", "policy", "starts_at", "timezone"}
)
_SESSION = frozenset(
    {"title", "track", "organisations_text", "speakers", "items", "hidden", "event_id"}
)
_EVENTS = select(Event.id, *(getattr(Event, key) for key in sorted(_EVENT))).where(
    Event.id.in_(bindparam("ids", expanding=True))
)
_PROGRAMME = (
    select(*(getattr(ProgrammeSession, key) for key in sorted(_SESSION)))
    .where(
        ProgrammeSession.event_id.in_(bindparam("ids", expanding=True)),
        ProgrammeSession.hidden.is_(False),
    )
    .order_by(ProgrammeSession.event_id, ProgrammeSession.position, ProgrammeSession.id)
)
_UPDATE = update(EventIndex).where(EventIndex.event_id == bindparam("key"))
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
    touched = {row.event_id for row in _changed(session, ProgrammeSession, _SESSION)}
    touched |= {row.event_id for row in session.deleted if isinstance(row, ProgrammeSession)}
    for row in _changed(session, Event, _EVENT):
        if row in session.new and row.id not in touched:
            _write_new(session, row)
        else:
            touched.add(row.id)
    touched -= {row.id for row in session.deleted if isinstance(row, Event)}
    _write(session, sorted(touched))


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


def _write_new(session: Session, row: Event) -> None:
    """The row of an event that has no programme yet, without reading it back."""
    # What is not in the dict was left unset: null.
    known = SimpleNamespace(**{key: row.__dict__.get(key) for key in _EVENT})
    values = {**asdict(found_by(known, ())), "event_id": row.id}
    session.connection().execute(insert(EventIndex), values)


def _write(session: Session, ids: Sequence[int]) -> None:
    """Reads what was flushed, past the identity map, and writes the rows."""
    if not ids:
        return
    connection = session.connection()
    programme: dict[int, list[Any]] = {}
    for line in connection.execute(_PROGRAMME, {"ids": ids}):
        programme.setdefault(line.event_id, []).append(line)
    for row in connection.execute(_EVENTS, {"ids": ids}).all():
        values = asdict(found_by(row, programme.get(row.id, ())))
        done = connection.execute(_UPDATE, {**values, "key": row.id})
        if not done.rowcount:
            connection.execute(insert(EventIndex), {**values, "event_id": row.id})
