"""Reads for those who choose among requests."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select

from eventreg.registration.models import Draw, Registration
from eventreg.shared.db import db


def to_decide(event_id: int) -> ColumnElement[bool]:
    """People who await a decision, with or without a place in line."""
    undecided = and_(Registration.state == "waiting", Registration.cleared.is_(False))
    return and_(Registration.event_id == event_id, or_(Registration.state == "pending", undecided))


def candidates(event_id: int, *, shortlist: bool) -> list[tuple[str, int]]:
    """(reference, seats) of those who may be drawn, by reference."""
    query = select(Registration.public_id, Registration.companions).where(to_decide(event_id))
    if shortlist:
        query = query.where(Registration.shortlisted)
    rows = db.session.execute(query.order_by(Registration.public_id)).tuples()
    return [(public_id, 1 + companions) for public_id, companions in rows]


def draws(event_id: int) -> Sequence[Draw]:
    """The lotteries of an event, the latest first."""
    query = select(Draw).where(Draw.event_id == event_id).order_by(Draw.id.desc()).limit(50)
    return db.session.execute(query).scalars().all()


def draw_of(event_id: int, public_id: str) -> Draw | None:
    wanted = (Draw.event_id == event_id, Draw.public_id == public_id)
    return db.session.execute(select(Draw).where(*wanted)).scalar_one_or_none()


def names(event_id: int, public_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(name, state) of these people, as far as they are still there."""
    columns = (
        Registration.public_id,
        Registration.given_name,
        Registration.family_name,
        Registration.state,
    )
    wanted = (Registration.event_id == event_id, Registration.public_id.in_(public_ids))
    rows = db.session.execute(select(*columns).where(*wanted)).tuples()
    return {key: (f"{given} {family}", state) for key, given, family, state in rows}
