"""R7, R8: sign-ups close at their instant, under load and whoever waits for a lock."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from eventreg.events import services as event_services
from eventreg.registration.models import Registration
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.reliability import load, mutants, oracle
from tests.reliability.conftest import new_event
from tests.reliability.servers import Instance
from tests.reliability.test_rush import form_of

pytestmark = pytest.mark.xdist_group("server")
PER_SECOND, AROUND = 60, 2.0


def _close_at(app: Flask, slug: str, instant: float) -> datetime:
    """Moves the deadline of an event; sign-ups in progress see it."""
    closes_at = datetime.fromtimestamp(instant, UTC)
    with app.app_context():
        with transaction():
            event = event_services.locked(slug)
            event_services.change(
                event, {"closes_at": closes_at}, actor="operator", now=clock.utc_now()
            )
        db.session.remove()
    return closes_at


def _decided(app: Flask, event_id: int) -> list[datetime]:
    """The deciding instants of everybody who is in."""
    with app.app_context():
        db.session.rollback()
        query = select(Registration.decided_at).where(Registration.event_id == event_id)
        found = [at for at in db.session.execute(query).scalars() if at is not None]
        db.session.remove()
    return found


async def _page_says(
    target: load.Target, slug: str, until: float
) -> list[tuple[float, float, str]]:
    """(asked, answered, sign-up state shown) of the public page, every 50 ms."""
    seen = []
    while time.time() < until:
        answer = await target.send("GET", f"/agenda/{slug}/")
        seen.append((answer.began, answer.ended, answer.marks.get("signups", answer.fault)))
        await asyncio.sleep(0.05)
    return seen


@pytest.mark.parametrize("run", [1, 2])
def test_sign_ups_close_at_their_instant_under_a_steady_stream(server: Instance, run: int) -> None:
    slug = f"echeance-{run}"
    event_id = new_event(server.app, slug, capacity=10_000)
    count = int(PER_SECOND * 2 * AROUND)
    forms = asyncio.run(server.target.forms(slug, count))
    posts = [(f, f.body(f"client{n}@example.org")) for n, f in enumerate(forms)]
    start = time.time() + 0.5
    deadline = start + AROUND
    closes_at = _close_at(server.app, slug, deadline)

    async def everything() -> tuple[list[load.Answer], list[tuple[float, float, str]]]:
        return await asyncio.gather(
            load.steady(server.target, posts, start=start, per_second=PER_SECOND),
            _page_says(server.target, slug, deadline + AROUND),
        )

    answers, pages = asyncio.run(everything())
    after = [a for a in answers if a.began >= deadline]
    early = [a for a in answers if a.ended < deadline - 1]
    accepted = [a for a in answers if a.status == 303]
    print(f"R7 run {run}: {load.statuses(answers)}; {len(after)} begun after the deadline")
    assert set(load.statuses(answers)) <= {"303", "410 closed"}
    assert set(load.statuses(after)) == {"410 closed"}
    assert set(load.statuses(early)) <= {"303"}
    assert len(accepted) > 0
    decided = _decided(server.app, event_id)
    assert len(decided) == len(accepted)
    assert [at for at in decided if at >= closes_at] == []
    assert {said for _, ended, said in pages if ended < deadline} == {"open"}
    assert {said for began, _, said in pages if began >= deadline + 1} == {"closed"}
    assert oracle.broken(server.app, receipts=[a.receipt for a in accepted if a.receipt]) == []
    assert server.bugs() == []


# ---- R8: waiting for a lock


@contextmanager
def _seats_held(app: Flask, event_id: int, *, until: float) -> Iterator[None]:
    """Somebody else holds the lock that a seat needs, from now to `until`."""
    with app.app_context():
        url = db.engine.url
    if url.get_backend_name() == "sqlite":
        blocker: sqlite3.Connection | psycopg.Connection = sqlite3.connect(
            url.database or "", isolation_level=None, check_same_thread=False
        )
        blocker.execute("BEGIN IMMEDIATE")
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        blocker = psycopg.connect(plain)
        blocker.execute("SELECT id FROM pools WHERE event_id = %s FOR UPDATE", [event_id])

    def let_go() -> None:
        time.sleep(max(0.0, until - time.time()))
        blocker.rollback()
        blocker.close()

    holder = threading.Thread(target=let_go)
    holder.start()
    try:
        yield
    finally:
        holder.join()


def test_fifty_people_who_wait_for_a_lock_across_the_deadline_do_not_get_in(
    server: Instance,
) -> None:
    event_id = new_event(server.app, "attente", capacity=1_000)
    forms = asyncio.run(server.target.forms("attente", 50))
    posts = [(f, f.body(f"client{n}@example.org")) for n, f in enumerate(forms)]
    deadline = time.time() + 2.0
    _close_at(server.app, "attente", deadline)
    with _seats_held(server.app, event_id, until=deadline + 1):
        answers = asyncio.run(load.rush(server.target, posts))
    waited = [a for a in answers if a.began < deadline]
    print(f"R8: {load.statuses(answers)}, {len(waited)} had begun before the deadline")
    assert len(waited) == 50
    assert load.statuses(answers) == {"410 closed": 50}
    assert _decided(server.app, event_id) == []
    assert oracle.broken(server.app) == []
    assert server.bugs() == []


def _accepted_while_locked(app: Flask, slug: str, event_id: int) -> int:
    """How many of a dozen people got in who asked in time and waited past the deadline."""
    app.config["PROPAGATE_BUGS"] = False
    posts = [form_of(app, slug, f"client{n}@example.org") for n in range(12)]
    deadline = time.time() + 1.0
    _close_at(app, slug, deadline)
    with (
        _seats_held(app, event_id, until=deadline + 0.4),
        ThreadPoolExecutor(len(posts)) as pool,
    ):
        statuses = [future.result() for future in [pool.submit(post) for post in posts]]
    assert set(statuses) <= {303, 410}
    return statuses.count(303)


@pytest.fixture
def waiting(make_app: Callable[..., Flask], app: Flask, database_name: str) -> Callable[[], int]:
    def run() -> int:
        subject = make_app() if database_name == "sqlite" else app
        event_id = new_event(subject, "attente", capacity=100)
        return _accepted_while_locked(subject, "attente", event_id)

    return run


def test_a_dozen_who_wait_in_this_process_do_not_get_in_either(waiting: Callable[[], int]) -> None:
    assert waiting() == 0


def test_mutant_m4_an_instant_older_than_the_lock_is_seen(
    waiting: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutants.instant_before_lock(monkeypatch.setattr)
    assert waiting() > 0
