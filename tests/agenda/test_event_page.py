"""The event page in each of its states, in both languages."""

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from eventreg.events import services
from eventreg.events.models import Event, ProgrammeSession
from eventreg.shared import clock
from eventreg.shared.db import transaction

OPENS = datetime(2027, 1, 4, 8, 0, tzinfo=UTC)
CLOSES = datetime(2027, 1, 12, 17, 0, tzinfo=UTC)
STARTS = datetime(2027, 1, 14, 8, 0, tzinfo=UTC)
ENDS = datetime(2027, 1, 14, 16, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MakeEvent = Callable[..., Event]


@pytest.fixture(autouse=True)
def _checked_each_time(app: Flask) -> Iterator[None]:
    """Pages are checked at each view: these tests are about words, not about the cache."""
    cache = app.extensions["pagecache"]
    before, cache.interval = cache.interval, 0
    yield
    cache.interval = before


@pytest.fixture
def event(make_event: MakeEvent) -> Event:
    with clock.frozen(OPENS - timedelta(days=3)):
        return make_event(
            "journee",
            title="Journée des guichets",
            starts_at=STARTS,
            ends_at=ENDS,
            opens_at=OPENS,
            closes_at=CLOSES,
            capacity=30,
            lead="Une journée pour comparer nos guichets.",
            kind="Conférence",
            venue="Halle des Forges",
            city="Paris",
            address="12 rue du Canal, 75019 Paris",
        )


def seen(client: FlaskClient, path: str = "/agenda/journee/", *, at: datetime) -> dict[str, Any]:
    """What programs and people find on the page at an instant; spaces are plain ones."""
    with clock.frozen(at):
        response = client.get(path)
    assert response.status_code == 200, response.text
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.text))
    return {
        "signups": re.findall(r'<main[^>]* data-signups="(\w+)"', response.text),
        "refusal": re.findall(r'data-refusal="(\w+)"', response.text),
        "form": 'href="/agenda/journee/inscription/"' in response.text,
        "text": " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()),
        "html": response.text,
    }


UNTIL = "Inscriptions jusqu'au mardi 12 janvier 2027 à 18 h (heure de Paris)"
SINCE = "Les inscriptions sont closes depuis le mardi 12 janvier 2027 à 18 h (heure de Paris)."


@pytest.mark.parametrize(
    ("at", "signups", "refusal", "sentence"),
    [
        (
            OPENS - SECOND,
            "not_open",
            ["not_open"],
            "Les inscriptions ouvriront le lundi 4 janvier 2027 à 9 h (heure de Paris).",
        ),
        (OPENS, "open", [], UNTIL),
        (CLOSES - timedelta(microseconds=1), "open", [], UNTIL),
        (CLOSES, "closed", ["closed"], SINCE),
        (CLOSES + timedelta(days=1), "closed", ["closed"], SINCE),
        (ENDS, "closed", ["closed"], "Cet événement est terminé."),
    ],
    ids=["before", "opening", "last instant", "on the instant", "after", "over"],
)
def test_the_page_says_what_may_be_done_at_each_instant(
    client: FlaskClient,
    event: Event,
    at: datetime,
    signups: str,
    refusal: list[str],
    sentence: str,
) -> None:
    page = seen(client, at=at)
    assert (page["signups"], page["refusal"], page["form"]) == (
        [signups],
        refusal,
        signups == "open",
    )
    assert sentence in page["text"]


def test_a_full_event_says_so_and_offers_no_form(
    client: FlaskClient, event: Event, make_registration: Callable[..., Any]
) -> None:
    with clock.frozen(OPENS), transaction():
        services.change(event, {"capacity": 1}, actor="operator", now=OPENS)
    with clock.frozen(OPENS):
        make_registration(event)
    page = seen(client, at=OPENS)
    assert (page["signups"], page["refusal"], page["form"]) == (["full"], ["full"], False)
    assert "Toutes les places sont prises." in page["text"]


def test_the_places_left_are_counted(
    client: FlaskClient, event: Event, make_registration: Callable[..., Any]
) -> None:
    with clock.frozen(OPENS):
        make_registration(event)
    assert "29 places restantes (sur 30)" in seen(client, at=OPENS)["text"]


