"""A small closed-loop load generator: N keep-alive connections, raw HTTP, one process."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Request = Callable[[int], bytes]


@dataclass
class Result:
    """What one run measured. Latencies in seconds."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @classmethod
    def of(cls, parts: Iterable["Result"]) -> "Result":
        """Several runs as one."""
        parts = list(parts)
        counts: Counter[int] = Counter()
        for part in parts:
            counts.update(part.statuses)
        latencies = [latency for part in parts for latency in part.latencies]
        return cls(sum(part.seconds for part in parts), latencies, dict(counts))

    def percentile(self, part: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


class Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next request as soon as the answer is whole."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.buffer = b""
        self.transport: asyncio.Transport | None = None
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.next()

    def next(self) -> None:
        request = self.run.take()
        if request is None or self.transport is None:
            if self.transport:
                self.transport.close()
            self.run.leave()
            return
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 : (head + b"\r").find(b"\r", start)]) if start >= 0 else 0
        if len(self.buffer) < head_end + 4 + length:
            return
        self.run.note(int(self.buffer[9:12]), time.perf_counter() - self.sent)
        self.buffer = b""
        self.next()

    def connection_lost(self, _fault: Exception | None) -> None:
        self.transport = None


class Run:
    def __init__(self, request: Request, seconds: float, connections: int, first: int) -> None:
        self.request = request
        self.until = time.perf_counter() + seconds
        self.number = first
        self.live = connections
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}
        self.done = asyncio.Event()

    def take(self) -> bytes | None:
        if time.perf_counter() >= self.until:
            return None
        self.number += 1
        return self.request(self.number)

    def note(self, status: int, latency: float) -> None:
        self.latencies.append(latency)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def leave(self) -> None:
        self.live -= 1
        if self.live <= 0:
            self.done.set()


async def _drive(
    port: int, request: Request, seconds: float, connections: int, first: int
) -> Result:
    loop = asyncio.get_running_loop()
    run = Run(request, seconds, connections, first)
    started = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", port)
    await asyncio.wait_for(run.done.wait(), seconds + 30)
    return Result(time.perf_counter() - started, run.latencies, run.statuses)


def drive(
    port: int, request: Request, *, seconds: float = 5.0, connections: int = 16, first: int = 0
) -> Result:
    """Sends `request(n)` over and over on `connections` connections for `seconds`."""
    return asyncio.run(_drive(port, request, seconds, connections, first))


def get(path: str, host: str = "127.0.0.1") -> Request:
    """The same GET again and again."""
    text = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n\r\n".encode()
    return lambda _number: text


def post(path: str, body: Callable[[int], str], cookie: str = "") -> Request:
    """A POST whose body depends on its number."""
    cookie_line = f"Cookie: {cookie}\r\n" if cookie else ""

    def request(number: int) -> bytes:
        text = body(number).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie_line}"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(text)}\r\n\r\n"
        )
        return head.encode() + text

    return request
