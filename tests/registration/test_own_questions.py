"""Changing the answers to an event's own questions: conditions, seats, populations, files, needs."""

import io
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from eventreg.events.models import Event, Pool
from eventreg.events.services import locked
from eventreg.files.models import StoredFile
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings
from eventreg.questionnaire import queries as forms
from eventreg.questionnaire import services as questionnaire
from eventreg.registration import queries, services
from eventreg.registration.models import Registration
from eventreg.registration.services import Applicant, Wishes, wording
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.questionnaire.samples import CHAIN

pytestmark = pytest.mark.usefixtures("now", "ctx")
TAG = re.compile(r'<input[^>]* type="hidden"[^>]*>|<input type="hidden"[^>]*>')
ATTRIBUTE = re.compile(r' (name|value)="([^"]*)"')
WHO = {"given_name": "Camille", "family_name": "Martin"}
ONSITE = {"presence": "onsite", "workshops": ["wb"], "note": "vu par téléphone"}


@pytest.fixture
def event(make_event: Callable[..., Event], now: Any) -> Event:
    made = make_event(capacity=6, confirmation_hours=0)
    return ask(made, CHAIN, now)


def ask(made: Event, data: dict[str, Any], now: Any) -> Event:
    with transaction():
        read = questionnaire.read(data, zone=made.timezone)
        questionnaire.apply(locked(made.slug), read, actor="operator", now=now)
    return made


def sign_up(name: str, wishes: Wishes) -> Registration:
    page = queries.signup_page("journee")
    assert page is not None
    applicant = Applicant.from_text(f"{name}@example.org", "Camille", "Martin")
    with transaction():
        prepared = services.prepare(page, applicant, locale="fr", wishes=wishes)
        services.register(prepared, key=name, payload={})
    query = select(Registration).where(Registration.email_key == f"{name}@example.org")
    return db.session.execute(query).scalar_one()


def wishes(answers: dict[str, Any], **more: Any) -> Wishes:
    return Wishes(population="agents", form_version=1, answers=answers, **more)


def enter(client: FlaskClient, row: Registration) -> str:
    link = wording.url(row, "manage", "fr").removeprefix("http://localhost")
    db.session.rollback()
    return str(client.get(link).location)


def send(client: FlaskClient, own: str, *, query: str = "", **answers: Any) -> Any:
    """The whole form of the page, with these answers."""
    hidden = hidden_of(client.get(f"{own}modifier/{query}").text)
    given = {f"q_{key}": value for key, value in answers.items()}
    return client.post(f"{own}modifier/", data={**hidden, **WHO, **given})


def hidden_of(page: str) -> dict[str, str]:
    found = [dict(ATTRIBUTE.findall(tag)) for tag in TAG.findall(page)]
    return {one["name"]: one.get("value", "") for one in found}


def kept(row: Registration) -> Registration:
    db.session.rollback()
    query = select(Registration).where(Registration.id == row.id)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def taken() -> dict[str, int]:
    db.session.rollback()
    return dict(db.session.execute(select(Pool.key, Pool.taken)).tuples().all())


def well() -> None:
    db.session.rollback()
    assert [f.message for f in all_findings(clock.utc_now()) if not f.ok] == []


def told_of_needs() -> int:
    query = select(OutboxMessage.id).where(OutboxMessage.kind == "access_needs")
    return len(db.session.execute(query).all())


