"""The agenda: what is coming first, what is over below, filters, pages, feeds."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import insert, text

from eventreg.agenda.queries import SHOWN
from eventreg.events.models import Event, EventIndex, Pool
from eventreg.shared.db import db, is_sqlite, transaction
from tests.agenda.conftest import NOW

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MakeEvent = Callable[..., Event]
pytestmark = pytest.mark.usefixtures("at_once_in_january")


def cards(client: FlaskClient, path: str = "/agenda/") -> list[str]:
    """The events shown, in order; a heading stands between the coming and the past."""
    page = client.get(path).text
    found = re.findall(
        r'href="/agenda/([\w-]+)/"|(past|pass\w+)</h2>', re.sub(r"&#?\w+;", "", page)
    )
    return [slug or "--" for slug, _heading in found]


def heading(client: FlaskClient, path: str = "/agenda/") -> list[str]:
    return re.findall(r'<h2 class="fr-h4">([^<]+)</h2>', client.get(path).text)


def title(client: FlaskClient, path: str) -> str:
    return re.findall(r"<title>(.*?)</title>", client.get(path).text, re.DOTALL)[0].strip()


def test_coming_events_are_first_and_the_past_below_latest_first(
    client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event("apres-demain", starts_at=NOW + 2 * DAY)
    make_event("demain", starts_at=NOW + DAY)
    make_event("en-cours", starts_at=NOW - 2 * DAY, ends_at=NOW + HOUR)
    make_event("ce-matin-sans-fin", starts_at=NOW - HOUR)
    make_event("finit-maintenant", starts_at=NOW - 3 * HOUR, ends_at=NOW)
    make_event("hier", starts_at=NOW - DAY)
    make_event("mois-dernier", starts_at=NOW - 30 * DAY, ends_at=NOW - 29 * DAY)
    make_event("annule", starts_at=NOW + 3 * DAY, state="cancelled")
    make_event("archive", starts_at=NOW + 4 * DAY, state="archived")
    make_event("brouillon", starts_at=NOW + DAY, state="draft")
    midnight = datetime(2027, 1, 3, 23, 0, tzinfo=UTC)
    make_event("journee-sans-heure", starts_at=midnight, day_only=True)
    assert cards(client) == [
        *(
            "en-cours",
            "journee-sans-heure",
            "ce-matin-sans-fin",
            "demain",
            "apres-demain",
            "annule",
        ),
        "--",
        *("archive", "finit-maintenant", "hier", "mois-dernier"),
    ]
    assert heading(client) == ["6 événements à venir", "4 événements passés"]


def test_home_and_agenda_are_one_page(client: FlaskClient, make_event: MakeEvent) -> None:
    make_event("demain", starts_at=NOW + DAY)
    assert cards(client, "/") == cards(client, "/agenda/") == ["demain"]


def test_pages_hold_twelve_events_and_none_is_lost_between_them(
    client: FlaskClient, make_event: MakeEvent
) -> None:
    for number in range(14):
        make_event(f"a{number:02d}", starts_at=NOW + DAY + number * HOUR)
    for number in range(12):
        make_event(f"p{number:02d}", starts_at=NOW - 2 * DAY - number * HOUR)
    shown = [cards(client, f"/agenda/?page={page}") for page in (1, 2, 3)]
    assert shown == [
        [f"a{n:02d}" for n in range(12)],
        ["a12", "a13", "--", *(f"p{n:02d}" for n in range(10))],
        ["--", "p10", "p11"],
    ]
    beyond = client.get("/agenda/?page=9&q=")
    assert (beyond.status_code, beyond.headers["Location"]) == (302, "/agenda/")


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("q=guichet", ["salon", "atelier"]),
        ("q=GUICHET+ouvert", ["salon"]),
        ("q=100%25", ["atelier"]),
        ("q=_", []),
        ("q=été", ["ete"]),
        ("type=Salon", ["salon"]),
        ("participation=en-ligne", ["atelier", "ete"]),
        ("participation=sur-place", ["salon", "atelier"]),
        ("participation=en-ligne&type=Atelier&q=guichet", ["atelier"]),
    ],
)
def test_filters_keep_what_was_asked(
    client: FlaskClient, make_event: MakeEvent, query: str, slugs: list[str]
) -> None:
    make_event("salon", title="Le guichet ouvert", kind="Salon", starts_at=NOW + DAY, city="Lyon")
    make_event(
        "atelier",
        title="Atelier",
        lead="Un guichet 100% refait",
        kind="Atelier",
        starts_at=NOW + 2 * DAY,
        online=True,
        address="1 rue du Port",
    )
    make_event("ete", title="Été des données", kind="Cours", starts_at=NOW + 3 * DAY, online=True)
    assert cards(client, f"/agenda/?{query}") == slugs


def test_the_count_comes_first_in_the_title_when_filtered(
    client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event("salon", title="Le salon", starts_at=NOW + DAY)
    titles = [title(client, f"/agenda/?q={word}") for word in ("salon", "rien")]
    assert titles == [
        "1 événement trouvé – «\xa0salon\xa0» – Agenda – Événements du numérique",
        "0 événement trouvé – «\xa0rien\xa0» – Agenda – Événements du numérique",
    ]
    assert title(client, "/agenda/") == "Agenda – Événements du numérique"


def test_an_empty_result_says_what_to_do(client: FlaskClient, make_event: MakeEvent) -> None:
    make_event("salon", starts_at=NOW + DAY)
    page = client.get("/agenda/?q=rien").text
    assert "Aucun événement ne correspond à votre recherche" in page
    assert 'href="/agenda/"' in page


def test_an_empty_site_says_that_events_will_come(client: FlaskClient) -> None:
    assert "Aucun événement pour le moment" in client.get("/").text


@pytest.mark.parametrize("count", [1, 3])
def test_more_events_ask_the_database_no_more(
    client: FlaskClient, make_event: MakeEvent, count_queries: Callable[[], Any], count: int
) -> None:
    for number in range(count):
        make_event(f"e{number}", starts_at=NOW + DAY)
        make_event(f"p{number}", starts_at=NOW - 2 * DAY)
    with count_queries() as asked:
        shown = cards(client)
    assert len(shown) == 2 * count + 1
    assert len([s for s in asked if "SELECT" in s[:8]]) == 3


def ten_thousand() -> None:
    """Events an hour apart, half of them over; every tenth speaks of accessibility."""
    numbers = range(1, 10_001)
    events = [
        {
            "id": number,
            "slug": f"e{number}",
            "state": "published",
            "title": "Événement",
            "starts_at": NOW + (number - 5000) * HOUR,
            "created_at": NOW,
            "updated_at": NOW,
            "version": 1,
        }
        for number in numbers
    ]
    index = [
        {
            "event_id": number,
            "kind": ("fair", "workshop", "webinar")[number % 3],
            "themes": "|data|design|" if number % 2 else "|",
            "town_key": "lyon" if number % 5 else "",
            "town": "Lyon" if number % 5 else "",
            "online": number % 3 == 0,
            "on_site": True,
            "audience": "anyone",
            "month": f"{NOW + (number - 5000) * HOUR:%Y-%m}",
            "words": "accessibilite " * (number % 10 == 0) + "programme " * 200,
        }
        for number in numbers
    ]
    with transaction() as session:
        session.execute(insert(Event), events)
        session.execute(insert(EventIndex), index)
        session.execute(insert(Pool), [{"event_id": number, "taken": 0} for number in numbers])


def test_ten_thousand_events_are_read_through_indexes(
    client: FlaskClient, ctx: None, count_queries: Callable[[], Any]
) -> None:
    ten_thousand()
    assert heading(client) == ["5011 événements à venir"]  # 11 of them began today
    assert len(cards(client, "/agenda/?page=800")) == 1 + 12
    for query in ("q=accessibilite&type=salon", "lieu=lyon&theme=donnees&mois=2027-02", "q=rien"):
        with count_queries() as asked:
            client.get(f"/agenda/?{query}&participation=")
        assert len([s for s in asked if s.startswith("SELECT")]) <= 3, query
    if is_sqlite():  # PostgreSQL chooses by the size of the table
        (look,) = {s for s in asked if "sum(events.version)" in s}
        plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {_with_states(look)}")).all()
        assert "USING COVERING INDEX ix_events_shown" in plan[0].detail


def _with_states(statement: str) -> str:
    for value in ("0", "0", *(f"'{state}'" for state in SHOWN)):
        statement = statement.replace("?", value, 1)
    return statement


def events_of(client: FlaskClient, path: str) -> list[Any]:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (200, "text/calendar")
    return list(Calendar.from_ical(response.data).walk("VEVENT"))


def test_the_calendar_file_of_an_event_keeps_its_identity(
    app: Flask, client: FlaskClient, make_event: MakeEvent
) -> None:
    made = make_event(
        "salon",
        title="Salon ; place, et marché",
        starts_at=NOW + DAY,
        ends_at=NOW + DAY + HOUR,
        venue="Halle des Forges",
        city="Paris",
    )
    (before,) = events_of(client, "/agenda/salon.ics")
    with transaction() as session:
        found = session.get(Event, made.id)
        assert found is not None
        found.title, found.version = "Salon", found.version + 1
    (after,) = events_of(client, "/agenda/salon.ics")
    assert before["UID"] == after["UID"] == f"evenement-{made.id}@localhost"
    assert (before["SUMMARY"], after["SUMMARY"]) == ("Salon ; place, et marché", "Salon")
    assert (before["DTSTART"].dt, before["DTEND"].dt) == (NOW + DAY, NOW + DAY + HOUR)
    assert (before["LOCATION"], before["URL"]) == (
        "Halle des Forges, Paris",
        "http://localhost/agenda/salon/",
    )
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_a_day_without_an_hour_is_a_whole_day_in_calendars(
    client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event("jour", starts_at=datetime(2027, 3, 27, 23, 0, tzinfo=UTC), day_only=True)
    (entry,) = events_of(client, "/agenda/jour.ics")
    assert (entry["DTSTART"].dt, entry["DTEND"].dt) == (date(2027, 3, 28), date(2027, 3, 29))


def test_the_calendar_of_the_agenda_holds_what_is_coming(
    client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event("demain", title="Demain", starts_at=NOW + DAY)
    make_event("annule", title="Annulé", starts_at=NOW + 2 * DAY, state="cancelled")
    make_event("hier", title="Hier", starts_at=NOW - DAY)
    make_event("brouillon", title="Brouillon", starts_at=NOW + DAY, state="draft")
    found = [(entry["SUMMARY"], entry["STATUS"]) for entry in events_of(client, "/agenda.ics")]
    assert found == [("Demain", "CONFIRMED"), ("Annulé", "CANCELLED")]


PAGES = (
    "accessibilite",
    "mentions-legales",
    "donnees-personnelles",
    "plan-du-site",
    "gestion-des-cookies",
    "ecoconception",
    "aide",
)


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_the_state_owes_exist_in_both_languages(client: FlaskClient, name: str) -> None:
    french, english = client.get(f"/{name}/"), client.get(f"/en/{name}/")
    assert (french.status_code, english.status_code) == (200, 200)
    assert ('<html lang="fr"' in french.text, '<html lang="en"' in english.text) == (True, True)
    assert "Set-Cookie" not in french.headers
