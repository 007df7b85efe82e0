"""Answers that take as long for an address we know as for one that we do not (R43)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

STEP = 0.25  # seconds; far longer than the work, so that the work does not show


@contextmanager
def even() -> Iterator[None]:
    """Makes the block last a whole number of steps, whatever it does and however it ends.

    Keep it outside the transaction: nothing is locked while it waits.
    """
    started = time.monotonic()
    try:
        yield
    finally:
        time.sleep(-(time.monotonic() - started) % STEP)
