"""R3: the same person counts once, however the form is sent; and nobody else learns it."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from eventreg.events import services as event_services
from eventreg.events.models import Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.registration.models import Receipt, Registration
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.reliability import load, mutants, oracle
from tests.reliability.conftest import new_event
from tests.reliability.servers import Instance

pytestmark = pytest.mark.xdist_group("server")
AT_ONCE = 200
SPELLINGS = (
    "elodie@café.example.org",
    "ELODIE@café.example.org",
    "Elodie@Café.Example.Org",
    " elodie@café.example.org",
    "elodie@café.example.org ",
    "\telodie@café.example.org\t",
    "\u00a0elodie@café.example.org\u00a0",
    "elodie@cafe\u0301.example.org",
    "ELODIE@CAFE\u0301.EXAMPLE.ORG",
    "Elodie@Cafe\u0301.example.org",
    "elodie@xn--caf-dma.example.org",
    "ELODIE@XN--CAF-DMA.EXAMPLE.ORG",
    "eLoDiE@xn--caf-dma.example.org",
    "elodie@café.example.org.",
    "elodie@xn--caf-dma.example.org.",
    "  Elodie@xn--Caf-DMA.example.org  ",
    "elodie@caf\u00c9.example.org",
    "elodie@CAFE\u0301.example.org",
    "\u2003elodie@café.example.org",
    "ELODIE@Café.EXAMPLE.org.",
)


def _rows(app: Flask, event_id: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Registrations, kinds of letters and receipts of an event."""
    with app.app_context():
        db.session.rollback()
        mine = select(Registration).where(Registration.event_id == event_id)
        people = db.session.execute(mine).scalars().all()
        ids = [person.id for person in people]
        letters = select(OutboxMessage.kind).where(OutboxMessage.registration_id.in_(ids))
        receipts = select(Receipt).where(Receipt.event_id == event_id)
        found = (
            list(people),
            sorted(db.session.execute(letters).scalars()),
            list(db.session.execute(receipts).scalars()),
        )
        db.session.remove()
    return found


def test_twenty_spellings_of_one_address_two_hundred_times_at_once_are_one_person(
    server: Instance,
) -> None:
    assert len(set(SPELLINGS)) == 20
    event_id = new_event(server.app, "orthographes", capacity=500)
    forms = asyncio.run(server.target.forms("orthographes", AT_ONCE))
    posts = [(f, f.body(SPELLINGS[n % 20])) for n, f in enumerate(forms)]
    answers = asyncio.run(load.rush(server.target, posts))
    assert load.statuses(answers) == {"303": AT_ONCE}
    receipts = {a.receipt for a in answers if a.receipt}
    assert len(receipts) == AT_ONCE
    people, letters, stored = _rows(server.app, event_id)
    assert [person.state for person in people] == ["unconfirmed"]
    assert people[0].email_key == "elodie@xn--caf-dma.example.org"
    assert letters == ["already_registered", "confirm_address"]
    assert {receipt.registration_id for receipt in stored} == {people[0].id}
    assert oracle.broken(server.app, receipts=receipts) == []
    assert server.bugs() == []


def test_two_hundred_clicks_on_one_button_are_one_sign_up_with_one_receipt(
    server: Instance,
) -> None:
    event_id = new_event(server.app, "clics", capacity=500)
    form = asyncio.run(server.target.form("clics"))
    posts = [(form, form.body("double.clic@example.org"))] * AT_ONCE
    answers = asyncio.run(load.rush(server.target, posts))
    assert load.statuses(answers) == {"303": AT_ONCE}
    assert len({a.receipt for a in answers}) == 1
    people, letters, stored = _rows(server.app, event_id)
    assert (len(people), letters, len(stored)) == (1, ["confirm_address"], 1)
    other = asyncio.run(
        server.target.send(
            "POST", form.path, cookie=form.cookie, body=form.body("somebody.else@example.org")
        )
    )
    assert (other.status, other.marks["refusal"]) == (422, "invalid")
    assert len(_rows(server.app, event_id)[0]) == 1
    assert server.bugs() == []


# ---- the same rules one request at a time, with the clock in hand


class Visitor:
    """A browser on an event's form."""

    def __init__(self, app: Flask, slug: str = "journee") -> None:
        self.browser: FlaskClient = app.test_client()
        self.path = f"/agenda/{slug}/inscription/"
        self.hidden = load.hidden_fields(self.browser.get(self.path).text)

    def post(self, email: str, **more: str) -> Any:
        names = {"given_name": "Dominique", "family_name": "Martin"}
        return self.browser.post(self.path, data={**self.hidden, **names, "email": email, **more})

    def arrive(self, email: str) -> tuple[int, str]:
        """Status and bytes of where the post leads, without what differs for everybody."""
        answer = self.post(email)
        if answer.status_code != 303:
            return answer.status_code, anonymous(answer.text, email)
        location = answer.headers["Location"]
        page = self.browser.get(location)
        return page.status_code, anonymous(page.text, location.split("/")[-2])


def anonymous(page: str, *own: str) -> str:
    """A page without receipts, keys, tokens and the address that was typed."""
    for text_ in own:
        page = page.replace(text_, "OWN")
    return re.sub(r'(name="(?:csrf_token|idempotency_key)"[^>]*value=")[^"]*', r"\1OWN", page)


