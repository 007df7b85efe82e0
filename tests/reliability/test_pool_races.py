"""R4, R5: pools that overlap under a rush, and a capacity that moves while people come and go.

Threads of this process stand for web processes. SQLite's one writer hides what the order of locks
and the conditions are for, so the mutants are seen red on PostgreSQL.
"""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from eventreg.events import services as event_services
from eventreg.events.models import Event, Pool
from eventreg.operations.invariants import within_capacity
from eventreg.registration import errors, queries, services
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.services import Wishes, pools, waiting_list
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import DomainError
from tests.registration.people import person, sign_up
from tests.reliability import mutants
from tests.reliability.test_line_races import at_once, wrong

WORKSHOPS, SEATS, PEOPLE, AT_ONCE = ("a", "b", "c"), 4, 48, 8
pytestmark = [pytest.mark.usefixtures("ctx"), pytest.mark.xdist_group("server")]


@pytest.fixture
def workshops(make_event: Callable[..., Event]) -> Event:
    """Three workshops of four seats, in an event of four."""
    event = make_event(capacity=4, confirmation_hours=0, form_version=1)
    with transaction() as session:
        for key in WORKSHOPS:
            session.add(Pool(event_id=event.id, kind="workshop", key=key, capacity=SEATS))
    return event


def rush(app: Flask, rng: random.Random, *, people: int = PEOPLE) -> list[str]:
    """Everybody asks for one to three workshops, in an order of their own; what went wrong."""
    wanted = [rng.sample(WORKSHOPS, rng.randint(1, 3)) for _ in range(people)]

    def come(number: int) -> Callable[[], Any]:
        def several() -> list[Any]:
            found: list[Any] = []
            for mine in range(number, people, AT_ONCE):
                asked = dict.fromkeys(wanted[mine], 1)
                try:
                    found.append(sign_up(f"p{mine}", Wishes(form_version=1, pools=asked)))
                except DomainError as refusal:
                    found.append(refusal)
            return found

        return several

    answers = at_once(app, [come(number) for number in range(AT_ONCE)])
    refused = [one for some in answers for one in (some if isinstance(some, list) else [some])]
    faults = [repr(one) for one in refused if not isinstance(one, str | errors.Full)]
    db.session.rollback()
    if not within_capacity().ok:
        faults.append(f"sold twice: {within_capacity().message}")
    return faults + halves(wanted) + wrong()


def halves(wanted: list[list[str]]) -> list[str]:
    """People who hold other pools than those that they asked for."""
    query = (
        select(Registration.given_name, Pool.key)
        .join(PoolSeats, PoolSeats.registration_id == Registration.id)
        .join(Pool, Pool.id == PoolSeats.pool_id)
        .where(PoolSeats.held, Pool.kind != "event")
    )
    held: dict[str, set[str]] = {}
    for name, key in db.session.execute(query).tuples():
        held.setdefault(name, set()).add(key)
    return [
        f"{name} holds {keys}" for name, keys in held.items() if keys != set(wanted[int(name[1:])])
    ]


def test_a_rush_on_workshops_that_overlap_sells_each_seat_once_all_or_none(
    app: Flask, workshops: Event, seed: int
) -> None:
    assert rush(app, random.Random(seed)) == []


def test_mutant_seats_counted_before_they_are_taken_are_seen(
    app: Flask, workshops: Event, monkeypatch: pytest.MonkeyPatch, database_name: str
) -> None:
    if database_name == "sqlite":
        pytest.skip("its one writer hides it: test_rush.py has SQLite's mutant")
    mutants.count_then_insert(monkeypatch.setattr)
    monkeypatch.setattr(mutants, "_take_anyway", slowly(mutants._take_anyway))
    assert [w for w in rush(app, random.Random(1)) if w.startswith("sold twice")] != []


def test_mutant_pools_taken_in_the_order_asked_for_stop_each_other(
    app: Flask, workshops: Event, monkeypatch: pytest.MonkeyPatch, database_name: str
) -> None:
    """Two people who ask for the same workshops the other way round: PostgreSQL ends one of them."""
    if database_name == "sqlite":
        pytest.skip("its one writer waits for nobody")
    chance, one = random.Random(2), slowly(pools.run)

    def in_any_order(asked: Any, **_options: Any) -> tuple[bool, datetime]:
        found = chance.sample(list(asked), len(asked))
        values = [{"pool": key, "seats": it.seats, "line": it.line} for key, it in found]
        done = all(one(pools._NEW, value).rowcount == 1 for value in values)
        return done, clock.deciding_instant(db.session)

    monkeypatch.setattr(pools, "_several", in_any_order)
    found = rush(app, random.Random(1), people=AT_ONCE)
    assert [w for w in found if "Unavailable" in w] != [], found


def slowly(run: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with time for the others between two statements."""

    def later(*given: Any) -> Any:
        db.session.connection().exec_driver_sql("SELECT pg_sleep(0.02)")
        return run(*given)

    return later


def test_a_capacity_that_moves_under_load_evicts_nobody_and_loses_no_seat(
    app: Flask, make_event: Callable[..., Event], seed: int
) -> None:
    make_event(capacity=6, confirmation_hours=0, waiting_list=True)
    rng = random.Random(seed)
    moves = [rng.choice((2, 4, 6, 9)) for _ in range(12)]

    def organiser() -> None:
        for capacity in moves:
            with transaction():
                event = event_services.locked("journee")
                values = {"capacity": capacity}
                event_services.change(event, values, actor="operator", now=clock.utc_now())
            waiting_list.serve_now(event.id)

    def people(number: int) -> Callable[[], Any]:
        def come_and_go() -> None:
            for turn in range(6):
                name = f"p{number}x{turn}"
                come(name)
                if turn % 2 and person(name).state == "confirmed":
                    with transaction():
                        services.cancel(person(name, lock=True), actor="registrant")

        return come_and_go

    answers = at_once(app, [organiser, *[people(number) for number in range(5)]])
    assert [one for one in answers if one is not None] == []
    services.serve_due(clock.utc_now())
    assert wrong() == []
    evicted = select(Registration.given_name).where(
        Registration.state.in_(("cancelled", "expired")), Registration.cancelled_at.is_(None)
    )
    assert db.session.execute(evicted).all() == []
    facts = queries.signup_facts("journee")
    assert facts is not None
    assert facts.capacity == moves[-1]


def come(name: str) -> None:
    """As the door does: a place, else the line; afresh when the event changed meanwhile."""
    in_line = False
    for _ in range(30):
        try:
            sign_up(name, in_line=in_line)
        except errors.Full:
            in_line = True
        except errors.NotPossible:
            in_line = False
        else:
            return
    raise AssertionError(f"{name} found neither a place nor the line")
