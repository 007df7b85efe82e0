"""Who gets a freed place when everybody comes at once: newcomers, workers, the end of an offer.

Threads of this process stand for web processes and workers. Each race has its mutant, seen red on
PostgreSQL; SQLite's one writer hides what row locks are for, so there the races alone are run.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.sql import Select

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.operations.invariants import all_findings
from eventreg.registration import errors, services
from eventreg.registration.models import Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import State
from eventreg.registration.services import pools, self_service, waiting_list
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.registration.people import leave, person, sign_up

Put = Callable[[Any, str, Any], None]
PATIENCE = 20.0
pytestmark = [pytest.mark.usefixtures("ctx"), pytest.mark.xdist_group("server")]


class Unlocked(Select[Any]):
    """A select that locks nothing, whatever it is asked."""

    inherit_cache = True

    def with_for_update(self, *_args: Any, **_options: Any) -> "Unlocked":  # type: ignore[override]
        return self


def at_once(app: Flask, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of these answers, or its refusal, when all start together."""
    gate = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        with app.app_context():
            gate.wait(PATIENCE)
            try:
                return call()
            except Exception as fault:  # noqa: BLE001 - the test reads it
                return fault
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))


def wrong() -> list[str]:
    db.session.rollback()
    return [f"{f.check}: {f.message}" for f in all_findings(clock.utc_now()) if not f.ok]


def states() -> dict[str, str]:
    db.session.rollback()
    query = select(Registration.given_name, Registration.state).order_by(Registration.id)
    return dict(db.session.execute(query).tuples().all())


def answered(name: str) -> Callable[[], State]:
    """The person's button on the page of their offer."""
    row = person(name)

    def press() -> State:
        with transaction():
            return services.confirm(self_service.held(row.public_id, row.nonce))

    return press


@pytest.fixture
def line_of(make_event: Callable[..., Event]) -> Callable[..., Event]:
    """`line_of(taken, waiting)`: an event full of that many people, others in line."""

    def make(taken: int, waiting: int) -> Event:
        event = make_event(capacity=taken, confirmation_hours=0, waiting_list=True)
        for number in range(taken):
            sign_up(f"in{number}")
        for number in range(waiting):
            sign_up(f"out{number:02}", in_line=True)
        db.session.rollback()
        return event

    return make


def freed_against_newcomers(app: Flask, put: Put) -> list[str]:
    """The list is served only once every newcomer has tried for the freed seat."""
    tried = threading.Barrier(5)
    serve, left = waiting_list._serve_quietly, threading.Event()

    def late(event_id: int) -> int:
        left.set()
        tried.wait(PATIENCE)
        return serve(event_id)

    def newcomer(number: int) -> Callable[[], Any]:
        def come() -> Any:
            left.wait(PATIENCE)
            try:
                return sign_up(f"new{number}")
            finally:
                tried.wait(PATIENCE)

        return come

    put(waiting_list, "_serve_quietly", late)
    calls: list[Callable[[], Any]] = [newcomer(n) for n in range(4)]
    found = at_once(app, [*calls, lambda: leave("in0")])
    got_in = [f"newcomer: {one}" for one in found[:4] if not isinstance(one, errors.Full)]
    return got_in + ([] if states()["Out00"] == "offered" else ["Out00 has no offer"]) + wrong()


