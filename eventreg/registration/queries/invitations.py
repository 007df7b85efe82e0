"""Reads of invitations."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from eventreg.registration.models import Invitation
from eventreg.registration.rules import Pass
from eventreg.shared.db import db

LISTED = 500
_PASS = (
    "id",
    "public_id",
    "event_id",
    "email_key",
    "bound",
    "population",
    "skips_approval",
    "skips_deadline",
    "beyond_capacity",
    "invited_by",
    "expires_at",
)


def by_public_id(public_id: str, *, lock: bool = False) -> Invitation | None:
    query = select(Invitation).where(Invitation.public_id == public_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(query).scalar_one_or_none()


def as_pass(invitation: Invitation) -> Pass:
    """What it allows, as facts."""
    return Pass(**{name: getattr(invitation, name) for name in _PASS})


def of_event(event_id: int, *, limit: int = LISTED) -> Sequence[Invitation]:
    """The latest first."""
    query = select(Invitation).where(Invitation.event_id == event_id)
    return db.session.execute(query.order_by(Invitation.id.desc()).limit(limit)).scalars().all()


def figures(event_id: int) -> dict[str, int]:
    """How many in each state."""
    query = select(Invitation.state, func.count()).where(Invitation.event_id == event_id)
    return dict(db.session.execute(query.group_by(Invitation.state)).tuples().all())


def count_by(event_id: int, actor: str) -> int:
    """How many of one organiser's count against the quota: those not withdrawn or ended."""
    wanted = (
        Invitation.event_id == event_id,
        Invitation.invited_by == actor,
        Invitation.state.in_(("open", "accepted")),
    )
    return int(db.session.execute(select(func.count()).where(*wanted)).scalar_one())


def to_remind(now: datetime, limit: int) -> Sequence[Invitation]:
    """Open ones whose reminder is due, locked."""
    query = (
        select(Invitation)
        .where(
            Invitation.state == "open",
            Invitation.remind_at <= now,
            Invitation.reminded_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return db.session.execute(query).scalars().all()


def ended(now: datetime, limit: int) -> Sequence[Invitation]:
    """Open ones whose end has come, locked."""
    query = (
        select(Invitation)
        .where(Invitation.state == "open", Invitation.expires_at <= now)
        .order_by(Invitation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return db.session.execute(query).scalars().all()