def test_conditions_seats_and_needs_are_looked_at_again_and_notes_of_organisers_stay(
    client: FlaskClient, event: Event
) -> None:
    row = sign_up("anne", wishes(ONSITE))
    own = enter(client, row)
    page = client.get(f"{own}modifier/").text
    assert re.search(r'value="wb"[^>]* checked', page)
    assert "q_note" not in page
    assert (
        send(
            client,
            own,
            presence="onsite",
            workshops=["wa", "wc"],
            lunch="yes",
            guests="1",
            needs="LSF",
        ).location
        == own
    )
    assert taken() == {"": 2, "press_seats": 0, "a": 2, "meal": 2}
    assert kept(row).answers == {
        "presence": "onsite",
        "workshops": ["wa", "wc"],
        "lunch": True,
        "guests": 1,
        "note": "vu par téléphone",
    }
    assert forms.needs_of(row.id) == {"needs": "LSF"}
    assert "LSF" in client.get(f"{own}modifier/").text
    assert told_of_needs() == 1  # whoever sees to them learns of what came after the sign-up
    # Online, what was asked on site is neither required nor kept.
    assert send(client, own, presence="online", workshops="wa", diet="caché").status_code == 303
    assert kept(row).answers == {"presence": "online", "note": "vu par téléphone"}
    assert (taken(), forms.needs_of(row.id)) == ({"": 1, "press_seats": 0, "a": 0, "meal": 0}, {})
    data = json.loads(client.get(f"{own}donnees.json").data)
    steps = [one["details"]["keys"] for one in data["trace"] if one["act"] == "modified"]
    assert steps[0] == [
        "q_guests",
        "q_lunch",
        "q_workshops",
        "q_needs",
        "companions",
        "pools",
    ]
    assert "LSF" not in json.dumps(data["trace"])
    well()


def test_a_full_workshop_refuses_the_change_by_its_name_and_keeps_what_was_typed(
    client: FlaskClient, event: Event
) -> None:
    for name in ("bea", "chloe"):
        sign_up(name, wishes({"presence": "onsite", "workshops": ["wa"]}, pools={"a": 1}))
    row = sign_up("anne", wishes({"presence": "onsite", "workshops": ["wb"]}))
    own = enter(client, row)
    full = send(client, own, presence="onsite", workshops="wa", needs="Boucle")
    assert (full.status_code, 'data-refusal="full"' in full.text) == (409, True)
    assert "Il n’y a plus de place pour : Atelier A" in unescape(full.text).replace("\xa0", " ")
    assert re.search(r'value="wa"[^>]* checked', full.text)
    assert "Boucle" in full.text
    assert kept(row).answers["workshops"] == ["wb"]
    assert forms.needs_of(row.id) == {}
    assert taken()["a"] == 2
    well()


@pytest.mark.parametrize(
    "sent",
    [
        {"presence": ["onsite", "online"]},
        {"presence": "elsewhere"},
        {"presence": "online", "note": "I am the organiser"},
        {"presence": "online", "invented": "x"},
        {"presence": "onsite", "workshops": "wb", "guests": "-1"},
        {"presence": "onsite", "workshops": "wb", "needs": "x" * 100_000},
        {},
    ],
)
def test_answers_that_cannot_be_kept_change_nothing(
    client: FlaskClient, event: Event, sent: dict[str, Any]
) -> None:
    row = sign_up("anne", wishes(ONSITE))
    own = enter(client, row)
    answer = send(client, own, **sent)
    assert (answer.status_code, kept(row).answers) == (422, ONSITE)


def test_as_what_one_signs_up_is_changed_with_its_own_questions(
    client: FlaskClient, event: Event
) -> None:
    row = sign_up("anne", wishes({"presence": "online"}))
    own = enter(client, row)
    assert "Presse" in client.get(f"{own}modifier/").text
    page = client.get(f"{own}modifier/?population=press").text
    assert 'name="q_card"' in page
    done = send(
        client, own, query="?population=press", presence="onsite", workshops="wb", card="123"
    )
    assert done.status_code == 303
    assert (kept(row).population, taken()["press_seats"]) == ("press", 1)
    well()


def test_without_scripts_the_next_questions_come_and_nothing_is_saved(
    client: FlaskClient, event: Event
) -> None:
    row = sign_up("anne", wishes({"presence": "online"}))
    own = enter(client, row)
    hidden = hidden_of(client.get(f"{own}modifier/").text)
    sent = {**hidden, **WHO, "q_presence": "onsite", "step": "questions", "phone": "garder"}
    page = client.post(f"{own}modifier/", data=sent)
    assert page.status_code == 200
    assert "garder" in page.text
    assert re.search(r'<div data-section data-when="[^"]*onsite[^"]*">', page.text)
    assert kept(row).answers == {"presence": "online"}


