"""Seats: conditional updates of pool rows, the last statements before the commit (R1, R5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Update, bindparam, func, or_, text, update

from eventreg.events.models import Pool
from eventreg.shared import clock
from eventreg.shared.db import db, is_sqlite, run

_POOLS = Pool.__table__
_ANY = (
    update(_POOLS)  # type: ignore[arg-type]  # __table__ is a FromClause to mypy
    .where(_POOLS.c.id == bindparam("pool"))
    .values(
        taken=_POOLS.c.taken + bindparam("seats"),
        waiting=_POOLS.c.waiting + bindparam("line"),
    )
)
_ROOM = or_(_POOLS.c.capacity.is_(None), _POOLS.c.taken + bindparam("seats") <= _POOLS.c.capacity)
_FREED = _ANY.where(_ROOM)  # for those who waited
_NEW = _FREED.where(_POOLS.c.waiting == 0)  # a newcomer never passes those who wait
_AND_READ: Mapping[Update, Update] = {
    query: query.returning(func.clock_timestamp()) for query in (_ANY, _FREED, _NEW)
}


# Several pools at once on PostgreSQL: the rows are locked in the order of their ids, then each is
# looked at again as it is now. One journey to the database instead of one for each hot row. NO KEY:
# rows that point to a pool hold a share of its key, and two of them would wait for each other.
_SEVERAL = text(
    """
    UPDATE pools SET taken = taken + asked.seats, waiting = waiting + asked.line
    FROM unnest(CAST(:pools AS int[]), CAST(:seats AS int[]), CAST(:lines AS int[]))
             AS asked (id, seats, line),
         (SELECT id FROM pools WHERE id = ANY(CAST(:pools AS int[])) ORDER BY id
          FOR NO KEY UPDATE)
             AS held
    WHERE pools.id = asked.id AND held.id = asked.id
      AND (:over OR asked.seats <= 0 OR capacity IS NULL OR taken + asked.seats <= capacity)
      AND (:over OR :waited OR asked.seats <= 0 OR waiting = 0)
    RETURNING clock_timestamp()
    """
)


class Change(NamedTuple):
    """What one registration changes in one pool: seats taken, seats that people in line lack."""

    seats: int = 0
    line: int = 0

    def plus(self, *, seats: int = 0, line: int = 0) -> "Change":
        """This change and another one of the same pool."""
        return Change(self.seats + seats, self.line + line)


def apply(
    changes: Mapping[int, Change], *, over_capacity: bool = False, waited: bool = False
) -> tuple[bool, datetime]:
    """(all done or not, the deciding instant read under the last row's lock).

    Pools are changed in the order of their ids, so that no two transactions wait for each other.
    Seats are taken while there is room, all or none: False after some were taken means that the
    caller rolls back. `waited`: by somebody whom the others in line do not hold back.
    PostgreSQL evaluates `clock_timestamp()` of RETURNING after it has waited for the row, so one
    statement both takes the seat and reads the clock. On SQLite the write lock is held already.
    """
    asked = [(pool, change) for pool, change in sorted(changes.items()) if any(change)]
    if len(asked) > 1 and not is_sqlite():
        return _several(asked, over_capacity=over_capacity, waited=waited)
    reads = bool(asked) and not is_sqlite() and not clock.is_frozen()
    for number, (pool, change) in enumerate(asked, 1):
        query = _ANY if over_capacity or change.seats <= 0 else _FREED if waited else _NEW
        values = {"pool": pool, "seats": change.seats, "line": change.line}
        if reads and number == len(asked):
            row = run(_AND_READ[query], values).one_or_none()
            if row is not None:
                instant: datetime = row[0]
                return True, instant
            return False, clock.deciding_instant(db.session)
        if run(query, values).rowcount != 1:
            return False, clock.deciding_instant(db.session)
    return True, clock.deciding_instant(db.session)


def _several(
    asked: Sequence[tuple[int, Change]], *, over_capacity: bool, waited: bool
) -> tuple[bool, datetime]:
    values = {
        "pools": [pool for pool, _change in asked],
        "seats": [change.seats for _pool, change in asked],
        "lines": [change.line for _pool, change in asked],
        "over": over_capacity,
        "waited": waited,
    }
    instants = run(_SEVERAL, values).scalars().all()
    done = len(instants) == len(asked)
    if not done or clock.is_frozen():
        return done, clock.deciding_instant(db.session)
    return True, max(instants)


def take(seats: Mapping[int, int], *, over_capacity: bool = False) -> tuple[bool, datetime]:
    """`apply` for a newcomer who takes so many seats of each pool."""
    return apply({pool: Change(n) for pool, n in seats.items()}, over_capacity=over_capacity)
