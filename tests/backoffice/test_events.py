"""The list of events, one event's overview, its state, its preview."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from eventreg.events import queries
from eventreg.events.models import ProgrammeSession
from eventreg.shared.db import db, transaction

HOME = "/organisation/"
EVENT = "/organisation/evenements/journee/"


def state() -> str:
    db.session.rollback()
    db.session.expire_all()
    event = queries.by_slug("journee")
    assert event is not None
    return event.state


def test_the_list_shows_seats_figures_and_what_comes_next(
    organiser_client: Any, make_event: Any, make_registration: Any, now: datetime
) -> None:
    event = make_event("journee", capacity=3, closes_at=now + timedelta(days=2))
    make_registration(event, "a@example.org")
    make_registration(event, "b@example.org", state="pending")
    make_event("brouillon", title="Un brouillon", state="draft")
    page = organiser_client().get(HOME)
    assert page.status_code == 200
    for text in ("1 sur 3", "Inscriptions ouvertes", "Brouillon", "sans limite", "?etat=pending"):
        assert text in page.text
    assert "6 janv. 2027, 10 h" in page.text.replace("\xa0", " ")


def test_an_account_without_an_event_is_told_what_to_do(
    organiser_client: Any, make_event: Any
) -> None:
    make_event("autre")
    client = organiser_client(slug="autre", role="reader")
    assert "autre" in client.get(HOME).text
    from eventreg.organisers.models import OrganiserRole  # noqa: PLC0415

    with transaction() as session:
        session.query(OrganiserRole).delete()
    assert "Aucun événement" in client.get(HOME).text


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_same_number_of_questions(
    organiser_client: Any, make_event: Any, make_registration: Any, count_queries: Any, rows: int
) -> None:
    for number in range(rows):
        event = make_event(f"journee-{number}")
        make_registration(event, f"p{number}@example.org")
    client = organiser_client()
    client.get(HOME)
    with count_queries() as seen:
        assert client.get(HOME).status_code == 200
    assert len([s for s in seen if s.startswith("SELECT")]) == 3  # session, events, figures


def test_the_overview_sums_up(
    organiser_client: Any, make_event: Any, make_registration: Any
) -> None:
    event = make_event("journee", capacity=1)
    for number in range(2):
        make_registration(event, f"p{number}@example.org")
    make_registration(event, "q@example.org", state="pending")
    page = organiser_client().get(EVENT)
    assert 'data-signups="full"' in page.text
    assert "1 demande attend une décision" in page.text
    assert "1 place est occupée en plus" in page.text
    assert "3 inscriptions sur les semaines affichées" in page.text


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        ("draft", "publier", "published"),
        ("published", "retirer", "draft"),
        ("published", "annuler", "cancelled"),
        ("draft", "annuler", "cancelled"),
        ("published", "archiver", "archived"),
        ("cancelled", "archiver", "archived"),
        ("published", "publier", "published"),
    ],
)
def test_each_change_of_state_has_a_page_then_an_act(
    organiser_client: Any, make_event: Any, post: Any, before: str, act: str, after: str
) -> None:
    make_event("journee", state=before)
    client = organiser_client()
    page = client.get(f"{EVENT}{act}/")
    assert page.status_code == 200
    assert state() == before
    if before == after:
        assert "C’est déjà fait" in page.text
        return
    assert "Ce qui va se passer" in page.text
    answer = post(client, f"{EVENT}{act}/")
    assert (answer.status_code, answer.location) == (303, EVENT)
    assert state() == after


@pytest.mark.parametrize(
    ("before", "act"),
    [
        ("cancelled", "publier"),
        ("cancelled", "retirer"),
        ("archived", "annuler"),
        ("draft", "archiver"),
    ],
)
def test_a_change_that_makes_no_sense_is_not_found(
    organiser_client: Any, make_event: Any, before: str, act: str
) -> None:
    make_event("journee", state=before)
    assert organiser_client().get(f"{EVENT}{act}/").status_code == 404


def test_a_cancelled_event_is_not_published_by_posting(
    organiser_client: Any, make_event: Any, post: Any
) -> None:
    make_event("journee", state="cancelled")
    answer = post(organiser_client(), f"{EVENT}publier/", form_at="/organisation/mes-sessions/")
    assert answer.status_code == 404
    assert state() == "cancelled"


def test_publishing_without_a_start_says_what_is_missing(
    organiser_client: Any, make_event: Any, post: Any
) -> None:
    make_event("journee", state="draft", starts_at=None)
    answer = post(organiser_client(), f"{EVENT}publier/")
    assert answer.status_code == 422
    assert "Erreur (1)" in answer.text
    assert state() == "draft"


def test_withdrawing_says_how_many_people_it_concerns(
    organiser_client: Any, make_event: Any, make_registration: Any
) -> None:
    event = make_event("journee")
    make_registration(event)
    assert "1 personne garde son inscription" in organiser_client().get(f"{EVENT}retirer/").text


def test_the_preview_shows_a_draft_escaped_with_its_programme(
    organiser_client: Any, make_event: Any
) -> None:
    event = make_event(
        "journee", state="draft", title="<b>Titre", body_html="<p>Corps sûr</p>", lead="Chapô <i>"
    )
    with transaction() as session:
        session.add(
            ProgrammeSession(
                event_id=event.id,
                position=0,
                day=event.starts_at.date(),
                starts_at=event.starts_at,
                title="Ouverture <u>",
            )
        )
    page = organiser_client().get(f"{EVENT}apercu/")
    for text in ("&lt;b&gt;Titre", "<p>Corps sûr</p>", "Chapô &lt;i&gt;", "Ouverture &lt;u&gt;"):
        assert text in page.text
    assert organiser_client("b@example.org").get("/agenda/journee/").status_code == 404


def test_a_new_event_is_a_draft(organiser_client: Any, post: Any) -> None:
    client = organiser_client()
    answer = post(
        client,
        "/organisation/evenements/nouveau/",
        title="Journée",
        slug="journee",
        starts_at="2027-03-14T09:00",
    )
    assert (answer.status_code, answer.location) == (303, f"{EVENT}reglages/")
    assert state() == "draft"
    assert client.get(answer.location).status_code == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"slug": "Journée !"}, "slug"),
        ({"slug": "prise"}, "slug"),
        ({"title": ""}, "title"),
        ({"starts_at": "2027-03-28T02:30"}, "starts_at"),
        ({"starts_at": ""}, "starts_at"),
        ({"starts_at": "2027-10-31T02:30"}, "starts_at"),
    ],
)
def test_a_faulty_new_event_is_told_beside_the_field(
    organiser_client: Any, make_event: Any, post: Any, values: dict[str, str], field: str
) -> None:
    make_event("prise")
    data = {"title": "Journée", "slug": "journee", "starts_at": "2027-03-14T09:00"} | values
    answer = post(organiser_client(), "/organisation/evenements/nouveau/", **data)
    assert answer.status_code == 422
    assert f'<li><a href="#{field}">' in answer.text
    assert "<title>Erreur (1) – Créer un événement" in answer.text


def titles(client: FlaskClient, paths: list[str]) -> list[str]:
    return [client.get(path).text.split("<title>")[1].split("</title>")[0] for path in paths]


def test_titles_are_unique(organiser_client: Any, make_event: Any, make_registration: Any) -> None:
    event = make_event("journee")
    person = make_registration(event, state="pending").public_id
    ends = ["", "inscriptions/", "reglages/", "apercu/", "courriels/", "historique/", "exporter/"]
    ends += ["retirer/", "annuler/", "inscriptions/ajouter/", f"inscriptions/{person}/"]
    ends += [f"inscriptions/{person}/{act}/" for act in ("accepter", "refuser", "annuler")]
    paths = [HOME, f"{HOME}importer/", f"{HOME}evenements/nouveau/", f"{HOME}mes-sessions/"]
    found = titles(organiser_client(), [*paths, *(EVENT + end for end in ends)])
    assert len(set(found)) == len(found)