def test_whoever_got_the_last_place_keeps_the_receipt_once_the_event_shows_full(
    app: Flask, make_event: Callable[..., Any], now: datetime
) -> None:
    """A full event is told so at sight: neither to whom it answered yes, nor once a place is free."""
    event = make_event(capacity=1)
    last, late = Visitor(app), Visitor(app)
    first = last.post("camille@example.org")
    app.extensions.pop("signup-pages", None)  # the next form is prepared with a page that says full
    again = last.post("camille@example.org")
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]
    assert late.post("late@example.org").status_code == 409
    with transaction():
        db.session.execute(update(Pool).where(Pool.event_id == event.id).values(taken=0))
        db.session.execute(update(Registration).values(state="cancelled"))
    assert late.post("late@example.org").status_code == 303


def test_a_key_sent_again_gives_the_same_receipt_and_with_other_data_is_refused(
    app: Flask, make_event: Callable[..., Any], now: datetime
) -> None:
    make_event(capacity=5)
    visitor = Visitor(app)
    first = visitor.post("camille@example.org")
    again = visitor.post("camille@example.org")
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]
    other = visitor.post("camille@example.org", job_title="juriste")
    assert other.status_code == 422
    assert 'data-refusal="invalid"' in other.text


def test_a_key_sent_again_after_its_event_filled_up_still_gives_the_answer_it_got(
    app: Flask, make_event: Callable[..., Any], now: datetime
) -> None:
    make_event(capacity=1)
    visitor = Visitor(app)
    first = visitor.post("camille@example.org")
    again = visitor.post("camille@example.org")
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])


def _replayed_after_a_day(app: Flask) -> tuple[int, bool]:
    visitor = Visitor(app)
    first = visitor.post("camille@example.org")
    with clock.frozen(NOW + timedelta(hours=23, minutes=59)):
        assert visitor.post("camille@example.org").headers["Location"] == first.headers["Location"]
    with clock.frozen(NOW + timedelta(hours=24)):
        # A fresh page for the anti-forgery token, the old key in it.
        fresh = Visitor(app)
        fresh.hidden["idempotency_key"] = visitor.hidden["idempotency_key"]
        late = fresh.post("camille@example.org")
        found = fresh.browser.get(first.headers["Location"])
    assert found.status_code == 200
    return late.status_code, late.headers.get("Location") == first.headers["Location"]


def test_a_key_replayed_after_a_day_is_a_duplicate_like_any_other(
    app: Flask, make_event: Callable[..., Any], now: datetime
) -> None:
    event = make_event(capacity=5)
    assert _replayed_after_a_day(app) == (303, False)
    people, letters, receipts = _rows(app, event.id)
    assert (len(people), letters, len(receipts)) == (
        1,
        ["already_registered", "confirm_address"],
        2,
    )


def test_mutant_a_key_that_never_dies_is_seen(
    app: Flask, make_event: Callable[..., Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=5)
    mutants.keys_for_ever(monkeypatch.setattr)
    assert _replayed_after_a_day(app) == (303, True)


SITUATIONS = {
    "open": {},
    "full": {"capacity": 1},
    "closed": {"closes_at": NOW - timedelta(hours=1)},
    "not open yet": {"opens_at": NOW + timedelta(hours=1)},
    "open, a person decides": {"approval": "manual"},
    "open, no proof asked": {"confirmation_hours": 0.0},
    "cancelled": {"state": "cancelled"},
}


def _pages(
    app: Flask, make_event: Callable[..., Any], make_registration: Callable[..., Any], values: Any
) -> tuple[tuple[int, str], tuple[int, str]]:
    """What a known and an unknown address see, from forms read while the event was open."""
    event = make_event(capacity=9)
    make_registration(event, "known@example.org")
    known, unknown = Visitor(app), Visitor(app)
    with transaction():
        changed = event_services.locked(event.slug)
        event_services.change(changed, values, actor="operator", now=clock.utc_now())
    return known.arrive("known@example.org"), unknown.arrive("fresh@example.org")


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_stranger_cannot_tell_whether_an_address_is_registered(
    app: Flask,
    make_event: Callable[..., Any],
    make_registration: Callable[..., Any],
    now: datetime,
    situation: str,
) -> None:
    known, unknown = _pages(app, make_event, make_registration, SITUATIONS[situation])
    assert known[0] == unknown[0]
    assert known[1] == unknown[1].replace("fresh@example.org", "known@example.org")


def test_mutant_a_twin_told_apart_when_the_event_is_full_is_seen(
    app: Flask,
    make_event: Callable[..., Any],
    make_registration: Callable[..., Any],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A duplicate that skips the look at the seats: same words when open, told apart when full."""
    mutants.twin_answered_at_once(monkeypatch.setattr)
    known, unknown = _pages(app, make_event, make_registration, SITUATIONS["full"])
    assert (known[0], unknown[0]) == (200, 409)


def test_mutant_a_plain_insert_is_seen(
    app: Flask, make_event: Callable[..., Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=5)
    mutants.no_conflict_clause(monkeypatch.setattr)
    app.config["PROPAGATE_BUGS"] = True
    Visitor(app).post("camille@example.org")
    with pytest.raises(IntegrityError):
        Visitor(app).post("CAMILLE@example.org")


def test_mutant_a_table_without_its_unique_index_is_seen(
    app: Flask, make_event: Callable[..., Any], now: datetime
) -> None:
    event = make_event(capacity=5)
    with app.app_context():
        mutants.no_unique_index()
    try:
        for email in SPELLINGS[:3]:
            Visitor(app).post(email)
        assert len(_rows(app, event.id)[0]) == 3
        assert [finding.check for finding in oracle.broken(app)] == ["twins"]
    finally:
        with app.app_context():
            mutants.unique_index_again()
