"""The people of an event: list, file, decisions, additions by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.events import queries
from eventreg.mailing.models import OutboxMessage
from eventreg.organisers.models import Organiser
from eventreg.registration.models import Registration
from eventreg.shared.db import db

EVENT = "/organisation/evenements/journee/"
LIST = f"{EVENT}inscriptions/"
ADD = f"{LIST}ajouter/"
PERSON = {
    "given_name": "Inès",
    "family_name": "Lopez",
    "email": "ines@example.org",
    "language": "fr",
}


def actor() -> str:
    """The one organiser of the test, as the trace names them."""
    return f"organiser:{db.session.execute(select(Organiser.id)).scalar_one()}"


def fresh() -> None:
    db.session.rollback()
    db.session.expire_all()


def registration(public_id: str) -> Registration:
    fresh()
    return db.session.execute(
        select(Registration).where(Registration.public_id == public_id)
    ).scalar_one()


def taken() -> int:
    fresh()
    event = queries.by_slug("journee")
    assert event is not None
    return queries.pool(event.id).taken


def names(page: Any) -> list[str]:
    return [
        part.split("</a>")[0].split(">")[-1] for part in page.text.split('<th scope="row">')[1:]
    ]


def mails() -> list[tuple[str, str]]:
    fresh()
    rows = db.session.execute(
        select(OutboxMessage.kind, OutboxMessage.recipient).order_by(OutboxMessage.id)
    )
    return [tuple(row) for row in rows]


@pytest.fixture
def people(make_event: Any, make_registration: Any, now: datetime) -> dict[str, str]:
    """Three people in three states, signed up on three days."""
    event = make_event("journee", capacity=10)
    rows = [
        ("Élodie", "Durand", "elodie@example.org", "confirmed"),
        ("Bastien", "Leroy", "b.leroy@mairie.example", "pending"),
        ("Agathe", "Moreau", "agathe@example.org", "cancelled"),
    ]
    return {
        family: make_registration(
            event,
            email,
            given_name=given,
            family_name=family,
            state=state,
            registered_at=now - timedelta(days=position),
        ).public_id
        for position, (given, family, email, state) in enumerate(rows)
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Durand Élodie", "Leroy Bastien", "Moreau Agathe"]),
        ({"tri": "-name"}, ["Moreau Agathe", "Leroy Bastien", "Durand Élodie"]),
        ({"tri": "date"}, ["Moreau Agathe", "Leroy Bastien", "Durand Élodie"]),
        ({"tri": "-date"}, ["Durand Élodie", "Leroy Bastien", "Moreau Agathe"]),
        ({"tri": "id; DROP TABLE"}, ["Durand Élodie", "Leroy Bastien", "Moreau Agathe"]),
        ({"q": "elodie durand"}, ["Durand Élodie"]),
        ({"q": "ÉLODIE"}, ["Durand Élodie"]),
        ({"q": "mairie.example"}, ["Leroy Bastien"]),
        ({"q": "100%_"}, []),
        ({"etat": "pending"}, ["Leroy Bastien"]),
        ({"etat": "nonsense"}, ["Durand Élodie", "Leroy Bastien", "Moreau Agathe"]),
        ({"q": "a", "etat": "cancelled"}, ["Moreau Agathe"]),
        ({"page": "99"}, ["Durand Élodie", "Leroy Bastien", "Moreau Agathe"]),
        ({"page": "-1"}, ["Durand Élodie", "Leroy Bastien", "Moreau Agathe"]),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(
    organiser_client: Any, people: dict[str, str], query: dict[str, str], found: list[str]
) -> None:
    page = organiser_client().get(LIST, query_string=query)
    assert page.status_code == 200
    assert names(page) == found


def test_nobody_found_says_so_and_keeps_what_was_searched(
    organiser_client: Any, people: dict[str, str]
) -> None:
    page = organiser_client().get(LIST, query_string={"q": '"><script>x'})
    assert "Personne ne correspond" in page.text
    assert 'value="&#34;&gt;&lt;script&gt;x"' in page.text


def test_pages_of_fifty(organiser_client: Any, make_event: Any, make_registration: Any) -> None:
    event = make_event("journee")
    for number in range(51):
        make_registration(event, f"p{number:02}@example.org", given_name=f"P{number:02}")
    client = organiser_client()
    first, second = (client.get(LIST, query_string={"page": page}) for page in (1, 2))
    assert (len(names(first)), len(names(second))) == (50, 1)
    assert "51 personnes, 50 affichées" in first.text
    assert 'aria-current="page"' in second.text
    assert "page 2 sur 2" in second.text.split("</title>")[0].replace("\xa0", " ")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_asks_the_same_number_of_questions(
    organiser_client: Any, make_event: Any, make_registration: Any, count_queries: Any, rows: int
) -> None:
    event = make_event("journee")
    for number in range(rows):
        make_registration(event, f"p{number}@example.org")
    client = organiser_client()
    client.get(LIST)
    with count_queries() as seen:
        assert len(names(client.get(LIST))) == rows
    assert len([s for s in seen if s.startswith("SELECT")]) == 4  # session, event, count, rows


@pytest.mark.parametrize("page", ["courriels/", "historique/"])
@pytest.mark.parametrize("rows", [1, 3])
def test_records_ask_the_same_number_of_questions(
    organiser_client: Any, make_event: Any, post: Any, count_queries: Any, page: str, rows: int
) -> None:
    make_event("journee")
    client = organiser_client()
    for number in range(rows):
        post(client, ADD, **PERSON | {"email": f"p{number}@example.org", "reason": "Intervient"})
    client.get(EVENT + page)
    with count_queries() as seen:
        assert client.get(EVENT + page).status_code == 200
    expected = {"courriels/": 4, "historique/": 5}[page]
    assert len([s for s in seen if s.startswith("SELECT")]) == expected


def test_a_persons_file_tells_facts_reasons_letters_and_trace(
    organiser_client: Any, make_event: Any, make_registration: Any, post: Any
) -> None:
    event = make_event("journee", audience="public_agents")
    person = make_registration(
        event,
        "agent@inconnu.example",
        state="pending",
        phone="+33 6 12 34 56 78",
        justification="Je travaille <b>",
        eligibility_outcome="review",
        eligibility_reason="unknown_domain_public_marker",
    )
    client = organiser_client()
    page = client.get(f"{LIST}{person.public_id}/")
    assert page.status_code == 200
    for text in ("+33 6 12 34 56 78", "Je travaille &lt;b&gt;", "À examiner", "inconnu.example"):
        assert text in page.text
    assert 'data-state="pending"' in page.text
    assert "<title>Camille Martin – " in page.text
    post(client, f"{LIST}{person.public_id}/accepter/")
    page = client.get(f"{LIST}{person.public_id}/")
    assert 'data-state="confirmed"' in page.text
    assert "Demande acceptée" in page.text
    assert "Nadia Roussel" in page.text
    assert "L’exploitant du service" in page.text


def test_a_mail_that_failed_is_seen_with_its_error(
    organiser_client: Any, make_event: Any, post: Any
) -> None:
    make_event("journee")
    client = organiser_client()
    answer = post(client, ADD, **PERSON, reason="Intervient")
    from eventreg.shared.db import transaction  # noqa: PLC0415

    with transaction() as session:
        mail = session.execute(select(OutboxMessage)).scalar_one()
        mail.state, mail.last_error, mail.attempts = "failed", "550 recipient", 1
    for path in (answer.location, f"{EVENT}courriels/", f"{EVENT}courriels/?etat=failed"):
        page = client.get(path)
        assert "550 recipient" in page.text
        assert "Non remis" in page.text
    assert "Aucun courriel" in client.get(f"{EVENT}courriels/?etat=sent").text


@pytest.mark.parametrize(
    ("act", "reason", "outcome"),
    [
        ("accepter", "", ("confirmed", "accepted")),
        ("accepter", "Bienvenue", ("confirmed", "accepted")),
        ("refuser", "Réservé aux agents", ("rejected", "rejected")),
        ("annuler", "À la demande de la personne", ("cancelled", "cancelled")),
    ],
)
def test_a_decision_is_taken_traced_and_told(
    organiser_client: Any,
    people: dict[str, str],
    post: Any,
    act: str,
    reason: str,
    outcome: tuple[str, str],
) -> None:
    state, kind = outcome
    key = people["Leroy"]
    path = f"{LIST}{key}/{act}/"
    client = organiser_client()
    assert "Ce qui va se passer" in client.get(path).text
    answer = post(client, path, reason=reason)
    assert (answer.status_code, answer.location) == (303, f"{LIST}{key}/")
    person = registration(key)
    assert person.state == state
    assert mails() == [(kind, "b.leroy@mairie.example")]
    assert taken() == (2 if state == "confirmed" else 1)
    entry = db.session.execute(
        select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)
    ).scalar_one()
    assert (entry.actor, entry.old_state, entry.new_state) == (actor(), "pending", state)
    assert reason not in repr(entry.details) or not reason
    assert answer.status_code == 303
    assert "La personne" in client.get(answer.location).text


@pytest.mark.parametrize("act", ["refuser", "annuler"])
def test_refusing_and_cancelling_want_a_reason(
    organiser_client: Any, people: dict[str, str], post: Any, act: str
) -> None:
    key = people["Leroy"]
    answer = post(organiser_client(), f"{LIST}{key}/{act}/", reason="  ")
    assert answer.status_code == 422
    assert "<title>Erreur (1) – " in answer.text
    assert '<li><a href="#reason">' in answer.text
    assert registration(key).state == "pending"
    assert mails() == []


def test_a_reason_too_long_is_kept_on_the_page(
    organiser_client: Any, people: dict[str, str], post: Any
) -> None:
    text = "mot " * 300
    answer = post(organiser_client(), f"{LIST}{people['Leroy']}/refuser/", reason=text)
    assert answer.status_code == 422
    assert text.strip() in answer.text


def test_two_organisers_deciding_the_second_is_told(
    organiser_client: Any, people: dict[str, str], post: Any
) -> None:
    path = f"{LIST}{people['Leroy']}/"
    first, second = organiser_client(), organiser_client("b@example.org")
    assert post(first, f"{path}accepter/").status_code == 303
    answer = post(second, f"{path}refuser/", form_at="/organisation/mes-sessions/", reason="Non")
    assert answer.status_code == 409
    assert registration(people["Leroy"]).state == "confirmed"
    assert mails() == [("accepted", "b.leroy@mairie.example")]
    assert "Ce n’est plus possible" in second.get(f"{path}refuser/").text


def test_accepting_checks_the_capacity_again(
    organiser_client: Any, make_event: Any, make_registration: Any, post: Any
) -> None:
    event = make_event("journee", capacity=1)
    make_registration(event, "a@example.org")
    person = make_registration(event, "b@example.org", state="pending")
    answer = post(organiser_client(), f"{LIST}{person.public_id}/accepter/")
    assert answer.status_code == 409
    assert "Il ne reste aucune place" in answer.text or "complet" in answer.text.lower()
    assert registration(person.public_id).state == "pending"
    assert taken() == 1


def test_a_person_is_added_by_hand_after_the_deadline(
    organiser_client: Any, make_event: Any, post: Any, now: datetime
) -> None:
    make_event("journee", capacity=5, closes_at=now - timedelta(hours=1))
    client = organiser_client()
    answer = post(client, ADD, **PERSON, reason="Intervient à la table ronde")
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert 'data-state="confirmed"' in page.text
    assert "Intervient à la table ronde" in page.text
    assert mails() == [("confirmed", "ines@example.org")]
    assert taken() == 1
    entry = db.session.execute(
        select(AuditEntry).where(AuditEntry.action == "added_by_hand")
    ).scalar_one()
    assert (entry.actor, entry.new_state) == (actor(), "confirmed")


def test_adding_by_hand_wants_a_reason_and_a_name(
    organiser_client: Any, make_event: Any, post: Any
) -> None:
    make_event("journee")
    answer = post(
        organiser_client(), ADD, email="ines@", given_name="Inès\x07", phone="01 99 00 12 34"
    )
    assert answer.status_code == 422
    assert "<title>Erreur (4) – Ajouter une personne" in answer.text
    for name in ("given_name", "family_name", "email", "reason"):
        assert f'<li><a href="#{name}">' in answer.text
    assert 'value="01 99 00 12 34"' in answer.text
    assert taken() == 0


def test_a_full_event_takes_somebody_only_with_an_explicit_tick(
    organiser_client: Any, make_event: Any, make_registration: Any, post: Any
) -> None:
    event = make_event("journee", capacity=1)
    make_registration(event, "a@example.org")
    client = organiser_client()
    assert "Il ne reste aucune place" in client.get(ADD).text
    answer = post(client, ADD, **PERSON, reason="Intervient")
    assert answer.status_code == 409
    assert '<li><a href="#over_capacity">' in answer.text
    assert 'value="ines@example.org"' in answer.text
    assert (taken(), mails()) == (1, [])
    assert post(client, ADD, **PERSON, reason="Intervient", over_capacity="y").status_code == 303
    assert taken() == 2
    entry = db.session.execute(
        select(AuditEntry).where(AuditEntry.action == "added_by_hand")
    ).scalar_one()
    assert entry.details == {"over_capacity": True}


def test_somebody_already_registered_is_told_to_the_organiser(
    organiser_client: Any, make_event: Any, make_registration: Any, post: Any
) -> None:
    make_registration(make_event("journee"), "Ines@Example.org")
    answer = post(organiser_client(), ADD, **PERSON, reason="Intervient")
    assert answer.status_code == 409
    assert '<li><a href="#email">' in answer.text
    assert taken() == 1


def test_a_missing_person_is_not_found(organiser_client: Any, make_event: Any) -> None:
    make_event("journee")
    client: FlaskClient = organiser_client()
    assert [client.get(f"{LIST}missing/{end}").status_code for end in ("", "accepter/")] == [
        404,
        404,
    ]
