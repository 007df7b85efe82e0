"""Before an organiser moves or cancels an event, the page says how many people will be told."""

import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from eventreg.events import queries, services
from eventreg.events.models import Notice
from eventreg.shared.db import db, transaction
from tests.backoffice.test_settings import fields

EVENT = "/organisation/evenements/journee/"


def notices() -> list[tuple[str, str]]:
    db.session.rollback()
    return [(n.kind, n.after["place"]) for n in db.session.query(Notice).order_by(Notice.id)]


def stored() -> Any:
    db.session.rollback()
    db.session.expire_all()
    return queries.by_slug("journee")


@pytest.fixture
def owner(now: Any, organiser_client: Any, make_event: Any, make_registration: Any) -> FlaskClient:
    event = make_event("journee", capacity=50, venue="Lieu A", starts_at=now + timedelta(days=9))
    make_registration(event, "a@example.org")
    make_registration(event, "b@example.org", state="pending")
    make_registration(event, "c@example.org", state="cancelled")
    client: FlaskClient = organiser_client()
    return client


def post(client: FlaskClient, page: Any, **changes: str) -> Any:
    return client.post(f"{EVENT}reglages/", data=fields(page) | changes)


def test_a_move_is_shown_with_its_number_of_people_before_it_is_saved(owner: FlaskClient) -> None:
    first = post(owner, owner.get(f"{EVENT}reglages/"), venue="Lieu B")
    assert first.status_code == 200
    assert "2 personnes seront prévenues" in first.text
    assert "Lieu A" in first.text
    assert "Enregistrer et prévenir 2" in first.text
    assert stored().venue == "Lieu A"
    second = post(owner, first)
    assert second.status_code == 303
    assert stored().venue == "Lieu B"
    assert notices() == [("moved", "Lieu B")]


def test_another_move_than_the_one_shown_is_shown_first(owner: FlaskClient) -> None:
    first = post(owner, owner.get(f"{EVENT}reglages/"), venue="Lieu B")
    second = post(owner, first, venue="Lieu C")
    assert (second.status_code, notices()) == (200, [])
    assert "Lieu C" in second.text


def test_a_typo_is_corrected_in_silence(owner: FlaskClient) -> None:
    first = post(owner, owner.get(f"{EVENT}reglages/"), venue="Lieu B")
    assert post(owner, first, quiet="y").status_code == 303
    assert (stored().venue, notices()) == ("Lieu B", [])


def test_what_is_no_move_or_concerns_nobody_is_saved_at_once(
    owner: FlaskClient, make_event: Any
) -> None:
    page = owner.get(f"{EVENT}reglages/")
    assert post(owner, page, title="Autre titre", capacity="60").status_code == 303
    make_event("vide", venue="A")
    other = owner.get("/organisation/evenements/vide/reglages/")
    data = fields(other) | {"venue": "B"}
    assert owner.post("/organisation/evenements/vide/reglages/", data=data).status_code == 303


def test_cancelling_says_how_many_are_told_and_takes_a_message(owner: FlaskClient) -> None:
    page = owner.get(f"{EVENT}annuler/")
    assert "2 personnes inscrites sont prévenues" in page.text
    too_long = fields(page) | {"message": "é" * 2_001}
    refused = owner.post(f"{EVENT}annuler/", data=too_long)
    assert (refused.status_code, stored().state) == (422, "published")
    done = owner.post(f"{EVENT}annuler/", data=fields(page) | {"message": "Grève."})
    assert done.status_code == 303
    assert (stored().state, stored().state_message) == ("cancelled", "Grève.")
    assert notices() == [("cancelled", "Lieu A")]


def test_cancelling_can_write_to_nobody(owner: FlaskClient) -> None:
    page = owner.get(f"{EVENT}annuler/")
    owner.post(f"{EVENT}annuler/", data=fields(page) | {"quiet": "y"})
    assert (stored().state, notices()) == ("cancelled", [])


DOCUMENT = (
    "---\ntitle: Journée\nevent_start_date: 2027-03-01 09:00:00 +01:00\nlieu: {place}\n"
    "date: 2026-12-01 09:00:00 +01:00\n---\n\nTexte.\n"
)


def upload(client: FlaskClient, place: str) -> Any:
    page = client.get("/organisation/importer/")
    raw = DOCUMENT.format(place=place).encode()
    file = (io.BytesIO(raw), "journee.md")
    return client.post("/organisation/importer/", data=fields(page) | {"document": file})


def confirm(client: FlaskClient, report: Any, **more: str) -> Any:
    return client.post("/organisation/importer/confirmer/", data=fields(report) | more)


def test_a_document_that_moves_an_event_says_whom_it_concerns(
    now: Any, organiser_client: Any, make_registration: Any
) -> None:
    client = organiser_client()
    first = upload(client, "Lieu A")
    assert "prévenue" not in first.text
    assert confirm(client, first).status_code == 303
    with transaction():
        event = services.locked("journee")
        services.publish(event, actor="operator", now=now)
    make_registration(event)
    report = upload(client, "Lieu B")
    assert "1 personne sera prévenue" in report.text
    assert notices() == []
    assert confirm(client, report).status_code == 303
    assert notices() == [("moved", "Lieu B")]
    assert confirm(client, upload(client, "Lieu C"), quiet="y").status_code == 303
    assert (stored().venue, len(notices())) == ("Lieu C", 1)
