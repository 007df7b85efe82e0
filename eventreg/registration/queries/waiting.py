"""What organisers see of a waiting list: its pools, the people in order, offers under way."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, or_, select, update

from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.queries import Page
from eventreg.shared.db import db

PAGE_SIZE = 50
_ORDER = (Registration.queue_rank, Registration.id)
_WHO = (
    Registration.id,
    Registration.public_id,
    Registration.given_name,
    Registration.family_name,
    Registration.email,
    Registration.companions,
    Registration.queue_reason,
)


def pools(event_id: int) -> Sequence[Row[Any]]:
    """The pools of an event, its own first."""
    columns = (
        Pool.id,
        Pool.kind,
        Pool.key,
        Pool.label,
        Pool.capacity,
        Pool.taken,
        Pool.waiting,
        Pool.waiting_list,
        Pool.released_at,
        Pool.into,
    )
    first = case((Pool.kind == "event", 0), else_=1)
    query = select(*columns).where(Pool.event_id == event_id)
    return db.session.execute(query.order_by(first, Pool.position, Pool.id)).all()


def people(event_id: int, *, page: int) -> Page:
    """One page of people in line, in the order in which they are served."""
    wanted = (Registration.event_id == event_id, Registration.state == "waiting")
    counting = select(func.count()).select_from(Registration).where(*wanted)
    total = int(db.session.execute(counting).scalar_one())
    number = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    more = (Registration.registered_at, Registration.proven_at, Registration.cleared)
    query = select(*_WHO, *more).where(*wanted).order_by(*_ORDER)
    rows = db.session.execute(query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    return Page(rows, total, number, PAGE_SIZE)


def lacking(registration_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """The names of the full pools, beside the event's own, that each of these people lacks."""
    query = (
        select(PoolSeats.registration_id, Pool.label)
        .join(Pool, Pool.id == PoolSeats.pool_id)
        .where(
            PoolSeats.registration_id.in_(registration_ids), PoolSeats.lacking, Pool.kind != "event"
        )
    )
    found: dict[int, list[str]] = defaultdict(list)
    for key, label in db.session.execute(query.order_by(Pool.position, Pool.id)).tuples():
        found[key].append(label)
    return found


def offers(event_id: int) -> Sequence[Row[Any]]:
    """Places offered and not answered yet, the first to end first."""
    columns = (*_WHO, Registration.offered_at, Registration.offer_ends_at)
    wanted = (Registration.event_id == event_id, Registration.state == "offered")
    query = select(*columns).where(*wanted)
    return db.session.execute(query.order_by(Registration.offer_ends_at, Registration.id)).all()


def at_rank(event_id: int, rank: int, *, beside: int) -> str | None:
    """Who has this rank among the others, from 1; None past the end."""
    query = (
        select(Registration.public_id)
        .where(
            Registration.event_id == event_id,
            Registration.state == "waiting",
            Registration.id != beside,
        )
        .order_by(*_ORDER)
        .offset(rank - 1)
        .limit(1)
    )
    return db.session.execute(query).scalar_one_or_none()


def renumber(event_id: int) -> None:
    """Ranks 1, 2, 3 ... in the same order: there is room between any two of them again.

    Newcomers get the seconds since 1970 and stay behind everybody.
    """
    wanted = (Registration.event_id == event_id, Registration.state == "waiting")
    locking = select(Registration.id).where(*wanted).order_by(Registration.id).with_for_update()
    db.session.execute(locking).all()
    number = func.row_number().over(order_by=_ORDER)
    ranks = select(Registration.id.label("key"), number.label("rank")).where(*wanted).subquery()
    query = update(Registration).where(Registration.id == ranks.c.key)
    db.session.execute(
        query.values(queue_rank=ranks.c.rank),
        execution_options={"synchronize_session": False},
    )
    db.session.expire_all()


def offer_ends(event_id: int) -> Sequence[datetime]:
    """When each offer under way ends."""
    wanted = (Registration.event_id == event_id, Registration.state == "offered")
    query = select(Registration.offer_ends_at).where(*wanted)
    return [at for at in db.session.execute(query).scalars() if at is not None]


def undecided(now: datetime) -> Sequence[Row[Any]]:
    """Events with requests that await a decision: how many, since when, last reminder.

    Whoever did not prove their address yet awaits nobody.
    """
    since = func.coalesce(Registration.proven_at, Registration.registered_at)
    reminded = (
        select(func.max(OutboxMessage.created_at))
        .where(OutboxMessage.event_id == Event.id, OutboxMessage.kind == "undecided")
        .scalar_subquery()
    )
    query = (
        select(
            Event.id,
            Event.remind_days,
            func.count().label("people"),
            func.min(since).label("since"),
            reminded.label("reminded_at"),
        )
        .join(Registration, Registration.event_id == Event.id)
        .where(
            Event.state == "published",
            Event.remind_days > 0,
            or_(Event.starts_at.is_(None), Event.starts_at > now),
            or_(
                Registration.state == "pending",
                (Registration.state == "waiting")
                & Registration.cleared.is_(False)
                & Registration.proven_at.is_not(None),
            ),
        )
        .group_by(Event.id, Event.remind_days)
    )
    return db.session.execute(query).all()


def to_release(now: datetime) -> Sequence[int]:
    """Events with a pool whose free seats belong to another one by now."""
    query = select(Pool.event_id).where(
        Pool.released_at <= now,
        Pool.into.is_not(None),
        Pool.capacity > Pool.taken + Pool.waiting,
    )
    return db.session.execute(query.distinct().order_by(Pool.event_id)).scalars().all()


def locked_pools(event_id: int) -> Sequence[Pool]:
    """The pools of an event, locked in the order of their ids."""
    query = select(Pool).where(Pool.event_id == event_id).order_by(Pool.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(query).scalars().all()
