"""Seats: conditional updates of pool rows, the last statements before the commit (R1, R5)."""

from datetime import datetime

from sqlalchemy import bindparam, func, or_, update

from eventreg.events.models import Pool
from eventreg.shared import clock
from eventreg.shared.db import db, is_sqlite, run

_POOLS = Pool.__table__
_TAKE_ANY = (
    update(_POOLS)  # type: ignore[arg-type]  # __table__ is a FromClause to mypy
    .where(_POOLS.c.id == bindparam("pool"))
    .values(taken=_POOLS.c.taken + 1)
)
_TAKE = _TAKE_ANY.where(or_(_POOLS.c.capacity.is_(None), _POOLS.c.taken < _POOLS.c.capacity))
_TAKE_ANY_AND_READ = _TAKE_ANY.returning(func.clock_timestamp())
_TAKE_AND_READ = _TAKE.returning(func.clock_timestamp())
_GIVE_BACK = (
    update(_POOLS)  # type: ignore[arg-type]  # __table__ is a FromClause to mypy
    .where(_POOLS.c.id == bindparam("pool"))
    .values(taken=_POOLS.c.taken - bindparam("seats"))
)


def take(pool_id: int, *, over_capacity: bool = False) -> tuple[bool, datetime]:
    """(taken or not, the deciding instant read under the row's lock).

    PostgreSQL evaluates `clock_timestamp()` of RETURNING after it has waited for the row, so one
    statement both takes the seat and reads the clock. On SQLite the write lock is held already.
    """
    if is_sqlite():
        query = _TAKE_ANY if over_capacity else _TAKE
        taken = run(query, {"pool": pool_id}).rowcount == 1
        return taken, clock.deciding_instant(db.session)
    query = _TAKE_ANY_AND_READ if over_capacity else _TAKE_AND_READ
    row = run(query, {"pool": pool_id}).one_or_none()
    if row is None or clock.is_frozen():
        return row is not None, clock.deciding_instant(db.session)
    instant: datetime = row[0]
    return True, instant


def release(pool_id: int, seats: int = 1) -> None:
    """Gives seats back."""
    if seats:
        run(_GIVE_BACK, {"pool": pool_id, "seats": seats})
