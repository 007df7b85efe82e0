"""The sample events: what a newcomer sees after `make run`."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from eventreg.demo import loading
from eventreg.demo.rules import fill_dates
from eventreg.events import queries as events
from eventreg.events.jekyll import parse
from eventreg.events.models import Event, Notice
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings
from eventreg.organisers import queries as organisers
from eventreg.questionnaire.models import AccessNeeds
from eventreg.registration import queries as registrations
from eventreg.registration.models import Registration
from eventreg.registration.rules import SignupState, signup_state
from eventreg.shared import clock
from eventreg.shared.db import db

DATES = [
    datetime(2026, 11, 25, 12, 0, tzinfo=UTC),
    datetime(2027, 2, 28, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 0, 30, tzinfo=UTC),
    datetime(2027, 3, 27, 12, 0, tzinfo=UTC),
]
STATES = {
    "atelier-formulaires-clairs": SignupState.OPEN,
    "atelier-prototyper-en-un-jour": SignupState.WAITING_LIST,
    "conference-dire-simplement": SignupState.OPEN,
    "formation-premiers-pas-accessibilite": SignupState.FULL,
    "hackathon-mobilites-durables": SignupState.CLOSED,
    "journee-donnees-ouvertes": SignupState.NOT_OPEN,
    "journees-accueil-en-ligne": SignupState.OPEN,
    "lancement-plan-services-simples": SignupState.OPEN,
    "pavillon-innovation-publique": SignupState.EXTERNAL,
    "rencontre-communs-numeriques": SignupState.CLOSED,
    "residence-design-en-mairie": SignupState.OPEN,
    "seminaire-archives-numeriques": SignupState.NONE,
    "visite-atelier-de-numerisation": SignupState.CLOSED,
    "webinaire-sobriete-des-sites": SignupState.OPEN,
}


@pytest.mark.parametrize("now", DATES, ids=lambda now: str(now.date()))
def test_the_samples_show_every_state_of_sign_ups_on_any_day(
    app: Flask, ctx: None, now: datetime
) -> None:
    created = _loaded(now)
    found = {}
    for slug in created:
        facts = registrations.signup_facts(slug)
        assert facts is not None
        found[slug] = signup_state(facts, now)
    assert found == STATES


def _loaded(now: datetime) -> list[str]:
    with clock.frozen(now):
        return loading.load(now)


def test_the_people_of_the_samples_are_in_every_state_and_their_counters_agree(
    app: Flask, ctx: None
) -> None:
    """Whoever tries the service finds a line, an offer, requests, answers, a move to tell of."""
    _loaded(DATES[0])
    assert [found for found in all_findings(DATES[0]) if not found.ok] == []
    query = select(Event.slug, Registration.state).where(Registration.event_id == Event.id)
    counted = Counter((slug, state) for slug, state in db.session.execute(query))
    line, asked, form = (
        {state: number for (slug, state), number in counted.items() if slug == wanted}
        for wanted in (
            "atelier-prototyper-en-un-jour",
            "residence-design-en-mairie",
            "journees-accueil-en-ligne",
        )
    )
    assert line == {"confirmed": 11, "cancelled": 1, "offered": 1, "waiting": 4}
    assert asked == {"confirmed": 1, "rejected": 1, "pending": 3}
    assert form == {"confirmed": 9, "unconfirmed": 2, "waiting": 1}
    assert db.session.scalar(select(func.count()).select_from(AccessNeeds)) == 2
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 2
    told = select(func.count()).where(OutboxMessage.kind == "access_needs")
    assert db.session.scalar(told) == 2
    elsewhere = select(OutboxMessage.recipient).where(~OutboxMessage.recipient.like("%.example"))
    assert db.session.scalars(elsewhere).all() == []


def test_loading_twice_creates_nothing_more(app: Flask, ctx: None) -> None:
    first, second = _loaded(DATES[0]), _loaded(DATES[0] + timedelta(days=3))
    assert (sorted(first), second) == (sorted(STATES), [])
    account = organisers.by_email(loading.ORGANISER_EMAIL)
    assert account is not None
    assert account.name == loading.ORGANISER_NAME


def test_the_pavilion_has_four_days_of_sessions_with_tracks(app: Flask, ctx: None) -> None:
    _loaded(DATES[0])
    pavilion = events.by_slug("pavillon-innovation-publique")
    assert pavilion is not None
    sessions = events.programme(pavilion.id)
    days = [session.day for session in sessions]
    assert [days.count(day) for day in sorted({day for day in days if day})] == [7, 7, 7, 6]
    assert [session.title for session in sessions if not session.track] == []


def test_the_launch_is_for_public_agents_and_closes_at_18h_in_paris(app: Flask, ctx: None) -> None:
    _loaded(DATES[0])
    launch = events.by_slug("lancement-plan-services-simples")
    assert launch is not None
    assert launch.audience == "public_agents"
    assert launch.closes_at == datetime(2026, 12, 7, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", sorted(loading.DOCUMENTS.glob("*.md")), ids=lambda path: path.stem)
def test_each_document_reads_without_a_doubt_but_for_its_missing_links(path: Path) -> None:
    document = parse(fill_dates(path.read_text("utf-8"), DATES[0]).encode(), path.name)
    doubts = [problem for problem in document.warnings if problem.code != "link-placeholder"]
    assert doubts == []


def test_no_sentence_is_taken_from_the_state_site(documents: Path) -> None:
    """Eight words in a row are a copied sentence."""
    theirs = _runs(*(path.read_text("utf-8") for path in (documents / "seeds").glob("*.md")))
    ours = _runs(*(path.read_text("utf-8") for path in loading.DOCUMENTS.glob("*.md")))
    assert ours & theirs == set()


def _runs(*texts: str, length: int = 8) -> set[tuple[str, ...]]:
    lines = [re.sub(r"<[^>]*>", " ", line).lower() for text in texts for line in text.splitlines()]
    words = [re.findall(r"\w+", line) for line in lines]
    return {tuple(line[i : i + length]) for line in words for i in range(len(line) - length + 1)}


def test_the_picture_of_the_workshops_is_in_what_search_engines_read(
    app: Flask, ctx: None, client: FlaskClient
) -> None:
    _loaded(DATES[0])
    with clock.frozen(DATES[0]):
        page = client.get("/agenda/journees-accueil-en-ligne/").text
    assert re.search(r'"image": ?"http[^"]+\.webp"', page)