def test_no_newcomer_gets_a_freed_seat_before_the_list_is_served(
    app: Flask, line_of: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    line_of(1, 2)
    assert freed_against_newcomers(app, monkeypatch.setattr) == []


def test_mutant_a_seat_given_without_looking_at_the_line_is_seen(
    app: Flask, line_of: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_NEW", pools._FREED)
    line_of(1, 2)
    assert [w for w in freed_against_newcomers(app, monkeypatch.setattr) if "newcomer" in w]


def expiry_against_acceptance(app: Flask, event: Event, put: Put) -> list[str]:
    """The job finds the offers over while their people press the button within the time left."""
    for number in range(4):
        leave(f"in{number}")
    names = [f"out{number:02}" for number in range(4)]
    ended = clock.utc_now() + timedelta(days=9)
    lapse, pressed, answers = waiting_list.lapse, threading.Event(), threading.Semaphore(0)

    def slow(*args: Any) -> State:
        pressed.wait(0.4)  # as long as nobody is let through, there is nothing to wait for
        return lapse(*args)

    def press(name: str) -> Callable[[], State]:
        button = answered(name)

        def run() -> State:
            try:
                return button()
            finally:
                answers.release()

        return run

    def job() -> int:
        return services.expire_due(ended)

    put(waiting_list, "lapse", slow)
    calls: list[Callable[[], Any]] = [press(name) for name in names]
    db.session.rollback()
    found = at_once(app, [*calls, job, job])
    now = states()
    lies = [
        f"{name} was told {answer} and is {now[name.title()]}"
        for name, answer in zip(names, found[:4], strict=True)
        if answer != now[name.title()]
    ]
    return lies + [repr(one) for one in found if isinstance(one, Exception)] + wrong()


def test_an_offer_is_either_taken_or_over_never_both(
    app: Flask, line_of: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expiry_against_acceptance(app, line_of(4, 4), monkeypatch.setattr) == []


def test_mutant_offers_that_end_without_a_lock_are_seen(
    app: Flask,
    line_of: Callable[..., Event],
    monkeypatch: pytest.MonkeyPatch,
    database_name: str,
) -> None:
    if database_name == "sqlite":
        pytest.skip("one writer at a time: row locks are PostgreSQL's")
    event = line_of(4, 4)
    monkeypatch.setattr(line, "select", Unlocked)
    assert expiry_against_acceptance(app, event, monkeypatch.setattr) != []


def two_workers(app: Flask, event: Event, places: int) -> list[str]:
    with transaction() as session:
        session.execute(update(Pool).values(capacity=places))
    event_id = event.id
    db.session.rollback()

    def work() -> int:
        return waiting_list.serve(event_id, clock.utc_now())

    found = at_once(app, [work] * 4)
    faults = [repr(one) for one in found if isinstance(one, Exception)]
    offered = [name for name, state in states().items() if state == "offered"]
    expected = [f"Out{number:02}" for number in range(min(places, 14))]
    faults += [] if offered == expected else [f"offered to {offered}"]
    steps = select(func.count()).where(AuditEntry.action == "offer")
    made = db.session.execute(steps).scalar_one()
    return faults + ([] if made == len(expected) else [f"{made} offers traced"]) + wrong()


def test_workers_that_serve_at_once_offer_each_place_once_in_order(
    app: Flask, line_of: Callable[..., Event]
) -> None:
    assert two_workers(app, line_of(0, 14), 6) == []


def test_mutant_workers_that_lock_nobody_are_seen(
    app: Flask,
    line_of: Callable[..., Event],
    monkeypatch: pytest.MonkeyPatch,
    database_name: str,
) -> None:
    if database_name == "sqlite":
        pytest.skip("one writer at a time: row locks are PostgreSQL's")
    event, read = line_of(0, 14), threading.Barrier(4)
    rooms = line.rooms

    def together(event_id: int) -> Any:
        found = rooms(event_id)
        with suppress(threading.BrokenBarrierError):  # later batches
            read.wait(0.5)
        return found

    monkeypatch.setattr(line, "rooms", together)
    monkeypatch.setattr(waiting_list, "select", Unlocked)
    assert two_workers(app, event, 60) != []


def accepted_twice(app: Flask) -> list[str]:
    leave("in0")
    found = at_once(app, [answered("out00")] * 5)
    db.session.rollback()
    faults = [f"answer {one!r}" for one in found if one != State.CONFIRMED]
    taken = select(func.count()).where(AuditEntry.action == "take")
    times = db.session.execute(taken).scalar_one()
    return faults + ([] if times == 1 else [f"taken {times} times"]) + wrong()


def test_an_offer_accepted_five_times_at_once_is_taken_once(
    app: Flask, line_of: Callable[..., Event]
) -> None:
    line_of(1, 2)
    assert accepted_twice(app) == []


def test_mutant_an_offer_read_without_a_lock_is_seen(
    app: Flask,
    line_of: Callable[..., Event],
    monkeypatch: pytest.MonkeyPatch,
    database_name: str,
) -> None:
    if database_name == "sqlite":
        pytest.skip("one writer at a time: row locks are PostgreSQL's")
    line_of(1, 2)
    read, look = threading.Barrier(5), self_service.queries.by_public_id

    def unlocked(public_id: str, *, lock: bool = False) -> Any:
        found = look(public_id)
        if lock:
            read.wait(PATIENCE)
        return found

    monkeypatch.setattr(self_service.queries, "by_public_id", unlocked)
    assert accepted_twice(app) != []
