"""Reads of forms: a version costs its statement once in each process."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Row, column, func, select, table
from sqlalchemy.engine import Engine

from eventreg.events.models import Pool
from eventreg.questionnaire.models import AccessNeeds, FormVersion
from eventreg.questionnaire.rules import NO_FORM, Form, Question, parse
from eventreg.shared.db import db

MOST_KNOWN = 500
_KNOWN: "WeakKeyDictionary[Engine, dict[tuple[int, int], Form]]" = WeakKeyDictionary()
# Of the room of registrations, which is above: named without its model.
_SEATS = table("registration_seats", column("pool_id"))


def form_of(event_id: int, version: int) -> Form:
    """One version of an event's form (0: none); versions never change, so it is read once."""
    if not version:
        return NO_FORM
    known = _KNOWN.setdefault(db.engine, {})
    form = known.get((event_id, version))
    if form is None:
        row = db.session.get(FormVersion, (event_id, version))
        form = parse(row.definition, version=version, stored=True) if row else Form(version)
        if len(known) >= MOST_KNOWN:
            known.clear()
        known[event_id, version] = form
    return form


def forget() -> None:
    """Reads every form again; for tests, whose databases start anew, and after an erasure."""
    _KNOWN.clear()


def whole(event_id: int, version: int) -> Form:
    """The form with what the rows of its pools say: capacity, waiting list, release."""
    form = form_of(event_id, version)
    rows = pools(event_id)
    return replace(form, pools=tuple(_with_row(spec, rows.get(spec.key)) for spec in form.pools))


def _with_row(spec: Any, row: Pool | None) -> Any:
    if row is None:
        return spec
    return replace(
        spec,
        capacity=row.capacity,
        waiting_list=row.waiting_list,
        released_at=row.released_at,
        into=row.into,
    )


def pools(event_id: int) -> dict[str, Pool]:
    """The rows beside the event's own, by key, in order."""
    query = select(Pool).where(Pool.event_id == event_id, Pool.key != "")
    rows = db.session.execute(query.order_by(Pool.position, Pool.id)).scalars()
    return {row.key: row for row in rows}


def used_pools(event_id: int) -> set[int]:
    """Ids of the pools that somebody asked for, or holds seats of."""
    asked = select(_SEATS.c.pool_id).where(_SEATS.c.pool_id == Pool.id).exists()
    held = (Pool.taken > 0) | (Pool.waiting > 0) | asked
    query = select(Pool.id).where(Pool.event_id == event_id, held)
    return set(db.session.execute(query).scalars())


def last_version(event_id: int) -> int:
    query = select(func.max(FormVersion.version)).where(FormVersion.event_id == event_id)
    return int(db.session.execute(query).scalar_one() or 0)


def definition(event_id: int, version: int) -> Mapping[str, Any]:
    """A version as it is stored; empty for none."""
    row = db.session.get(FormVersion, (event_id, version)) if version else None
    return row.definition if row else {}


def versions(event_id: int) -> Sequence[Row[Any]]:
    """Version, instant and author of each, latest first."""
    columns = (FormVersion.version, FormVersion.made_at, FormVersion.made_by)
    query = select(*columns).where(FormVersion.event_id == event_id)
    return db.session.execute(query.order_by(FormVersion.version.desc())).all()


def asked_ever(event_id: int) -> dict[str, Question]:
    """Every question whose answers a list may hold, in the words of the latest version."""
    found: dict[str, Question] = {}
    for row in versions(event_id):
        for _, question in form_of(event_id, row.version).order:
            if question.kind not in ("info", "access_needs"):
                found.setdefault(question.key, question)
    return found


def needs_of(registration_id: int) -> dict[str, str]:
    """What a person needs to take part, by question."""
    query = select(AccessNeeds.question, AccessNeeds.text).where(
        AccessNeeds.registration_id == registration_id
    )
    return dict(db.session.execute(query).tuples().all())
