"""Whether the disk has what SQLite committed: the wait that comes after the lock."""

import logging
import os
import threading
from collections.abc import Callable
from functools import lru_cache

from eventreg.shared.errors import Unavailable

logger = logging.getLogger("eventreg.disk")
# Pages of the log before they are copied into the database: a sign-up writes about 33.
LOG_PAGES = 4_000
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has the second only


class _Descriptor:
    """A file kept open by one thread. A disk's failure is told once to each that was open then."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.file = os.fstat(self.number).st_ino

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        if hasattr(self, "number"):
            close(self.number)


class Log:
    """SQLite's log: what is committed stands in it, in order, until it is copied into the database.

    The name is the one that SQLite uses: it follows links first.
    """

    def __init__(self, database: str) -> None:
        self.path = f"{os.path.realpath(database)}-wal"
        self._threads = threading.local()
        self._failures = 0
        self._mended = 0  # as many failures were followed by a whole copy

    def wait(self, copy: Callable[[], bool]) -> None:
        """Returns once all that was committed is on the disk.

        It is what `synchronous=FULL` does inside COMMIT, done after the lock: one wait serves all
        that came before it, and nobody queues for the disk. After a failure the system may call
        lost pages written: from then on only `copy` is believed, which takes the whole log from
        memory into the database, and tells whether it could. Raises Unavailable until it can.
        """
        try:
            _sync(self._descriptor())
        except OSError as fault:
            logger.error("the disk of the database fails: %s", fault.strerror)
            self._failures += 1
        seen = self._failures
        if seen == self._mended:
            return
        if not copy():
            raise Unavailable
        self._mended = max(self._mended, seen)

    def _descriptor(self) -> int:
        held: _Descriptor | None = getattr(self._threads, "held", None)
        if held is None or held.file != os.stat(self.path).st_ino:
            held = self._threads.held = _Descriptor(self.path)
        return held.number


@lru_cache(maxsize=16)
def log_of(database: str) -> Log:
    """The log of a database file, the same object for all threads."""
    return Log(database)
