"""A mail server that keeps what it is given: aiosmtpd in a process of its own, so that the
clients of an experiment and the sink do not slow each other down.

`python -m tests.reliability.sink PORT FILE SLOW` writes one letter a line, in base64.
"""

import asyncio
import base64
import email
import email.policy
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.smtp import SMTP

from eventreg.config import ROOT
from tests.reliability.servers import free_port, wait_for


class Sink:
    """`messages` holds every copy ever taken."""

    def __init__(self, file: Path, port: int) -> None:
        self.file = file
        self.port = port

    @property
    def raw(self) -> list[bytes]:
        whole = self.file.read_bytes().rpartition(b"\n")[0]
        return [base64.b64decode(line) for line in whole.splitlines()]

    @property
    def messages(self) -> list[EmailMessage]:
        made = (email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw)
        return [message for message in made if isinstance(message, EmailMessage)]

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def sink(slow: float = 0.0) -> Iterator[Sink]:
    """A running sink that spends `slow` seconds on each letter."""
    with TemporaryDirectory(prefix="eventreg-sink-") as folder:
        kept = Sink(Path(folder) / "letters", free_port())
        kept.file.touch()
        options = [str(kept.port), str(kept.file), str(slow)]
        command = [sys.executable, "-m", "tests.reliability.sink", *options]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
        try:
            assert wait_for(kept.answers, seconds=30), "the mail sink did not start"
            yield kept
        finally:
            process.kill()
            process.communicate()


class _Keep:
    """Writes a letter down before it says that it has it."""

    def __init__(self, file: Path, slow: float) -> None:
        self.out = file.open("ab", buffering=0)
        self.slow = slow

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        await asyncio.sleep(self.slow)
        self.out.write(base64.b64encode(bytes(envelope.content)) + b"\n")
        return "250 taken"


async def _serve(port: int, file: Path, slow: float) -> None:
    handler = _Keep(file, slow)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True, hostname="sink.example"), "127.0.0.1", port
    )
    serving = asyncio.create_task(server.serve_forever())
    await asyncio.to_thread(sys.stdin.read)  # until the tests are gone, however they went
    serving.cancel()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
