"""The only clock. Tests replace it with `frozen`; rules never read it, they take `now`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

_lock = threading.Lock()
_frozen: datetime | None = None


def utc_now() -> datetime:
    """The present instant (UTC), for display and for rows; decisions ask `deciding_instant`."""
    if _frozen is not None:
        return _frozen
    return datetime.now(UTC)  # noqa: TID251 - this is the clock


def deciding_instant(session: Session | scoped_session[Any]) -> datetime:
    """The database's instant (UTC), read now: call it once the lock is held (security.md, A).

    SQLite is embedded, so its clock is this machine's; PostgreSQL answers `clock_timestamp()`,
    because `now()` is the start of the transaction and lets people in who waited for the lock.
    """
    if _frozen is not None or session.get_bind().dialect.name == "sqlite":
        return utc_now()
    instant: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return instant.astimezone(UTC)


@contextmanager
def frozen(now: datetime) -> Iterator[None]:
    """Every reading answers `now` (aware) inside the block: for tests."""
    global _frozen  # noqa: PLW0603 - one clock for the process is the point
    if now.tzinfo is None:
        raise ValueError("an aware instant is needed")
    with _lock:
        before, _frozen = _frozen, now.astimezone(UTC)
    try:
        yield
    finally:
        with _lock:
            _frozen = before


def is_frozen() -> bool:
    """True inside `frozen`."""
    return _frozen is not None