def test_an_external_event_names_the_other_site(client: FlaskClient, make_event: MakeEvent) -> None:
    with clock.frozen(OPENS):
        make_event(
            "journee",
            starts_at=STARTS,
            registration_mode="external",
            external_url="https://www.billets.example.org/salon?a=1&b=2",
        )
    page = seen(client, at=OPENS)
    assert (page["signups"], page["refusal"], page["form"]) == (["external"], [], False)
    assert "L'inscription se fait sur un autre site : billets.example.org." in page["text"]
    links = re.findall(r'href="(https://www\.billets[^"]*)"', page["html"])
    assert {html.unescape(link) for link in links} == {
        "https://www.billets.example.org/salon?a=1&b=2"
    }


def test_an_event_without_sign_up_says_so(client: FlaskClient, make_event: MakeEvent) -> None:
    with clock.frozen(OPENS):
        make_event("journee", starts_at=STARTS, registration_mode="none")
    page = seen(client, at=OPENS)
    assert (page["signups"], page["refusal"], page["form"]) == (["none"], [], False)
    assert "Aucune inscription n'est demandée sur ce site." in page["text"]


def test_a_cancelled_event_is_shown_as_cancelled(client: FlaskClient, event: Event) -> None:
    with clock.frozen(OPENS), transaction():
        services.set_state(event, "cancelled", actor="operator", now=OPENS)
    page = seen(client, at=OPENS)
    assert (page["signups"], page["refusal"], page["form"]) == (["closed"], ["closed"], False)
    assert "cet événement est annulé" in page["text"]
    assert "EventCancelled" in page["html"]


@pytest.mark.parametrize("path", ["/agenda/journee/", "/en/agenda/journee/", "/agenda/journee.ics"])
def test_a_draft_looks_like_an_event_that_does_not_exist(
    client: FlaskClient, event: Event, path: str
) -> None:
    with clock.frozen(OPENS), transaction():
        services.set_state(event, "draft", actor="operator", now=OPENS)
    with clock.frozen(OPENS):
        draft, missing = client.get(path), client.get(path.replace("journee", "rien"))
    assert (draft.status_code, missing.status_code) == (404, 404)
    assert draft.text.replace("journee", "rien") == missing.text


def test_the_english_page_states_the_same_facts(client: FlaskClient, event: Event) -> None:
    french = seen(client, at=OPENS)
    english = seen(client, "/en/agenda/journee/", at=OPENS)
    wanted = "Sign-ups until Tuesday 12 January 2027 at 6 pm (Paris time)"
    assert wanted in english["text"]
    assert "Open to all" in english["text"]
    assert '<h1 lang="fr">Journée des guichets</h1>' in english["html"]
    assert '<html lang="en"' in english["html"]

    def numbers(page: dict[str, Any]) -> list[str]:
        return re.findall(r"\d+ (?:places?|janvier|January) ?(?:\d{4})?", page["text"])

    assert [
        n.replace("January", "janvier").replace("place ", "places ") for n in numbers(english)
    ] == [n.replace("place ", "places ") for n in numbers(french)]
    assert _json_ld(french["html"])["startDate"] == _json_ld(english["html"])["startDate"]


def _json_ld(page: str) -> dict[str, Any]:
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert block
    found: dict[str, Any] = json.loads(block[1])
    return found


def test_the_event_is_described_for_programs(client: FlaskClient, event: Event) -> None:
    block = _json_ld(seen(client, at=OPENS)["html"])
    assert {key: block[key] for key in ("@type", "name", "startDate", "endDate", "location")} == {
        "@type": "Event",
        "name": "Journée des guichets",
        "startDate": "2027-01-14T09:00:00+01:00",
        "endDate": "2027-01-14T17:30:00+01:00",
        "location": [
            {
                "@type": "Place",
                "name": "Halle des Forges",
                "address": {
                    "@type": "PostalAddress",
                    "streetAddress": "12 rue du Canal, 75019 Paris",
                    "addressLocality": "Paris",
                    "addressCountry": "FR",
                },
            }
        ],
    }


def test_each_language_names_its_own_address_and_the_other(
    client: FlaskClient, event: Event
) -> None:
    heads = {
        path: re.findall(
            r'<link rel="(canonical|alternate)" (?:hreflang="(\w+)" )?href="([^"]+)"',
            seen(client, path, at=OPENS)["html"],
        )
        for path in ("/agenda/journee/", "/en/agenda/journee/")
    }
    mirrors = [
        ("alternate", "fr", "http://localhost/agenda/journee/"),
        ("alternate", "en", "http://localhost/en/agenda/journee/"),
    ]
    assert heads == {
        "/agenda/journee/": [("canonical", "", "http://localhost/agenda/journee/"), *mirrors],
        "/en/agenda/journee/": [("canonical", "", "http://localhost/en/agenda/journee/"), *mirrors],
    }


