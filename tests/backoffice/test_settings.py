"""Settings of an event: dates in its zone, seats, stale pages that lose nothing."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.events import queries
from eventreg.events.models import Event
from eventreg.organisers.models import Organiser
from eventreg.shared.db import db, transaction

PATH = "/organisation/evenements/journee/reglages/"


def actor() -> str:
    """The one organiser of the test, as the trace names them."""
    return f"organiser:{db.session.execute(select(Organiser.id)).scalar_one()}"


def stored() -> Event:
    db.session.rollback()
    db.session.expire_all()
    event = queries.by_slug("journee")
    assert event is not None
    return event


def fields(page: Any) -> dict[str, str]:
    """What a browser would send back if nothing were touched."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]+>", page.text):
        attributes = {k: unescape(v) for k, v in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        kind = attributes.get("type", "text")
        if "name" not in attributes or (kind in {"radio", "checkbox"} and " checked" not in tag):
            continue
        found[attributes["name"]] = attributes.get("value", "")
    for name, text in re.findall(
        r'<textarea[^>]+name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', page.text
    ):
        found[name] = unescape(text)
    return found


def save(client: FlaskClient, **changes: str) -> Any:
    data = fields(client.get(PATH)) | changes
    return client.post(PATH, data={k: v for k, v in data.items() if v is not None})


@pytest.fixture
def owner(organiser_client: Any, make_event: Any) -> FlaskClient:
    make_event(
        "journee",
        capacity=50,
        starts_at=datetime(2027, 3, 14, 8, 0, tzinfo=UTC),
        closes_at=datetime(2027, 3, 10, 17, 0, 0, 123_456, tzinfo=UTC),
    )
    client: FlaskClient = organiser_client()
    return client


def test_saving_an_untouched_form_changes_nothing(owner: FlaskClient) -> None:
    before = {c.key: getattr(stored(), c.key) for c in Event.__table__.columns}
    assert save(owner).status_code == 303
    assert {c.key: getattr(stored(), c.key) for c in Event.__table__.columns} == before


def test_dates_are_read_in_the_zone_of_the_event(owner: FlaskClient) -> None:
    answer = save(
        owner,
        title="Une autre journée",
        closes_at="2027-03-12T18:00",
        opens_at="2027-01-05T09:00:30",
    )
    assert answer.status_code == 303
    event = stored()
    assert event.title == "Une autre journée"
    assert event.closes_at == datetime(2027, 3, 12, 17, 0, tzinfo=UTC)
    assert event.opens_at == datetime(2027, 1, 5, 8, 0, 30, tzinfo=UTC)
    assert event.version == 2
    entry = db.session.execute(
        select(AuditEntry).where(AuditEntry.action == "event_changed")
    ).scalar_one()
    assert sorted(entry.details["keys"]) == ["closes_at", "opens_at", "title"]
    assert entry.actor == actor()


def test_emptied_dates_and_capacity_are_cleared(owner: FlaskClient) -> None:
    assert save(owner, closes_at="", capacity="").status_code == 303
    event = stored()
    assert event.closes_at is None
    assert queries.pool(event.id).capacity is None


def test_an_hour_that_does_not_exist_is_refused_beside_the_field(owner: FlaskClient) -> None:
    answer = save(owner, closes_at="2027-03-28T02:30", starts_at="2027-04-01T09:00")
    assert answer.status_code == 422
    assert answer.text.count("Cette heure n’existe pas ce jour-là") == 2
    assert 'value="2027-03-28T02:30"' in answer.text
    assert "<title>Erreur (1) – Réglages" in answer.text


@pytest.mark.parametrize(
    ("fold", "instant"),
    [
        ("0", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        ("1", datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
    ],
)
def test_an_hour_that_happens_twice_is_asked_for(
    owner: FlaskClient, fold: str, instant: datetime
) -> None:
    dates = {"starts_at": "2027-11-02T09:00", "closes_at": "2027-10-31T02:30"}
    answer = save(owner, **dates)
    assert answer.status_code == 422
    assert answer.text.count('name="closes_at_fold"') == 2
    assert answer.text.count('name="starts_at_fold"') == 0
    assert save(owner, **dates, closes_at_fold=fold).status_code == 303
    assert stored().closes_at == instant
    assert save(owner).status_code == 303
    assert stored().closes_at == instant


def test_every_fault_is_told_at_once_and_nothing_typed_is_lost(owner: FlaskClient) -> None:
    typed = {
        "title": "",
        "capacity": "beaucoup",
        "starts_at": "demain",
        "timezone": "Europe/Nulle-Part",
        "contact_email": "contact@",
        "confirmation_hours": "-1",
        "retention_days": "3",
        "audience_text": "Agents <b>",
    }
    answer = save(owner, **typed)
    assert answer.status_code == 422
    assert "<title>Erreur (7) – Réglages" in answer.text
    sent = fields(answer)
    assert {key: sent[key] for key in typed} == typed
    for key in typed:
        if key != "audience_text":
            assert f'<li><a href="#{key}">' in answer.text
    assert stored().version == 1


def test_dates_that_cannot_go_together_are_refused(owner: FlaskClient) -> None:
    answer = save(owner, opens_at="2027-03-11T09:00")
    assert answer.status_code == 422
    assert '<li><a href="#closes_at">' in answer.text


def test_a_capacity_below_the_places_taken_evicts_nobody(
    owner: FlaskClient, make_registration: Any
) -> None:
    for number in range(3):
        make_registration(stored(), f"p{number}@example.org")
    answer = save(owner, capacity="1")
    assert answer.status_code == 303
    page = owner.get(answer.location)
    assert "2 places sont occupées en plus" in page.text
    pool = queries.pool(stored().id)
    assert (pool.capacity, pool.taken) == (1, 3)
    assert "Dépassement de 2" in owner.get("/organisation/").text


def test_a_stale_page_shows_both_versions_and_loses_nothing(owner: FlaskClient) -> None:
    mine = fields(owner.get(PATH)) | {"title": "Mon <script>titre", "capacity": "60"}
    assert save(owner, title="Leur <i>titre").status_code == 303
    answer = owner.post(PATH, data=mine)
    assert answer.status_code == 409
    assert 'data-refusal="stale"' in answer.text
    for text in ("Mon &lt;script&gt;titre", "Leur &lt;i&gt;titre", "<td>60</td>", "<td>50</td>"):
        assert text in answer.text
    assert "<script>titre" not in answer.text
    assert stored().title == "Leur <i>titre"
    again = fields(answer)
    assert (again["title"], again["capacity"]) == ("Mon <script>titre", "60")
    assert owner.post(PATH, data=again).status_code == 303
    assert stored().title == "Mon <script>titre"
    assert queries.pool(stored().id).capacity == 60


@pytest.mark.parametrize("version", ["", "x", "0", "99", "-1", "9" * 30])
def test_an_altered_version_is_stale(owner: FlaskClient, version: str) -> None:
    assert save(owner, title="Autre", version=version).status_code == 409
    assert stored().version == 1


def test_a_write_that_loses_the_race_after_the_check_is_stale_too(
    owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eventreg.backoffice.routes import settings  # noqa: PLC0415
    from eventreg.events import services  # noqa: PLC0415

    real = services.locked

    def slow(slug: str) -> Event:
        event = real(slug)
        event.version += 1  # somebody wrote while we waited for the lock
        return event

    monkeypatch.setattr(settings.services, "locked", slow)
    assert save(owner, title="Autre").status_code == 409


def test_a_written_hour_is_shown_from_then_on(owner: FlaskClient) -> None:
    with transaction():
        event = queries.by_slug("journee")
        assert event is not None
        event.day_only = True
    assert save(owner, starts_at="2027-03-14T10:00").status_code == 303
    assert stored().day_only is False
