"""Reads for a person's own page: what happened, what is under way, everything that is kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import LargeBinary, Row, func, select

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Pool
from eventreg.registration.models import PoolSeats, Proposal, Receipt
from eventreg.shared.db import Base, db

# Told by queries of their own, or (the letters' bodies) sent to the person already.
_TOLD = frozenset({"registrations", "registration_seats", "receipts", "proposals", "outbox"})


def last_step(registration_id: int, acts: Sequence[str]) -> AuditEntry | None:
    """The latest of these acts in the trace of a registration."""
    wanted = (AuditEntry.registration_id == registration_id, AuditEntry.action.in_(acts))
    query = select(AuditEntry).where(*wanted).order_by(AuditEntry.id.desc()).limit(1)
    return db.session.execute(query).scalar_one_or_none()


def proposal(public_id: str, *, lock: bool = False) -> Proposal | None:
    query = select(Proposal).where(Proposal.public_id == public_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(query).scalar_one_or_none()


def open_proposals(registration_id: int, now: datetime, *, kind: str = "") -> Sequence[Proposal]:
    """Those that await an answer, oldest first."""
    wanted = [
        Proposal.registration_id == registration_id,
        Proposal.ended_at.is_(None),
        Proposal.expires_at > now,
    ]
    if kind:
        wanted.append(Proposal.kind == kind)
    query = select(Proposal).where(*wanted).order_by(Proposal.id)
    return db.session.execute(query).scalars().all()


def proposals_since(registration_id: int, now: datetime) -> int:
    """How many were made within a day."""
    wanted = (
        Proposal.registration_id == registration_id,
        Proposal.made_at > now - timedelta(days=1),
    )
    query = select(func.count()).select_from(Proposal).where(*wanted)
    return int(db.session.execute(query).scalar_one())


def proposals(registration_id: int) -> Sequence[Proposal]:
    query = select(Proposal).where(Proposal.registration_id == registration_id)
    return db.session.execute(query.order_by(Proposal.id)).scalars().all()


def seats(registration_id: int) -> Sequence[Row[Any]]:
    """The other pools asked for, by their names."""
    query = (
        select(Pool.key, Pool.label, PoolSeats.seats, PoolSeats.held)
        .join(Pool, Pool.id == PoolSeats.pool_id)
        .where(PoolSeats.registration_id == registration_id)
    )
    return db.session.execute(query.order_by(Pool.position, Pool.id)).all()


def receipts(registration_id: int) -> Sequence[Row[Any]]:
    query = select(Receipt.receipt, Receipt.shown_state, Receipt.created_at)
    wanted = Receipt.registration_id == registration_id
    return db.session.execute(query.where(wanted).order_by(Receipt.id)).all()


def tables_about(registration_id: int) -> Iterator[tuple[str, Sequence[Row[Any]]]]:
    """Rows of any other table that belong to a registration, without the bytes of files.

    Found by their foreign key, so that a table added later is in a person's copy by itself.
    """
    for table in Base.metadata.sorted_tables:
        column = table.columns.get("registration_id")
        if column is None or not column.foreign_keys or table.name in _TOLD:
            continue
        told = [c for c in table.columns if not isinstance(c.type, LargeBinary)]
        rows = db.session.execute(select(*told).where(column == registration_id)).all()
        if rows:
            yield table.name, rows
