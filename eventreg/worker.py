"""The worker: a Huey consumer woken by the bell, a poll that needs no queue, the timetable.

The queue may lose tasks, be flushed or be away: what is owed is in the database, the poll finds
it, and jobs that the queue did not start are started here. Jobs may run twice or on two workers
at once: that their consequences come once is the services' duty.
"""

import hashlib
import hmac
import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import redis
from flask import Flask
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from eventreg.config import Settings
from eventreg.mailing import delivery
from eventreg.privacy import services as privacy
from eventreg.registration import services as registration
from eventreg.shared import bell, clock

logger = logging.getLogger(__name__)
NAME = "eventreg"
THREADS = 3
CONNECTIONS = 2  # to the mail server, at most, from one worker
POLL_SECONDS = 15.0
MOST_PENDING = 8  # more drain tasks than this add nothing: one that starts later sees all mail
LONGEST_SLEEP = 1.0  # seconds between two looks into a SQLite queue that is empty


@dataclass(frozen=True)
class Job:
    """A job of the timetable; without a queue, it runs when it has not for `latest` seconds."""

    name: str
    run: Callable[[datetime], int | dict[str, int]]
    when: Callable[[datetime], bool]
    latest: float


JOBS = (
    Job("close_due", registration.close_due, crontab(minute="*"), 90),
    Job("expire_due", registration.expire_due, crontab(minute="*"), 90),
    Job("tell_due", registration.tell_due, crontab(minute="*"), 90),
    Job("release_due", registration.release_due, crontab(minute="*"), 90),
    Job("remind_due", registration.remind_due, crontab(minute="0", hour="7"), 25 * 3600),
    Job("tend_invitations", registration.invitations.tend, crontab(minute="*/5"), 400),
    Job("erase_due", privacy.erase_due, crontab(minute="30", hour="2"), 25 * 3600),
)


