"""Reads of the outbox. Registrations are a higher room: two of their columns are named here."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, String, column, or_, select, table, text

from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.rules import CLAIMABLE, UNPROVEN_KINDS
from eventreg.shared.db import db, is_sqlite

REGISTRATIONS = table(
    "registrations", column("id", Integer), column("public_id", String), column("state", String)
)
_CLAIM_LOCK = 0x6D61696C  # "mail", for all workers of one PostgreSQL database
_LISTED = (
    OutboxMessage.id,
    OutboxMessage.kind,
    OutboxMessage.recipient,
    OutboxMessage.state,
    OutboxMessage.attempts,
    OutboxMessage.due_at,
    OutboxMessage.sent_at,
    OutboxMessage.message_id,
    OutboxMessage.last_error,
    OutboxMessage.subject,
    REGISTRATIONS.c.public_id.label("registration"),
)


def one_claim_at_a_time() -> None:
    """Budgets are counted and spent under one lock; SQLite's write lock is held already."""
    if not is_sqlite():
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIM_LOCK})


def listed(
    state: str | None = None, *, limit: int | None = None, newest: bool = False
) -> Sequence[Row[Any]]:
    """Rows of `mails list`, in the order in which they were owed."""
    order = OutboxMessage.id.desc() if newest else OutboxMessage.id
    query = (
        select(*_LISTED)
        .outerjoin(REGISTRATIONS, REGISTRATIONS.c.id == OutboxMessage.registration_id)
        .order_by(order)
        .limit(limit)
    )
    if state is not None:
        query = query.where(OutboxMessage.state == state)
    return db.session.execute(query).all()


def message(key: int) -> tuple[Row[Any], OutboxMessage] | None:
    """What `mails list` says of a letter, and the letter."""
    query = (
        select(*_LISTED)
        .outerjoin(REGISTRATIONS, REGISTRATIONS.c.id == OutboxMessage.registration_id)
        .where(OutboxMessage.id == key)
    )
    row = db.session.execute(query).one_or_none()
    found = db.session.get(OutboxMessage, key)
    return (row, found) if row is not None and found is not None else None


def states_of(registration_ids: Iterable[int]) -> dict[int, str]:
    """The present state of registrations; one that was erased is absent."""
    query = select(REGISTRATIONS.c.id, REGISTRATIONS.c.state).where(
        REGISTRATIONS.c.id.in_(list(registration_ids))
    )
    return {row.id: row.state for row in db.session.execute(query)}


def unproven_to(recipient_keys: Iterable[str], *, now: datetime) -> Sequence[Row[Any]]:
    """Letters to addresses not proven: waiting, leaving now, or sent within a day."""
    query = select(
        OutboxMessage.id,
        OutboxMessage.kind,
        OutboxMessage.recipient_key,
        OutboxMessage.registration_id,
        OutboxMessage.state,
        OutboxMessage.sent_at,
    ).where(
        OutboxMessage.recipient_key.in_(list(recipient_keys)),
        OutboxMessage.kind.in_(sorted(UNPROVEN_KINDS)),
        or_(
            OutboxMessage.state.in_(CLAIMABLE),
            OutboxMessage.sent_at > now - timedelta(days=1),
        ),
    )
    return db.session.execute(query).all()
