"""R14, R15: a lost task, a flushed or absent queue, a killed worker lose no mail and no job."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from eventreg import worker
from eventreg.config import ROOT, MailServer, Settings
from eventreg.factory import create_app
from eventreg.mailing import delivery, services
from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.rules import LEASE
from eventreg.mailing.services import Mail
from eventreg.shared import bell, clock
from eventreg.shared.db import db, transaction
from eventreg.worker import Engine, Job
from tests.mailing.fake_smtp import Script, Server

REDIS = os.environ.get("EVENTREG_TEST_REDIS_URL") or "redis://127.0.0.1:6379/15"


def owe(count: int, now: datetime) -> None:
    """`count` letters, each in a transaction of its own, as sign-ups do."""
    for number in range(count):
        mail = Mail(
            kind="confirmed",
            to=f"p{number}@example.org",
            locale="fr",
            subject="Bonjour",
            text="Bonjour",
            html="<p>Bonjour</p>",
        )
        with transaction():
            services.queue(mail, now=now)


def states() -> Counter[str]:
    db.session.rollback()
    return Counter(db.session.execute(select(OutboxMessage.state)).scalars())


@pytest.fixture
def smtp() -> Iterator[Script]:
    """A well-behaved mail server; `script.server` points to it."""
    script = Script()
    server = Server(script)
    script.server = MailServer(host="127.0.0.1", port=server.port, security="none")  # type: ignore[attr-defined]
    yield script
    server.stop()


@pytest.fixture
def engine_of(app: Flask, ctx: None, tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """`engine_of(queue_url=..., mail_server=...)`: a worker's engine, rung by the bell at once."""
    before = dict(app.extensions)

    def build(**changes: Any) -> Engine:
        own = {"queue_url": f"sqlite:///{tmp_path / 'queue.sqlite3'}"}
        settings = replace(app.extensions["settings"], **{**own, **changes})
        app.extensions["settings"] = settings
        worker.init_app(app, settings)
        engine: Engine = app.extensions["worker"]
        made.append(engine)
        return engine

    made: list[Engine] = []
    yield build
    app.extensions.update(before)
    for engine in made:
        hang_up(engine.huey.storage)


def hang_up(storage: Any) -> None:
    """A consumer's connections go with its process; a test's must be closed."""
    if hasattr(storage, "close"):
        storage.close()
    listening = getattr(getattr(storage, "_listen_local", None), "conn", None)
    if listening is not None:
        listening.close()


@pytest.fixture
def ring_at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[Engine], None]:
    """Each commit rings in the same thread, with a warning instead of an error, as the bell does."""

    def connect(engine: Engine) -> None:
        def ring() -> None:
            try:
                engine.ring()
            except Exception:  # noqa: BLE001 - the bell's own rule
                lost.append(1)

        monkeypatch.setattr(bell, "ring", ring)

    lost: list[int] = []
    connect.lost = lost  # type: ignore[attr-defined]
    return connect


QUEUES = ["sqlite", "redis", "postgresql"]


@pytest.fixture(params=QUEUES)
def queue_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each kind of queue that answers on this machine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'own-queue.sqlite3'}"
    if request.param == "redis":
        return REDIS
    return os.environ.get("EVENTREG_TEST_POSTGRES_URL") or (
        "postgresql://postgres@127.0.0.1/postgres"
    )


def reachable(engine: Engine) -> Engine:
    try:
        engine.prepare()
        engine.huey.flush()
    except Exception as fault:  # noqa: BLE001 - each queue has its own exceptions
        pytest.skip(f"this queue does not answer here: {type(fault).__name__}")
    return engine


def test_a_ring_becomes_one_signed_task_and_rings_are_gathered(
    engine_of: Any, queue_url: str, now: datetime, smtp: Any
) -> None:
    engine = reachable(engine_of(queue_url=queue_url, mail_server=smtp.server))
    for _ in range(50):
        engine.ring()
    assert engine.huey.pending_count() == worker.MOST_PENDING
    owe(3, now)
    engine.huey.execute(engine.huey.dequeue())
    assert states() == {"sent": 3}
    engine.huey.flush()


