"""Reserved seats that nobody took are released to another pool at their instant."""

from datetime import datetime

from eventreg.audit import services as audit
from eventreg.events import services as events
from eventreg.events.models import Event, Pool
from eventreg.registration import rules
from eventreg.registration.queries import waiting
from eventreg.registration.services import waiting_list
from eventreg.shared.db import db, transaction


def release_due(now: datetime) -> int:
    """Moves the free seats of each pool whose instant has come, then serves the lists.

    A seat moves once: what moved is no longer the pool's. What is given back later follows, as
    long as nobody waits for the pool itself. Answers how many seats moved.
    """
    due = list(waiting.to_release(now))
    db.session.rollback()
    moved = 0
    for event_id in due:
        with transaction():
            seats = _release(event_id, now)
        moved += seats
        if seats:
            waiting_list.serve_now(event_id)
    return moved


def _release(event_id: int, now: datetime) -> int:
    """The event row first, then its pools by id: the lock order of everybody."""
    event = db.session.get_one(Event, event_id, with_for_update=True, populate_existing=True)
    pools = waiting.locked_pools(event_id)
    by_key = {pool.key: pool for pool in pools}
    released = 0
    for pool in pools:
        target = by_key.get(pool.into) if pool.into is not None else None
        due = pool.released_at is not None and pool.released_at <= now
        if target is None or not due:
            continue
        seats = rules.releasable(pool.capacity, taken=pool.taken, waiting=pool.waiting)
        if seats:
            _move(pool, target, seats)
            released += seats
            audit.record(
                "seats_released",
                at=now,
                actor="system",
                event_id=event_id,
                pool=pool.id,
                into=target.id,
                seats=seats,
            )
    if released:
        events.touch(event, now)
        db.session.flush()
    return released


def _move(pool: Pool, target: Pool, seats: int) -> None:
    pool.capacity = (pool.capacity or 0) - seats
    if target.capacity is not None:
        target.capacity += seats
