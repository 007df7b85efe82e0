"""The queue of requests: why, one or several decided at once, a domain for the event."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.eligibility import queries as eligibility_queries
from eventreg.eligibility import services as eligibility
from eventreg.events import queries as events
from eventreg.mailing.models import OutboxMessage
from eventreg.registration.models import Registration
from eventreg.shared.db import db

BASE = "/organisation/evenements/journee/"
QUEUE = BASE + "demandes/"
pytestmark = pytest.mark.usefixtures("registry_read_again")
REVIEW = {
    "state": "pending",
    "cleared": False,
    "eligibility_outcome": "review",
    "eligibility_reason": "unknown_domain_public_marker",
    "eligibility_rule": "8.public_marker",
    "eligibility_method": "email",
}


@pytest.fixture
def people(make_event: Callable, make_registration: Callable) -> list[str]:
    event = make_event("journee", audience="public_agents", capacity=2)
    return [
        make_registration(event, f"nom{n}@mairie-bourg.example", **REVIEW).public_id
        for n in range(3)
    ]


def token(page: Any) -> str:
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


def post(client: FlaskClient, path: str, **data: Any) -> Any:
    return client.post(path, data={"csrf_token": token(client.get(QUEUE))} | data)


def states() -> list[str]:
    db.session.rollback()
    db.session.expire_all()
    return [
        r.state
        for r in db.session.execute(select(Registration).order_by(Registration.id)).scalars()
    ]


def letters() -> list[str]:
    return sorted(db.session.execute(select(OutboxMessage.kind)).scalars())


def test_several_are_accepted_at_once_as_far_as_places_go(
    people: list[str], organiser_client: Callable
) -> None:
    owner = organiser_client()
    page = unescape(owner.get(QUEUE).text)
    assert page.count("8.public_marker (unknown_domain_public_marker)") == 3
    answer = post(owner, QUEUE, act="accepter", qui=[*people, "unknown"])
    assert answer.status_code == 303
    assert states() == ["confirmed", "confirmed", "pending"], "two places, two people"
    assert letters().count("accepted") == 2
    row = db.session.execute(select(Registration).order_by(Registration.id)).scalars().first()
    assert row.eligibility_by.startswith("organiser:")
    said = owner.get(QUEUE).text.replace("\u00a0", " ")
    assert "2 demandes acceptées" in said
    assert "fr-alert--warning" in said, "whoever was left is told"


def test_a_refusal_of_several_needs_a_reason_that_each_reads(
    people: list[str], organiser_client: Callable
) -> None:
    owner = organiser_client()
    for data in (
        {"act": "refuser", "qui": people[:2]},
        {"act": "accepter"},
        {"act": "x", "qui": people, "reason": "x"},
    ):
        assert post(owner, QUEUE, **data).status_code == 422, data
    kept = post(owner, QUEUE, act="refuser", qui=people[:2]).text
    assert kept.count(" checked") == 2, "the choice is kept"
    assert states() == ["pending"] * 3
    assert post(owner, QUEUE, act="refuser", qui=people[:2], reason="Complet").status_code == 303
    assert states() == ["rejected", "rejected", "pending"]
    bodies = db.session.execute(
        select(OutboxMessage.text).where(OutboxMessage.kind == "rejected")
    ).scalars()
    assert all("Complet" in body for body in bodies)


def test_a_domain_is_accepted_for_this_event_from_a_request(
    people: list[str], organiser_client: Callable, make_registration: Callable
) -> None:
    owner = organiser_client()
    path = f"{BASE}inscriptions/{people[0]}/domaine/accepter/"
    assert post(owner, path).status_code == 303
    event = events.by_slug("journee")
    db.session.rollback()
    db.session.refresh(event)
    assert states() == ["pending"] * 3, "nobody is decided by it"
    facts = {"audience": event.audience, "policy": event.policy, "event_id": event.id}
    assert eligibility.decide("x@mairie-bourg.example", **facts).reason == "event_allowed"
    refused = f"{BASE}inscriptions/{people[0]}/domaine/refuser/"
    assert post(owner, refused).status_code == 303
    db.session.rollback()
    assert eligibility.decide("x@mairie-bourg.example", **facts).reason == "event_refused"
    mailbox = make_registration(event, "mairie@orange.fr", **REVIEW)
    assert "domaine/accepter" not in owner.get(f"{BASE}inscriptions/{mailbox.public_id}/").text
    post(owner, f"{BASE}inscriptions/{mailbox.public_id}/domaine/accepter/")
    db.session.rollback()
    assert list(eligibility_queries.list_entries(event.id, "accepted")) == []


def test_readers_have_no_queue(people: list[str], organiser_client: Callable) -> None:
    reader = organiser_client(email="lecteur@example.org", role="reader")
    assert reader.get(QUEUE).status_code == 403
    page = reader.get(f"{BASE}inscriptions/{people[0]}/")
    assert (page.status_code, "domaine/accepter" in page.text) == (200, False)