class Sha256Serializer(SignedSerializer):  # type: ignore[misc]  # Huey is not typed
    """Huey unpickles what it reads: only what we have signed, and not with its SHA-1."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret=secret, salt="eventreg.queue")
        self._key = hashlib.sha256(self.salt + self.secret).digest()

    def _signature(self, message: bytes) -> bytes:
        return hmac.new(self._key, message, hashlib.sha256).hexdigest().encode()


@dataclass
class Engine:
    """The queue of one application and what its worker shares between threads."""

    app: Flask
    huey: Huey
    jobs: tuple[Job, ...] = JOBS
    stopping: threading.Event = field(default_factory=threading.Event)
    ready: bool = False  # the queue's tables exist
    ran: dict[str, float] = field(default_factory=dict)
    drain_task: Any = None
    _slots: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(CONNECTIONS)
    )
    _again: threading.Event = field(default_factory=threading.Event)

    def prepare(self) -> None:
        """Makes the queue's tables, where it has some. Raises what the queue raises when away."""
        initialize = getattr(self.huey.storage, "initialize_schema", None)
        if not self.ready and initialize is not None:
            initialize()
        self.ready = True

    def ring(self) -> None:
        """Puts the drain task in the queue, unless enough of them wait there already."""
        try:
            self.prepare()
            if self.huey.pending_count() < MOST_PENDING:
                self.drain_task()
        except Exception:
            self.ready = False  # it may come back empty
            raise

    def drain(self) -> None:
        """Sends what is due, at most CONNECTIONS at a time; a ring meanwhile is not forgotten.

        Places that became free by a setting are offered first: whoever changes it rings too.
        """
        while True:
            if not self._slots.acquire(blocking=False):
                self._again.set()  # whoever holds a slot looks again after giving it back
                if not self._slots.acquire(blocking=False):
                    return
            try:
                self._again.clear()
                with self.app.app_context():
                    self._try("lines", lambda: registration.serve_due(clock.utc_now()))
                    delivery.drain(stop=self.stopping.is_set)
            finally:
                self._slots.release()
            if not self._again.is_set() or self.stopping.is_set():
                return

    def run_job(self, job: Job, now: datetime) -> int:
        self.ran[job.name] = time.monotonic()
        with self.app.app_context():
            done = job.run(now)
        return done if isinstance(done, int) else sum(done.values())

    def poll(self) -> None:
        """What must happen even if no task ever comes. Never raises."""
        self._try("queue", self.prepare)
        self._try("mail", self.drain)
        for job in self.jobs:
            if time.monotonic() - self.ran.setdefault(job.name, time.monotonic()) > job.latest:
                self._try(job.name, partial(self.run_job, job, clock.utc_now()))

    def _try(self, what: str, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as fault:
            bug = None if what == "queue" else fault
            name = type(fault).__name__
            logger.warning("poll: %s: %s; next try in a moment", what, name, exc_info=bug)


def init_app(app: Flask, settings: Settings) -> None:
    """Builds the queue (without touching it) and connects the bell, except in tests."""
    engine = Engine(app, _queue(settings))
    _register(engine)
    app.extensions["worker"] = engine
    app.extensions["huey"] = engine.huey
    bell.connect(None if settings.env == "testing" else engine.ring)


def run_due(app: Flask, now: datetime) -> dict[str, int]:
    """Runs every job of the timetable once, as at `now`: how many things each one did.

    A job that fails does not keep the others from running; its fault is raised at the end.
    """
    engine: Engine = app.extensions["worker"]
    done: dict[str, int] = {}
    faults: list[Exception] = []
    for job in engine.jobs:
        try:
            done[job.name] = engine.run_job(job, now)
        except Exception as fault:
            logger.exception("job %s failed", job.name)
            faults.append(fault)
    if faults:
        raise faults[0]
    return done


def run_worker(app: Flask) -> None:
    """Works in the foreground until SIGINT or SIGTERM, then finishes the letter being sent."""
    engine: Engine = app.extensions["worker"]
    consumer = GracefulConsumer(
        engine.huey,
        workers=THREADS,
        max_delay=LONGEST_SLEEP,
        periodic=True,
        check_worker_health=True,
    )
    engine.stopping = consumer.stop_flag
    poller = threading.Thread(target=_poll, args=(engine,), name="poll", daemon=True)
    poller.start()
    logger.info("worker: started")
    try:
        consumer.run()
    finally:
        engine.stopping.set()
        poller.join()


class GracefulConsumer(Consumer):  # type: ignore[misc]  # Huey is not typed
    """Both signals mean: finish what you are doing, start nothing, leave."""

    def __init__(self, huey: Huey, **options: Any) -> None:
        super().__init__(huey, **options)
        self._signal_actions = {signal.SIGINT: (False, True), signal.SIGTERM: (False, True)}

    def stop(self, graceful: bool = False) -> None:
        self.stop_flag.set()
        logger.info("worker: stopping after the letters being sent")
        super().stop(graceful=graceful)


def _poll(engine: Engine) -> None:
    while not engine.stopping.is_set():
        engine.poll()
        engine.stopping.wait(POLL_SECONDS)


def _queue(settings: Settings) -> Huey:
    """Results are off: nobody asks for them. Nothing is opened before the first task."""
    options: dict[str, Any] = {
        "name": NAME,
        "results": False,
        "serializer": Sha256Serializer(settings.secret_key),
    }
    url = settings.queue_url
    if url.startswith(("redis://", "rediss://")):
        pool = redis.ConnectionPool.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        return RedisHuey(connection_pool=pool, **options)
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresHuey(dsn=url, connect_timeout=5, create_tables=False, **options)
    path = url.removeprefix("sqlite:///") or str(settings.instance_dir / "queue.sqlite3")
    return SqliteHuey(filename=path, fsync=False, create_tables=False, **options)


def _register(engine: Engine) -> None:
    """Names the tasks: the drain, and one for each job."""
    engine.drain_task = engine.huey.task(name="drain_outbox")(engine.drain)
    for job in engine.jobs:
        engine.huey.periodic_task(job.when, name=job.name)(_task(engine, job))


def _task(engine: Engine, job: Job) -> Callable[[], None]:
    def run() -> None:
        engine.run_job(job, clock.utc_now())

    return run
