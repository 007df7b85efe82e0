"""Clients in numbers: raw HTTP over asyncio, one connection per request, no keep-alive.

A client reads the form first (cookie, anti-forgery token, key), connects, waits at the gate,
posts. Instants are seconds since the epoch of this machine's clock, the one the database uses.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

_HIDDEN = re.compile(r'name="(csrf_token|idempotency_key)"[^>]*?value="([^"]*)"')
_RECEIPT = re.compile(r"/inscription/recue/([^/]+)/$")
_MARK = re.compile(r'data-(refusal|signups|state)="([^"]*)"')
PATIENCE = 60.0  # seconds: a client that waits longer counts as lost


@dataclass
class Answer:
    """What a client got; status 0 when it got no complete answer."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    began: float = 0.0  # the first byte of the request was about to leave
    ended: float = 0.0
    fault: str = ""

    def header(self, name: str) -> str:
        return next((v for n, v in self.headers if n == name.lower()), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def marks(self) -> dict[str, str]:
        return dict(_MARK.findall(self.text))

    @property
    def receipt(self) -> str | None:
        """The acknowledgement: the receipt of a 303 to the result page."""
        found = _RECEIPT.search(self.header("location")) if self.status == 303 else None
        return found[1] if found else None


@dataclass(frozen=True)
class Form:
    """A form as it was served: where to post it, and what must go back."""

    path: str
    cookie: str
    hidden: dict[str, str]

    def body(self, email: str, **more: str) -> bytes:
        values = {**self.hidden, "email": email, "given_name": "Dominique", "family_name": "Martin"}
        return urlencode({**values, **more}).encode()


@dataclass(frozen=True)
class Target:
    """A server on loopback."""

    port: int
    host: str = "127.0.0.1"

    async def send(
        self,
        method: str,
        path: str,
        *,
        cookie: str = "",
        body: bytes | None = None,
        gate: asyncio.Event | None = None,
        connected: Callable[[], None] = lambda: None,
        patience: float = PATIENCE,
        headers: Iterable[str] = (),
    ) -> Answer:
        """One request, on a connection opened before the gate opens. Never raises."""
        answer = Answer(began=time.time())
        lines = [f"{method} {path} HTTP/1.1", "Connection: close", *headers]
        if not any(line.lower().startswith("host:") for line in lines):
            lines.append(f"Host: {self.host}:{self.port}")
        if cookie:
            lines.append(f"Cookie: {cookie}")
        if body is not None:
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        request = "\r\n".join([*lines, "", ""]).encode() + (body or b"")
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection(self.host, self.port)
                connected()
                if gate is not None:
                    await gate.wait()
                answer.began = time.time()
                writer.write(request)
                _parse(await reader.read(), answer)
        except (OSError, TimeoutError) as fault:
            answer.status, answer.fault = 0, type(fault).__name__
        finally:
            if writer is not None:
                writer.close()
        answer.ended = time.time()
        return answer

    async def form(self, slug: str) -> Form:
        """The sign-up form of an event, with a fresh cookie, token and key."""
        path = f"/agenda/{slug}/inscription/"
        answer = await self.send("GET", path)
        cookie = answer.header("set-cookie").partition(";")[0]
        hidden = hidden_fields(answer.text)
        if answer.status != 200 or set(hidden) != {"csrf_token", "idempotency_key"}:
            raise AssertionError(f"no form: {answer.status} {answer.fault} {answer.marks}")
        return Form(path, cookie, hidden)

    async def forms(self, slug: str, count: int, at_once: int = 12) -> list[Form]:
        return await some_at_once(at_once, [lambda: self.form(slug)] * count)


def hidden_fields(page: str) -> dict[str, str]:
    """What a form wants posted back: anti-forgery token and key."""
    return dict(_HIDDEN.findall(page))


async def some_at_once(most: int, calls: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """The results of `calls`, at most so many under way."""
    room = asyncio.Semaphore(most)

    async def one(call: Callable[[], Awaitable[Any]]) -> Any:
        async with room:
            return await call()

    return list(await asyncio.gather(*(one(call) for call in calls)))


async def rush(target: Target, posts: Sequence[tuple[Form, bytes]]) -> list[Answer]:
    """Everybody connects, waits at one gate, and posts when it opens."""
    gate, waiting = asyncio.Event(), Counter[str]()
    everybody = asyncio.Event()

    def connected() -> None:
        waiting["here"] += 1
        if waiting["here"] == len(posts):
            everybody.set()

    clients = [
        asyncio.create_task(
            target.send(
                "POST", form.path, cookie=form.cookie, body=body, gate=gate, connected=connected
            )
        )
        for form, body in posts
    ]
    try:
        await asyncio.wait_for(everybody.wait(), PATIENCE)
    finally:
        gate.set()
    return list(await asyncio.gather(*clients))


async def steady(
    target: Target, posts: Sequence[tuple[Form, bytes]], *, start: float, per_second: float
) -> list[Answer]:
    """Posts that leave at their own instants, however slow the answers are (open loop)."""

    async def one(number: int, form: Form, body: bytes) -> Answer:
        await asyncio.sleep(max(0.0, start + number / per_second - time.time()))
        return await target.send("POST", form.path, cookie=form.cookie, body=body)

    return list(await asyncio.gather(*(one(n, f, b) for n, (f, b) in enumerate(posts))))


def statuses(answers: Iterable[Answer]) -> dict[str, int]:
    """« 303: 50, 409 full: 950 », for messages and comparisons."""
    counts = Counter(f"{a.status} {a.fault or a.marks.get('refusal', '')}".strip() for a in answers)
    return dict(sorted(counts.items()))


def _parse(raw: bytes, answer: Answer) -> None:
    head, separator, answer.body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not separator or not first.startswith("HTTP/1.1 "):
        answer.fault = "incomplete"
        return
    pairs = (line.partition(":") for line in lines)
    answer.headers = [(name.lower(), value.strip()) for name, _, value in pairs]
    length = answer.header("content-length")
    if length and int(length) != len(answer.body):
        answer.fault = "cut"
        return
    answer.status = int(first.split()[1])
