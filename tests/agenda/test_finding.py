"""Searches and filters of the agenda: what is found, what is counted, what is never shown."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from eventreg.events import indexing
from eventreg.events.finding import folded, key_of, themes_of, town_of
from eventreg.events.models import Event, EventIndex, ProgrammeSession
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.agenda.conftest import NOW

DAY = timedelta(days=1)
MakeEvent = Callable[..., Event]
pytestmark = pytest.mark.usefixtures("at_once_in_january")


def session_of(event: Event, **values: Any) -> int:
    with transaction() as session:
        row = ProgrammeSession(event_id=event.id, position=0, **values)
        session.add(row)
        session.flush()
        return row.id


def slugs(client: FlaskClient, query: str) -> list[str]:
    page = client.get(f"/agenda/?{query}")
    assert page.status_code == 200, query
    return re.findall(r'href="/agenda/([\w-]+)/"', page.text)


def options(client: FlaskClient, query: str, name: str) -> list[str]:
    """The choices of a filter, with their counts."""
    page = client.get(f"/agenda/?{query}").text
    chosen = re.findall(rf'<select[^>]*name="{name}">(.*?)</select>', page, re.DOTALL)[0]
    return re.findall(r'<option value="[^"]+"[^>]*>([^<]+)<', chosen)


@pytest.fixture
def three(make_event: MakeEvent) -> None:
    first = make_event(
        "forum",
        title="Forum de l’été",
        lead="Cœur de réseau",
        kind="Forum",
        tags=["Données ouvertes", "UX design"],
        starts_at=NOW + DAY,
        city="Paris 7e",
    )
    session_of(
        first,
        title="Écrire sans jargon",
        speakers=["Inès LEFÈVRE, designer"],
        organisations_text="Agence des Châtaigniers",
        items=[{"text": "atelier d’écriture", "organisations": ["Région Été"]}],
    )
    session_of(first, title="Séance retirée du programme", hidden=True)
    make_event(
        "webinaire",
        title="Ouvrir ses DONNÉES",
        kind="Webinaire",
        tags=["données"],
        starts_at=NOW + 40 * DAY,
        online=True,
        audience="public_agents",
    )
    make_event("passe", title="Données d’hier", kind="Salon", starts_at=NOW - DAY, city="Lyon")
    make_event("brouillon", title="Données secrètes", state="draft", starts_at=NOW + DAY)


def test_searches_find_all_words_wherever_they_stand_without_accents(
    client: FlaskClient, three: None
) -> None:
    expected = {
        "q=ete": ["forum"],
        "q=ÉTÉ+forum": ["forum"],
        "q=coeur": ["forum"],
        "q=CŒUR": ["forum"],
        "q=ecrire": ["forum"],
        "q=lefevre+paris": ["forum"],
        "q=ines%20chataigniers": ["forum"],
        "q=d'ecriture": ["forum"],
        "q=d’écriture": ["forum"],
        "q=donnees": ["forum", "webinaire", "passe"],
        "q=donnees+ouvrir": ["webinaire"],
        "q=retiree": [],
        "q=secretes": [],
        "q=%25": [],
        "q=_": [],
        "q=%5C": [],
        "q=%CC%81": [],  # an accent alone
        "q=donnees&periode=passes": ["passe"],
    }
    assert {query: slugs(client, query) for query in expected} == expected


def test_filters_choose_and_unknown_values_are_no_error(client: FlaskClient, three: None) -> None:
    everything = ["forum", "webinaire", "passe"]
    expected = {
        "type=forum": ["forum"],
        "theme=donnees": ["forum", "webinaire"],
        "theme=design": ["forum"],
        "lieu=paris": ["forum"],
        "lieu=en-ligne": ["webinaire"],
        "lieu=sur-place": ["forum", "passe"],
        "lieu=nulle-part": [],
        "public=agents-publics": ["webinaire"],
        "mois=2027-01": ["forum", "passe"],
        "mois=2027-02&theme=donnees": ["webinaire"],
        "periode=a-venir": ["forum", "webinaire"],
        "periode=passes": ["passe"],
        "type=x&theme=x&public=x&mois=x&periode=x&page=x": everything,
        "type=%00&lieu=%FF&mois=2027-99&q=%FE": [],
    }
    assert {query: slugs(client, query) for query in expected} == expected


def test_counts_beside_a_choice_respect_the_other_filters(client: FlaskClient, three: None) -> None:
    assert options(client, "", "theme") == ["Données (2)", "Design et usagers (1)"]
    assert options(client, "", "lieu") == ["En ligne (1)", "Sur place (2)", "Lyon (1)", "Paris (1)"]
    assert options(client, "periode=a-venir", "lieu")[2:] == ["Paris (1)"]
    assert options(client, "theme=design", "type") == ["Forum (1)"]
    assert options(client, "theme=design", "theme") == ["Données (2)", "Design et usagers (1)"]
    assert options(client, "q=ouvrir", "mois") == ["février 2027 (1)"]
    assert options(client, "lieu=nulle-part", "lieu")[-1] == "Nulle part (0)"


def test_an_empty_result_says_which_filter_to_take_away(client: FlaskClient, three: None) -> None:
    page = client.get("/agenda/?q=donnees&type=forum&lieu=lyon").text
    found = re.findall(r'<li><a href="([^"]+)">([^<]+)</a></li>', page)
    assert [(url.replace("&amp;", "&"), words.replace("\xa0", " ")) for url, words in found] == [
        ("/agenda/?q=donnees&lieu=lyon", "sans Forum : 1 événement"),
        ("/agenda/?q=donnees&type=forum", "sans Lyon : 1 événement"),
    ]
    english = client.get("/en/agenda/?q=donnees&type=forum&lieu=lyon").text
    assert "without Forum: 1 event" in english


def test_a_page_has_one_address_however_it_was_asked_for(client: FlaskClient, three: None) -> None:
    page = client.get("/agenda/?mois=2027-01&utm_source=x&type=Forum&page=1&theme=").text
    assert (
        '<link rel="canonical" href="http://localhost/agenda/?type=forum&amp;mois=2027-01">' in page
    )


def test_a_count_is_exact_when_an_event_of_another_page_ends(
    app: Flask, client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event("en-cours", starts_at=NOW - DAY, ends_at=NOW + timedelta(hours=1))
    for number in range(13):
        make_event(f"e{number:02d}", starts_at=NOW + DAY)

    def counted() -> str:
        return re.findall(r">(\d+) événements à venir<", client.get("/agenda/?page=2").text)[0]

    app.extensions["pagecache"].interval = 3600
    before = counted()
    with clock.frozen(NOW + timedelta(hours=1)):
        assert (before, counted()) == ("14", "13")


def test_the_index_follows_every_writer(client: FlaskClient, make_event: MakeEvent) -> None:
    made = make_event("journee", title="Ancien titre", starts_at=NOW + DAY)
    key = session_of(made, title="Atelier béton")
    assert slugs(client, "q=ancien+beton") == ["journee"]
    with transaction() as session:
        found = session.get_one(Event, made.id)
        found.title, found.version = "Nouveau titre", found.version + 1
        session.get_one(ProgrammeSession, key).hidden = True
    assert (slugs(client, "q=ancien"), slugs(client, "q=beton")) == ([], [])
    assert slugs(client, "q=nouveau") == ["journee"]


def test_events_of_an_older_version_are_found_after_the_upgrade(
    client: FlaskClient, make_event: MakeEvent
) -> None:
    made = make_event("journee", title="Le guichet", starts_at=NOW + DAY)
    session_of(made, title="Écluse")
    with transaction() as session:
        session.execute(delete(EventIndex))
    assert (indexing.fill(), indexing.fill()) == (1, 0)
    assert slugs(client, "q=guichet+ecluse") == ["journee"]


def test_an_undone_change_leaves_the_index_as_it_was(ctx: None, make_event: MakeEvent) -> None:
    made = make_event("journee", title="Avant", starts_at=NOW + DAY)

    def change_and_fail() -> None:
        with transaction() as session:
            session.get_one(Event, made.id).title = "Après"
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert "avant" in db.session.execute(select(EventIndex.words)).scalar_one()


def test_names_are_folded_to_small_lists() -> None:
    assert themes_of(["RGAA", "Open Data", "Vie quotidienne"]) == ("accessibility", "data")
    assert themes_of(["Entrepreneur d’Intérêt Général"]) == ("skills",)
    assert themes_of(["média", "social"]) == ()
    assert [town_of(city) for city in ("Paris 7e", "Lyon", "Paris 15ᵉ arrondissement", "Metz")] == [
        "Paris",
        "Lyon",
        "Paris",
        "Metz",
    ]
    assert key_of("L’Haÿ-les-Roses") == key_of("l'hay les roses") == "l-hay-les-roses"
    assert folded("  Œuvre\u00a0D’ÉTÉ — n°1 ") == "oeuvre d'ete - n°1"
