"""R1: a rush never oversells and never errs."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from eventreg.events.models import Pool
from eventreg.shared.db import db
from tests.reliability import load, mutants, oracle
from tests.reliability.conftest import new_event
from tests.reliability.servers import Instance, Share

pytestmark = pytest.mark.xdist_group("server")
SEATS, LAST_ANSWER = 50, 10.0


@pytest.mark.parametrize(
    ("hours", "clients"), [(0.0, 1_000), (24.0, 300)], ids=["no proof asked", "double opt-in"]
)
def test_everybody_at_once_for_fifty_seats_gets_fifty_seats_and_clear_answers(
    server: Instance, hours: float, clients: int
) -> None:
    slug = f"ruee-{int(hours)}"
    new_event(server.app, slug, capacity=SEATS, confirmation_hours=hours)

    forms = asyncio.run(server.target.forms(slug, clients))
    posts = [(f, f.body(f"client{n}@example.org")) for n, f in enumerate(forms)]
    with Share(server) as share:
        answers = asyncio.run(load.rush(server.target, posts))
    took = max(a.ended for a in answers) - min(a.began for a in answers)
    print(
        f"R1 {hours:g} h: {load.statuses(answers)}, last answer after {took:.2f} s "
        f"with {share.left:.0%} of the machine"
    )
    assert load.statuses(answers) == {"303": SEATS, "409 full": clients - SEATS}
    assert took * share.left <= LAST_ANSWER
    receipts = [a.receipt for a in answers if a.receipt]
    assert len(set(receipts)) == SEATS
    assert oracle.broken(server.app, receipts=receipts) == []
    assert server.bugs() == []


def form_of(app: Flask, slug: str, email: str) -> Callable[[], int]:
    """A browser that has read the form; calling it posts and gives the status."""
    browser, path = app.test_client(), f"/agenda/{slug}/inscription/"
    hidden = load.hidden_fields(browser.get(path).text)
    data = {**hidden, "given_name": "Dominique", "family_name": "Martin", "email": email}
    return lambda: browser.post(path, data=data).status_code


def _small_rush(app: Flask, slug: str, *, clients: int, seats: int, at_once: int) -> list[str]:
    """What was wrong after `clients` people posted for `seats` in waves; nothing, it is hoped."""
    waves = threading.Barrier(at_once)

    def one(number: int) -> str:
        answer_of = posts[number]
        waves.wait(timeout=60)
        return str(answer_of())

    app.config["PROPAGATE_BUGS"] = False
    posts = [form_of(app, slug, f"client{n}@example.org") for n in range(clients)]
    with ThreadPoolExecutor(at_once) as pool:
        statuses = list(pool.map(one, range(clients)))
    with app.app_context():
        taken = db.session.execute(select(Pool.taken)).scalar_one()
        db.session.remove()
    wrong = [f"{taken} taken for {seats}"] if taken != seats else []
    wrong += [f"answer {s}" for s in sorted(set(statuses) - {"303", "409"})]
    accepted = statuses.count("303")
    wrong += [f"{accepted} acknowledged for {seats}"] if accepted != seats else []
    return wrong + [f"{f.check}: {f.message}" for f in oracle.broken(app)]


Rush = Callable[..., list[str]]


@pytest.fixture
def small_rush(make_app: Callable[..., Flask], app: Flask, database_name: str) -> Rush:
    """The same rush with threads of this process; each thread stands for a web process."""

    def run(clients: int = 60, seats: int = 7, at_once: int = 12) -> list[str]:
        subject = make_app() if database_name == "sqlite" else app
        new_event(subject, "ruee", capacity=seats, confirmation_hours=0.0)
        return _small_rush(subject, "ruee", clients=clients, seats=seats, at_once=at_once)

    return run


def test_the_small_rush_is_clean_with_every_control_in_place(
    small_rush: Rush, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutants.threads_are_processes(monkeypatch.setattr)
    assert small_rush() == []


def test_mutant_m1_counting_before_inserting_is_seen(
    small_rush: Rush, monkeypatch: pytest.MonkeyPatch, database_name: str
) -> None:
    """On SQLite the write lock alone would hide it: there it comes with reads outside the lock."""
    mutants.threads_are_processes(monkeypatch.setattr)
    if database_name == "sqlite":
        mutants.read_outside(monkeypatch.setattr)
    else:
        mutants.count_then_insert(monkeypatch.setattr)
    wrong = small_rush()
    assert [w for w in wrong if w.startswith("capacity: ")] != [], wrong


def test_mutant_m2_a_deferred_begin_is_seen_on_sqlite(
    small_rush: Rush, monkeypatch: pytest.MonkeyPatch, database_name: str
) -> None:
    if database_name != "sqlite":
        pytest.skip("BEGIN IMMEDIATE is SQLite's")
    mutants.threads_are_processes(monkeypatch.setattr)
    mutants.deferred_begin(monkeypatch.setattr)
    assert "answer 503" in small_rush()
