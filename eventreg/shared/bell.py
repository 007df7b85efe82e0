"""The bell wakes the worker after a commit. Best effort: the worker's poll alone would do."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)
PAUSE = 0.2  # seconds: a rush rings five times a second, not once per sign-up


class Bell:
    """Rings on a thread of its own, so that a request never waits for the queue."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._enqueue: Callable[[], object] | None = None

    def connect(self, enqueue: Callable[[], object] | None) -> None:
        """`enqueue` puts the drain task in the queue; None keeps the bell silent (tests)."""
        self._enqueue = enqueue

    def ring(self) -> None:
        if self._enqueue is None:
            return
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            with self._guard:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                if self._enqueue is not None:
                    self._enqueue()
            except Exception:  # noqa: BLE001 - the queue may be away; the poll finds the mail
                logger.warning("bell: the queue did not answer; the poll will find the mail")
            self._stop.wait(PAUSE)


_bell = Bell()
connect = _bell.connect
ring = _bell.ring
