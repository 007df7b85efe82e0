"""Reads of pools and of the waiting list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from eventreg.events.models import Pool
from eventreg.registration.models import PoolSeats, Registration
from eventreg.shared.db import db, run

IN_LINE_READ = 400
_POOL_IDS = select(Pool.key, Pool.id).where(Pool.event_id == bindparam("event_id"))
_LACKING_BESIDE = select(
    exists().where(Pool.event_id == bindparam("event_id"), Pool.kind != "event", Pool.waiting > 0)
)
_POOL_SEATS = (
    select(PoolSeats.pool_id, PoolSeats.seats, PoolSeats.held, PoolSeats.lacking)
    .where(PoolSeats.registration_id == bindparam("person"))
    .order_by(PoolSeats.pool_id)
)


def own_pools(event_ids: Sequence[int]) -> dict[int, int]:
    """The id of the own pool of each of these events."""
    query = select(Pool.event_id, Pool.id).where(Pool.event_id.in_(event_ids), Pool.kind == "event")
    return dict(db.session.execute(query).tuples().all())


def pool_ids(event_id: int) -> dict[str, int]:
    """The id of each pool of an event, by its key ('' for the event's own)."""
    return {row.key: row.id for row in run(_POOL_IDS, {"event_id": event_id})}


def pool_rows(event_id: int) -> Sequence[Row[Any]]:
    """What each pool of an event has and keeps."""
    columns = (Pool.id, Pool.capacity, Pool.taken, Pool.waiting, Pool.waiting_list)
    return db.session.execute(select(*columns).where(Pool.event_id == event_id)).all()


def pool_seats(registration_id: int) -> Sequence[Row[Any]]:
    """What a person asked of pools beside the event's own (of all, while in line), by pool id."""
    return run(_POOL_SEATS, {"person": registration_id}).all()


def lacking(registration_id: int) -> Sequence[Row[Any]]:
    """The pools in which a person in line finds no room, or others waiting before."""
    full = or_(
        Pool.waiting > 0,
        and_(Pool.capacity.is_not(None), Pool.taken + PoolSeats.seats > Pool.capacity),
    )
    query = (
        select(PoolSeats.pool_id, PoolSeats.seats)
        .join(Pool, Pool.id == PoolSeats.pool_id)
        .where(PoolSeats.registration_id == registration_id, full)
    )
    return db.session.execute(query.order_by(PoolSeats.pool_id)).all()


def events_lacking() -> Sequence[int]:
    """Events in a pool of which somebody lacks room: whoever waits lacks some."""
    query = select(Pool.event_id).where(Pool.waiting > 0).distinct()
    return db.session.execute(query).scalars().all()


def events_with_lines() -> Sequence[int]:
    """Events in which somebody waits for a place and nobody has to decide first."""
    query = select(Registration.event_id).where(
        Registration.state == "waiting", Registration.cleared
    )
    return db.session.execute(query.distinct()).scalars().all()


def in_line(event_id: int, *, fitting: bool, limit: int = IN_LINE_READ) -> Sequence[Row[Any]]:
    """(id, pool, seats) of those who wait, in order; only people for whom every pool has room.

    Whoever lacks a pool that is full cannot be served now and never blocks another pool. Parties
    that are larger than the room are among the answers unless only `fitting` ones are wanted.
    """
    seats = PoolSeats.seats if fitting else literal(1)
    full = (
        select(PoolSeats.pool_id)
        .join(Pool, Pool.id == PoolSeats.pool_id)
        .where(
            PoolSeats.registration_id == Registration.id,
            Pool.capacity.is_not(None),
            Pool.taken + seats > Pool.capacity,
        )
    )
    people = (
        select(Registration.id, Registration.queue_rank)
        .where(
            Registration.event_id == event_id,
            Registration.state == "waiting",
            Registration.cleared,
            ~full.exists(),
        )
        .order_by(Registration.queue_rank, Registration.id)
        .limit(limit)
        .subquery()
    )
    query = (
        select(people.c.id, PoolSeats.pool_id, PoolSeats.seats)
        .join(PoolSeats, PoolSeats.registration_id == people.c.id)
        .order_by(people.c.queue_rank, people.c.id, PoolSeats.pool_id)
    )
    return db.session.execute(query).all()


def rooms(event_id: int) -> dict[int, int | None]:
    """Free seats of each pool of an event (None: no limit), those of people in line included."""
    query = select(Pool.id, Pool.capacity, Pool.taken).where(Pool.event_id == event_id)
    return {
        key: None if capacity is None else max(capacity - taken, 0)
        for key, capacity, taken in db.session.execute(query).tuples()
    }


def rank(registration: Registration) -> int:
    """The place in line, from 1: how many wait before, in the same order as they are served."""
    place = tuple_(Registration.queue_rank, Registration.id)
    earlier = place < tuple_(literal(registration.queue_rank), literal(registration.id))
    wanted = (
        Registration.event_id == registration.event_id,
        Registration.state == "waiting",
        earlier,
    )
    query = select(func.count()).select_from(Registration).where(*wanted)
    return int(db.session.execute(query).scalar_one()) + 1


def rank_before(registration: Registration, before: Registration | None) -> float | None:
    """A rank between `before` and whoever precedes it; after everybody without it.

    None when no number is left between the two: renumber first.
    """
    others = (
        Registration.event_id == registration.event_id,
        Registration.state == "waiting",
        Registration.id != registration.id,
    )
    if before is None:
        last = db.session.execute(select(func.max(Registration.queue_rank)).where(*others))
        return float(last.scalar_one() or registration.queue_rank) + 1.0
    earlier = or_(
        Registration.queue_rank < before.queue_rank,
        and_(Registration.queue_rank == before.queue_rank, Registration.id < before.id),
    )
    previous = select(func.max(Registration.queue_rank)).where(*others, earlier)
    found = db.session.execute(previous).scalar_one()
    if found is None:
        return before.queue_rank - 1.0
    middle = (float(found) + before.queue_rank) / 2
    return middle if found < middle < before.queue_rank else None


def due_offers(now: datetime, limit: int) -> Sequence[Registration]:
    """Offers that ended, locked."""
    query = (
        select(Registration)
        .where(Registration.state == "offered", Registration.offer_ends_at <= now)
        .order_by(Registration.id)
        .limit(limit)
        .with_for_update()
    )
    return db.session.execute(query).scalars().all()


def full_pools(seats: Mapping[int, int]) -> dict[int, bool]:
    """Which of these pools lack room for so many newcomers; whether each keeps a waiting list."""
    columns = (Pool.id, Pool.capacity, Pool.taken, Pool.waiting, Pool.waiting_list)
    query = select(*columns).where(Pool.id.in_(seats))
    return {
        row.id: row.waiting_list
        for row in db.session.execute(query)
        if row.waiting or (row.capacity is not None and row.taken + seats[row.id] > row.capacity)
    }


def keep_no_list(pools: Sequence[int]) -> bool:
    """Whether one of these pools, beside the event's own, keeps no waiting list."""
    wanted = (Pool.id.in_(pools), Pool.kind != "event", Pool.waiting_list.is_(False))
    return db.session.execute(select(Pool.id).where(*wanted).limit(1)).first() is not None


def labels(pools: Sequence[int]) -> Sequence[str]:
    """The names of pools as people read them; the event's own has none."""
    query = select(Pool.label).where(Pool.id.in_(pools), Pool.label != "")
    return db.session.execute(query.order_by(Pool.position, Pool.id)).scalars().all()


def several_pools(event_id: int) -> bool:
    """Whether an event has pools beside its own."""
    query = select(exists().where(Pool.event_id == event_id, Pool.kind != "event"))
    return bool(db.session.execute(query).scalar_one())


def lacking_beside(event_id: int) -> bool:
    """Whether somebody waits for a pool beside the event's own."""
    return bool(run(_LACKING_BESIDE, {"event_id": event_id}).scalar_one())


def no_longer_lacking(event_id: int) -> Sequence[tuple[int, int]]:
    """Clears the mark where a pool has room while the person lacks another; (pool, seats) each."""
    other, other_pool = aliased(PoolSeats), aliased(Pool)
    lacks_another = exists().where(
        other.registration_id == PoolSeats.registration_id,
        other_pool.id == other.pool_id,
        other_pool.capacity.is_not(None),
        other_pool.taken + other.seats > other_pool.capacity,
    )
    wanted = (PoolSeats.lacking, _in_line_of(event_id), ~_pool_is_full(), lacks_another)
    query = update(PoolSeats).where(*wanted).values(lacking=False)
    return _flipped(query)


def newly_lacking(event_id: int) -> Sequence[tuple[int, int]]:
    """Marks the full pools of people in line; (pool, seats) of each new mark."""
    wanted = (PoolSeats.lacking.is_(False), _in_line_of(event_id), _pool_is_full())
    query = update(PoolSeats).where(*wanted).values(lacking=True)
    return _flipped(query)


def _flipped(query: Update) -> Sequence[tuple[int, int]]:
    answered = query.returning(PoolSeats.pool_id, PoolSeats.seats)
    done = db.session.execute(answered, execution_options={"synchronize_session": False})
    return [(row.pool_id, row.seats) for row in done]


def _in_line_of(event_id: int) -> ColumnElement[bool]:
    return exists().where(
        Registration.id == PoolSeats.registration_id,
        Registration.event_id == event_id,
        Registration.state == "waiting",
    )


def _pool_is_full() -> ColumnElement[bool]:
    return exists().where(
        Pool.id == PoolSeats.pool_id,
        Pool.capacity.is_not(None),
        Pool.taken + PoolSeats.seats > Pool.capacity,
    )