def test_both_versions_of_an_answer_are_shown(client: FlaskClient, event: Event) -> None:
    row = sign_up("anne", wishes({"presence": "online"}))
    own = enter(client, row)
    hidden = hidden_of(client.get(f"{own}modifier/").text)
    with transaction():
        other = {"presence": "onsite", "workshops": ["wc"]}
        db.session.execute(update(Registration).values(answers=other))
    late = client.post(f"{own}modifier/", data={**hidden, **WHO, "q_presence": "online"})
    assert late.status_code == 409
    assert "<td>À distance</td><td>Sur place</td>" in late.text


def test_who_one_is_can_be_corrected_without_answering_again(
    client: FlaskClient, event: Event
) -> None:
    """The short form of the own page leaves answers and seats alone."""
    row = sign_up("anne", wishes({"presence": "onsite", "workshops": ["wa"]}, pools={"a": 1}))
    own = enter(client, row)
    page = client.get(own).text
    seen = re.search(r'name="seen"[^>]* value="([^"]+)"', page)
    assert seen is not None
    token = hidden_of(page)["csrf_token"]
    sent = {"csrf_token": token, "seen": seen[1], **WHO, "given_name": "Anne"}
    assert client.post(f"{own}modifier/", data=sent).status_code == 303
    assert (kept(row).given_name, kept(row).answers["workshops"]) == ("Anne", ["wa"])
    assert taken()["a"] == 1
    well()


def test_a_file_is_replaced_kept_and_never_taken_from_somebody_else(
    client: FlaskClient, make_event: Callable[..., Event], now: Any
) -> None:
    data = {"questions": [{"key": "cv", "kind": "file", "label": "CV"}]}
    ask(make_event(capacity=6, confirmation_hours=0), data, now)
    anne, bea = (sign_up(name, Wishes(form_version=1)) for name in ("anne", "bea"))
    own = enter(client, anne)

    def file(name: str) -> Any:
        return (io.BytesIO(b"Texte de " + name.encode()), name)

    assert send(client, own, cv=file("un.txt")).status_code == 303
    first = kept(anne).answers["cv"]
    page = client.get(f"{own}modifier/").text
    ticket = hidden_of(page)["q_cv"]
    assert "un.txt" in page
    assert send(client, own).status_code == 303  # the hidden ticket keeps it
    assert kept(anne).answers["cv"] == first
    theirs = enter(client, bea)
    stolen = send(client, theirs, cv=ticket)  # somebody was given Anne's form
    assert (stolen.status_code, kept(bea).answers) == (409, {})
    assert send(client, own, cv=file("deux.txt")).status_code == 303
    assert kept(anne).answers["cv"]["name"] == "deux.txt"
    names = db.session.execute(select(StoredFile.name, StoredFile.registration_id)).all()
    assert [tuple(one) for one in names] == [("deux.txt", anne.id)]
    well()


def test_a_population_whose_requests_are_decided_hands_no_place_over(
    client: FlaskClient, event: Event, now: Any
) -> None:
    row = sign_up("anne", wishes({"presence": "online"}))
    own = enter(client, row)
    assert f"{own}ceder/" in client.get(own).text
    chosen = [{**CHAIN["populations"][0], "approval": "manual"}, CHAIN["populations"][1]]
    ask(event, {**CHAIN, "populations": chosen}, now)
    assert f"{own}ceder/" not in client.get(own).text
    hidden = hidden_of(client.get(f"{own}modifier/").text)
    typed = {"given_name": "Béa", "family_name": "Petit", "email": "bea@example.org"}
    sent = {"csrf_token": hidden["csrf_token"], **typed}
    refused = client.post(f"{own}ceder/", data=sent)
    assert (refused.status_code, 'data-refusal="stale"' in refused.text) == (409, True)
