"""Seats: conditional updates of pool rows, the last statements before the commit (R1, R5)."""

from datetime import datetime

from sqlalchemy import func, or_, update

from eventreg.events.models import Pool
from eventreg.shared import clock
from eventreg.shared.db import db, is_sqlite


def take(pool_id: int, *, over_capacity: bool = False) -> tuple[bool, datetime]:
    """(taken or not, the deciding instant read under the row's lock).

    PostgreSQL evaluates `clock_timestamp()` of RETURNING after it has waited for the row, so one
    statement both takes the seat and reads the clock. On SQLite the write lock is held already.
    """
    query = update(Pool).where(Pool.id == pool_id).values(taken=Pool.taken + 1)
    if not over_capacity:
        query = query.where(or_(Pool.capacity.is_(None), Pool.taken < Pool.capacity))
    if is_sqlite():
        done = db.session.execute(query, execution_options={"synchronize_session": False})
        taken = bool(done.rowcount == 1)  # type: ignore[attr-defined]
        return taken, clock.deciding_instant(db.session)
    row = db.session.execute(
        query.returning(func.clock_timestamp()), execution_options={"synchronize_session": False}
    ).one_or_none()
    if row is None or clock.is_frozen():
        return row is not None, clock.deciding_instant(db.session)
    instant: datetime = row[0]
    return True, instant


def release(pool_id: int, seats: int = 1) -> None:
    """Gives seats back."""
    if seats:
        query = update(Pool).where(Pool.id == pool_id).values(taken=Pool.taken - seats)
        db.session.execute(query, execution_options={"synchronize_session": False})
