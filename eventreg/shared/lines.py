"""Lines before a lock: the threads of a process, then the processes of a machine, in order."""

import fcntl
import os
import threading
from collections import deque

from eventreg.shared.errors import Unavailable

BUSY_SECONDS = 10


class FairLock:
    """First come, first served inside one process; `places` hold it at a time.

    SQLite lets one writer in and makes the others poll; with threads queueing here in order the
    tail of a rush is short and nobody starves. Other processes are held off by BEGIN IMMEDIATE.
    """

    def __init__(self, places: int = 1) -> None:
        self._guard = threading.Lock()
        self._free = places
        self._line: deque[threading.Event] = deque()

    def acquire(self, timeout: float) -> bool:
        with self._guard:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Event()
            self._line.append(turn)
        if turn.wait(timeout):
            return True
        with self._guard:
            if turn.is_set():  # the turn came at the last moment: it is ours
                return True
            self._line.remove(turn)
            return False

    def release(self) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1


class FileLock:
    """One writer among the processes of a machine, woken by the kernel in turn.

    SQLite's own way is to sleep and look again, up to 100 ms at a time: two busy processes then
    leave the database idle half of the time. Other programs are still held off by SQLite's lock.
    A holder that hangs keeps one thread of each other process; those in line behind it get their
    503 after BUSY_SECONDS.
    """

    def __init__(self) -> None:
        self._owner: tuple[int, str] | None = None
        self._descriptor = -1

    def acquire(self, path: str) -> None:
        """Called by one thread of a process at a time (FairLock)."""
        if self._owner != (os.getpid(), path):  # a descriptor is shared with a fork: open our own
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            self._owner = (os.getpid(), path)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)


class SqliteWriters:
    """First come, first served: the threads of this process, then the processes."""

    def __init__(self) -> None:
        self.threads = FairLock()
        self.processes = FileLock()

    def acquire(self, database: str | None) -> None:
        """Raises Unavailable after BUSY_SECONDS in the line of threads."""
        if not self.threads.acquire(BUSY_SECONDS):
            raise Unavailable
        try:
            self.processes.acquire(f"{database}-writers")
        except BaseException:
            self.threads.release()
            raise

    def release(self) -> None:
        self.processes.release()
        self.threads.release()
