"""One way to change the state of a registration: table, trace, seats, in the agreed lock order."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, insert, update

from eventreg.audit import services as audit
from eventreg.registration import errors, rules
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import Act, SignupFacts, State
from eventreg.registration.services import pools
from eventreg.registration.services.pools import Change
from eventreg.shared import tokens
from eventreg.shared.db import db, run

_SEATS = PoolSeats.__table__
_ONE = and_(_SEATS.c.registration_id == bindparam("person"), _SEATS.c.pool_id == bindparam("pool"))
# Built once: a list of thousands is served with these.
_FORGET = delete(_SEATS).where(_ONE)  # type: ignore[arg-type]  # a FromClause to mypy
_SET = {
    name: update(_SEATS).where(_ONE).values({name: bindparam("value")})  # type: ignore[arg-type]
    for name in ("held", "lacking")
}

_ASK = insert(PoolSeats.__table__)  # type: ignore[arg-type]  # a FromClause to mypy


def move(  # noqa: PLR0913 - one function for every move
    registration: Registration,
    act: Act,
    *,
    facts: SignupFacts,
    actor: str,
    now: datetime,
    owing: Callable[[], None] | None = None,
    over_capacity: bool = False,
    **details: Any,
) -> State:
    """Applies `act`; raises NotPossible when the table has no such move, Full without a seat.

    The registration must be locked by the caller. `owing` queues the letters once the new state
    and nonce are set, before the seats: the contended rows come last.
    """
    before = State(registration.state)
    after = rules.TRANSITIONS.get((before, act))
    if after is None:
        raise errors.NotPossible
    audit.record(
        act.value,
        at=now,
        actor=actor,
        event_id=registration.event_id,
        registration_id=registration.id,
        states=(before, after),
        **details,
    )
    changes = _seats(registration, before, after, facts)
    registration.state = after
    registration.version += 1
    registration.ended_at = None if after in rules.ACTIVE else now
    if act is Act.CANCEL:
        registration.nonce = tokens.random_id(9)  # what was mailed before opens nothing any more
    db.session.flush()
    if owing is not None:
        owing()
    done, _instant = pools.apply(
        changes, over_capacity=over_capacity, waited=before is State.WAITING
    )
    if not done:
        raise errors.Full
    return after


def _seats(
    registration: Registration, before: State, after: State, facts: SignupFacts
) -> dict[int, Change]:
    """What the move changes in each pool; the rows of the person say so already."""
    holding = rules.holds_seat(after, pending_holds_seat=facts.pending_holds_seat)
    party = rules.party(registration.companions)
    wanted = party if holding else 0
    changes = {facts.pool_id: Change(wanted - registration.seats)}
    registration.seats = wanted
    in_line = State.WAITING in {before, after}
    if not in_line and not registration.form_version:
        return changes  # one pool: nothing to read
    rows = line.pool_seats(registration.id)
    if before is State.WAITING:
        _leave_line(registration.id, facts.pool_id, changes, rows)
    for row in rows:
        if row.pool_id != facts.pool_id and row.held != holding:
            changes[row.pool_id] = changes.get(row.pool_id, Change()).plus(
                seats=row.seats if holding else -row.seats
            )
            _set(registration.id, row.pool_id, held=holding)
    if after is State.WAITING:
        return_to_line(registration.id, {facts.pool_id: party}, changes)
    return changes


def ask(registration_id: int, seats: Mapping[int, int], *, held: bool) -> None:
    """Notes what a person asks of other pools than the event's own."""
    rows = [
        {"registration_id": registration_id, "pool_id": pool, "seats": count, "held": held}
        for pool, count in sorted(seats.items())
    ]
    db.session.execute(_ASK, rows)


def let_go(registration_id: int) -> None:
    """Somebody else holds the seats of other pools now: what was asked for stays noted."""
    wanted = PoolSeats.registration_id == registration_id
    db.session.execute(update(PoolSeats).where(wanted).values(held=False))


def join_line(registration_id: int, own: dict[int, int], changes: dict[int, Change]) -> list[int]:
    """Puts a person in line for every pool asked for; answers those that lack room.

    `own`: the event's pool and how many seats of it. The others are rows already.
    """
    for pool_id, seats in own.items():
        ask(registration_id, {pool_id: seats}, held=False)
    lacking = []
    for row in line.lacking(registration_id):
        changes[row.pool_id] = changes.get(row.pool_id, Change()).plus(line=row.seats)
        _set(registration_id, row.pool_id, lacking=True)
        lacking.append(row.pool_id)
    return lacking


def return_to_line(registration_id: int, own: dict[int, int], changes: dict[int, Change]) -> None:
    """`join_line` of somebody who has a rank: where nothing is lacking, their own place is theirs.

    Whoever must be decided on first, or is served a moment later, is not overtaken meanwhile.
    """
    if join_line(registration_id, own, changes):
        return
    for pool_id, seats in own.items():
        changes[pool_id] = changes.get(pool_id, Change()).plus(line=seats)
        _set(registration_id, pool_id, lacking=True)


def may_wait(facts: SignupFacts, seats: Mapping[int, int]) -> bool:
    """Whether some of these seats lack room, and each pool that lacks it keeps a list."""
    full = line.full_pools(seats)
    kept = {pool: facts.waiting_list if pool == facts.pool_id else full[pool] for pool in full}
    return bool(kept) and all(kept.values())


def leave_line(registration_id: int, own_pool: int, changes: dict[int, Change]) -> None:
    """No longer in line: what was lacking is lacking no more."""
    _leave_line(registration_id, own_pool, changes, line.pool_seats(registration_id))


def _leave_line(
    registration_id: int, own_pool: int, changes: dict[int, Change], rows: Sequence[Row[Any]]
) -> None:
    for row in rows:
        if row.lacking:
            changes[row.pool_id] = changes.get(row.pool_id, Change()).plus(line=-row.seats)
            if row.pool_id != own_pool:  # that row goes away
                _set(registration_id, row.pool_id, lacking=False)
    run(_FORGET, {"person": registration_id, "pool": own_pool})


def _set(registration_id: int, pool_id: int, **values: bool) -> None:
    for name, value in values.items():
        run(_SET[name], {"person": registration_id, "pool": pool_id, "value": value})