def test_a_task_that_we_did_not_sign_is_never_unpickled(engine_of: Any, tmp_path: Path) -> None:
    engine = reachable(engine_of())
    other = worker.Sha256Serializer("another key")
    engine.huey.storage.enqueue(
        other.serialize(engine.huey._registry.create_message(engine.drain_task.s()))
    )
    with pytest.raises(ValueError, match="Signature"):
        engine.huey.dequeue()


def test_200_letters_survive_a_killed_consumer_and_a_flushed_queue(
    engine_of: Any,
    ring_at_once: Any,
    smtp: Any,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = reachable(engine_of(mail_server=smtp.server))
    ring_at_once(engine)
    owe(200, now)
    note, deaths = delivery.claims.note, iter(range(1_000))

    class Killed(BaseException):
        pass

    def die_now_and_then(*args: Any, **options: Any) -> Any:
        if next(deaths) % 5 == 4:  # after the server's 250, before it is noted: the worst moment
            raise Killed
        return note(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(delivery.claims, "note", die_now_and_then)
        for _ in range(4):
            task = engine.huey.dequeue()
            with pytest.raises(Killed):
                engine.huey.execute(task)
    engine.huey.flush()
    assert states()["sent"] == 16
    with clock.frozen(now + LEASE):
        engine.poll()
    assert states() == {"sent": 200}
    copies = Counter(recipient for recipient, _ in smtp.copies)
    assert len(copies) == 200
    assert sum(copies.values()) - 200 <= 4, "more second copies than kills"
    assert {len({c for r, c in smtp.copies if r == to}) for to in copies} == {1}


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1/0",
        "postgresql://nobody@127.0.0.1:1/none",
        "sqlite:////nowhere/at/all/queue.sqlite3",
    ],
)
def test_without_its_queue_everything_still_happens(
    engine_of: Any, ring_at_once: Any, smtp: Any, now: datetime, url: str
) -> None:
    engine = engine_of(queue_url=url, mail_server=smtp.server)
    ring_at_once(engine)
    owe(3, now)
    assert len(ring_at_once.lost) == 3
    engine.poll()
    assert states() == {"sent": 3}


def test_a_queue_that_comes_back_empty_is_prepared_again(
    engine_of: Any, now: datetime, tmp_path: Path
) -> None:
    engine = reachable(engine_of())
    engine.ring()
    engine.huey.storage.sql("drop table task", commit=True)
    with pytest.raises(Exception, match="no such table"):
        engine.ring()
    engine.ring()
    assert engine.huey.pending_count() == 1


def job(name: str, ran: list[tuple[str, datetime]], latest: float = 90) -> Job:
    def run(now: datetime) -> int:
        ran.append((name, now))
        return len(ran)

    return Job(name, run, lambda _now: True, latest)


def test_every_job_runs_once_as_at_the_instant_given(engine_of: Any, app: Flask) -> None:
    engine = engine_of()
    ran: list[tuple[str, datetime]] = []
    engine.jobs = (job("close_due", ran), job("erase_due", ran))
    later = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert worker.run_due(app, later) == {"close_due": 1, "erase_due": 2}
    assert ran == [("close_due", later), ("erase_due", later)]


def test_the_timetable_is_every_minute_and_every_night(engine_of: Any) -> None:
    engine_of()
    names = {job.name: job.when for job in worker.JOBS}
    minute = ["close_due", "expire_due", "tell_due", "release_due"]
    assert list(names) == [*minute, "remind_due", "tend_invitations", "erase_due"]
    night = datetime(2027, 1, 4, 2, 30)  # noqa: DTZ001 - Huey compares naive UTC
    for passed in range(60):
        assert all(names[name](night + timedelta(minutes=passed)) for name in minute)
    assert [names["erase_due"](night + timedelta(minutes=m)) for m in (-1, 0, 1)] == [
        False,
        True,
        False,
    ]


def test_the_poll_runs_jobs_that_the_queue_did_not_start(engine_of: Any, now: datetime) -> None:
    engine = engine_of(queue_url="redis://127.0.0.1:1/0")
    ran: list[tuple[str, datetime]] = []
    engine.jobs = (job("late", ran, latest=-1), job("fresh", ran, latest=90))
    engine.poll()
    assert ran == [("late", now)]