class Tags(HTMLParser):
    """Elements that would run or load something that we did not put there."""

    def __init__(self) -> None:
        super().__init__()
        self.suspect: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inline = (
            tag == "script" and "src" not in given and given.get("type") != "application/ld+json"
        )
        active = [name for name in given if name.startswith("on") or name == "style"]
        links = [str(given.get(name) or "") for name in ("href", "src", "action")]
        if inline or active or tag in ("img", "iframe", "object"):
            self.suspect.append(str(self.get_starttag_text()))
        if any(link.lower().startswith(("javascript:", "data:")) for link in links):
            self.suspect.append(str(self.get_starttag_text()))


HOSTILE = "\"><script>alert('x')</script>{{ 7*7 }}<img src=x onerror=alert(1)>"


def test_hostile_words_in_any_field_are_shown_as_words(
    client: FlaskClient, make_event: MakeEvent
) -> None:
    with clock.frozen(OPENS):
        made = make_event(
            "journee",
            title=HOSTILE,
            lead=HOSTILE,
            kind=HOSTILE[:80],
            starts_at=STARTS,
            venue=HOSTILE,
            address=HOSTILE,
            city=HOSTILE,
            audience_text=HOSTILE,
            contact_email="javascript:alert(1)",
            contact_name=HOSTILE,
            lead_html=f"<p>{HOSTILE}</p>",
            body_html=f"<p onclick='x'>{HOSTILE}</p>",
            info_fields=[{"label": HOSTILE, "value": HOSTILE, "link": HOSTILE}],
            videos=[{"provider": HOSTILE, "id": HOSTILE, "url": HOSTILE}],
            files=[HOSTILE],
            press_contacts=[
                {"name": "Camille Presse", "phones": ["0199001234"], "email": "p@a.fr"}
            ],
            registration_mode="external",
            external_url="javascript:alert(1)",
        )
        with transaction() as session:
            session.add(
                ProgrammeSession(
                    event_id=made.id,
                    position=0,
                    day=date(2027, 1, 14),
                    starts_at=STARTS,
                    track=HOSTILE,
                    title=HOSTILE,
                    organisations_text=HOSTILE,
                    description=HOSTILE,
                    speakers=[HOSTILE],
                    items=[{"title": HOSTILE, "speakers": [HOSTILE], "guest": HOSTILE}],
                )
            )
    for path in ("/agenda/journee/", "/en/agenda/journee/", "/", "/agenda/?q=%22%3E%3Cscript%3E"):
        with clock.frozen(OPENS):
            page = client.get(path).text
        tags = Tags()
        tags.feed(page)
        assert tags.suspect == []
        assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)[0]
    assert _json_ld(client.get("/agenda/journee/").text)["name"] == HOSTILE


def test_journalists_find_whom_to_call(client: FlaskClient, make_event: MakeEvent) -> None:
    with clock.frozen(OPENS):
        make_event(
            "journee",
            starts_at=STARTS,
            press_contacts=[
                {
                    "name": "Sacha Presse",
                    "phones": ["01 99 00 12 34"],
                    "email": "presse@example.org",
                },
                {"name": "", "phones": [], "email": "javascript:alert(1)"},
            ],
        )
    page = seen(client, at=OPENS)["html"]
    assert 'Sacha Presse, <a href="tel:0199001234">01 99 00 12 34</a>' in page
    assert 'href="mailto:presse@example.org"' in page
    assert "javascript:" not in page


@pytest.mark.parametrize("sessions", [1, 3])
def test_a_longer_programme_asks_the_database_no_more(
    app: Flask, client: FlaskClient, event: Event, count_queries: Callable[[], Any], sessions: int
) -> None:
    with transaction() as session:
        session.add_all(
            ProgrammeSession(event_id=event.id, position=n, title=f"Session {n}")
            for n in range(sessions)
        )
    app.extensions["pagecache"].clear()
    with count_queries() as asked:
        page = seen(client, at=OPENS)
    assert page["text"].count("Session ") == sessions
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 5
