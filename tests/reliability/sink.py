"""A mail server that keeps what it is given (aiosmtpd, in the test's own process)."""

import email
import email.policy
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.reliability.servers import free_port


class Sink:
    """`messages` holds every copy ever taken; `slow` seconds are spent on each."""

    def __init__(self, slow: float = 0.0) -> None:
        self.slow = slow
        self.raw: list[bytes] = []
        self._guard = threading.Lock()
        self.port = free_port()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.slow:
            time.sleep(self.slow)  # a slow mail server: one letter at a time
        with self._guard:
            self.raw.append(bytes(envelope.content))
        return "250 taken"

    @property
    def messages(self) -> list[EmailMessage]:
        with self._guard:
            taken = list(self.raw)
        made = (email.message_from_bytes(raw, policy=email.policy.default) for raw in taken)
        return [message for message in made if isinstance(message, EmailMessage)]


@contextmanager
def sink(slow: float = 0.0) -> Iterator[Sink]:
    kept = Sink(slow)
    controller = Controller(
        kept, hostname="127.0.0.1", port=kept.port, ready_timeout=20, enable_SMTPUTF8=True
    )
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()