def test_a_job_that_fails_stops_neither_the_mail_nor_the_other_jobs(
    engine_of: Any, smtp: Any, now: datetime
) -> None:
    engine = engine_of(mail_server=smtp.server)
    ran: list[tuple[str, datetime]] = []

    def fail(_now: datetime) -> int:
        raise LookupError

    engine.jobs = (Job("bad", fail, lambda _now: True, -1), job("good", ran, latest=-1))
    owe(1, now)
    engine.poll()
    assert [name for name, _ in ran] == ["good"]
    assert states() == {"sent": 1}


def test_jobs_twice_on_two_workers_close_an_event_once(
    engine_of: Any, app: Flask, now: datetime, make_event: Any
) -> None:
    event = make_event(contact_email="equipe@example.org")
    engine_of()
    after = event.starts_at + timedelta(minutes=1)
    start = threading.Barrier(2)
    done: list[int] = []

    def work() -> None:
        start.wait(10)
        done.append(worker.run_due(app, after)["close_due"])

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [0, 1]
    kinds = Counter(db.session.execute(select(OutboxMessage.kind)).scalars())
    assert kinds["closing_recap"] <= 1


def test_at_most_two_connections_and_a_ring_meanwhile_is_not_forgotten(
    engine_of: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of()
    inside, most, runs = [0], [0], [0]
    guard, gate, full = threading.Lock(), threading.Event(), threading.Barrier(3)

    def drain(**_options: Any) -> None:
        with guard:
            inside[0] += 1
            runs[0] += 1
            most[0] = max(most[0], inside[0])
            first_two = runs[0] <= 2
        if first_two:
            full.wait(10)
            gate.wait(10)
        with guard:
            inside[0] -= 1

    monkeypatch.setattr(delivery, "drain", drain)
    threads = [threading.Thread(target=engine.drain) for _ in range(2)]
    for thread in threads:
        thread.start()
    full.wait(10)  # both slots are taken
    engine.drain()  # a third ring: it returns at once
    assert runs == [2]
    gate.set()
    for thread in threads:
        thread.join(10)
    assert most == [2]
    assert runs[0] >= 3, "what was committed after the last claim waits for the poll"


@contextmanager
def worker_database(settings: Settings) -> Iterator[None]:
    """An application context on that database; nothing of it is left open afterwards."""
    app = create_app(settings)
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_finishes_the_letter_it_is_sending(
    app: Flask, make_app: Any, smtp: Any, tmp_path: Path, number: signal.Signals
) -> None:
    settings = make_app().extensions["settings"]
    started, told, understood = (threading.Event() for _ in range(3))
    process: list[subprocess.Popen[str]] = []
    said: list[str] = []

    def listen() -> None:
        for line in process[0].stderr or ():
            said.append(line)
            if "stopping" in line:
                understood.set()

    def stop_it(_recipient: str) -> str:
        """The first letter's answer comes when the worker has understood that it must stop."""
        started.wait(30)
        if not told.is_set():
            told.set()
            process[0].send_signal(number)
            understood.wait(30)
        return "250 ok"

    smtp.body = stop_it
    environment = {
        "PATH": os.environ["PATH"],
        "EVENTREG_ENV": "testing",
        "EVENTREG_SECRET_KEY": settings.secret_key,
        "EVENTREG_DATABASE_URL": settings.database_url,
        "EVENTREG_QUEUE_URL": settings.queue_url,
        "EVENTREG_INSTANCE_DIR": str(tmp_path / "instance"),
        "EVENTREG_MAIL_SERVER": "127.0.0.1",
        "EVENTREG_MAIL_PORT": str(smtp.server.port),
    }
    with worker_database(settings):
        owe(5, clock.utc_now())
    command = [sys.executable, "-m", "eventreg.cli", "worker"]
    process.append(
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    )
    listener = threading.Thread(target=listen)
    listener.start()
    started.set()
    try:
        code = process[0].wait(60)
    finally:
        process[0].kill()
        listener.join(10)
        (process[0].stderr or sys.stderr).close()
    assert code == 0, "".join(said)
    assert [recipient for recipient, _ in smtp.copies] == ["p0@example.org"]
    with worker_database(settings):
        assert states() == {"sent": 1, "queued": 4}
        attempts = db.session.execute(select(OutboxMessage.attempts).order_by(OutboxMessage.id))
        assert list(attempts.scalars()) == [1, 0, 0, 0, 0]
