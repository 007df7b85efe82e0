"""The waiting list as people see it: the form, the result, one's own page; organisers' pages."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from eventreg.events.models import Event, Pool
from eventreg.questionnaire import services as form_services
from eventreg.registration import links
from eventreg.registration.models import Registration
from eventreg.registration.services import Wishes, line_acts
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.registration.people import leave, person, sign_up, state, well
from tests.registration.test_line_acts import do
from tests.registration.test_waiting_list import full

__all__ = ["full"]
pytestmark = pytest.mark.usefixtures("now", "ctx")
FORM = "/agenda/journee/inscription/"
BASE = "/organisation/evenements/journee/"


def words(html: str) -> str:
    """The text of a page, spaces of any kind as one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def own(client: FlaskClient, name: str, purpose: str = "manage") -> str:
    """The person's page, by the link of a letter."""
    row = person(name)
    token = links.url(purpose, public_id=row.public_id, nonce=row.nonce, locale="fr")
    db.session.rollback()
    page = client.get(token.partition("localhost")[2], follow_redirects=True)
    assert page.status_code == 200, page.text
    return page.text


def press(client: FlaskClient, name: str, act: str, html: str) -> str:
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token
    path = f"/inscriptions/{person(name).public_id}/{act}/"
    db.session.rollback()
    return client.post(path, data={"csrf_token": token[1]}, follow_redirects=True).text


def hidden(html: str) -> dict[str, str]:
    found = re.findall(r'name="(csrf_token|idempotency_key|version)"[^>]*?value="([^"]*)"', html)
    return dict(found)


def test_a_full_event_says_so_and_its_form_leads_to_the_list_with_its_rules(
    full: Event, client: FlaskClient
) -> None:
    page = client.get("/agenda/journee/").text
    assert 'data-signups="waiting_list"' in page
    assert "Complet : liste d’attente ouverte" in words(page)
    form = client.get(FORM).text
    assert 'data-signups="waiting_list"' in form
    for said in (
        "Cet événement est complet",
        "Ce n’est pas une inscription",
        "24 heures pour accepter",
        "personne ne les dépasse",
        "Des places sont proposées jusqu’au",
        "Rejoindre la liste d’attente",
    ):
        assert said in words(form), said
    data = {"given_name": "Zoé", "family_name": "Martin", "email": "zoe@example.org"}
    sent = client.post(FORM, data=hidden(form) | data, follow_redirects=True).text
    assert 'data-state="waiting"' in sent
    # Somebody who waits already reads the same page: it tells nobody who is on the list.
    form = client.get(FORM).text
    twin = {**data, "email": "bea@example.org"}
    again = client.post(FORM, data=hidden(form) | twin, follow_redirects=True).text

    def shown(html: str) -> str:
        return re.sub(r"(receipt=|nonce=|content=|value=)?\"[\w-]{16,}\"|recue/[\w-]+", "", html)

    assert shown(again) == shown(sent)
    assert state("zoe") == "waiting"
    well()


def test_the_settings_of_the_list_are_the_rules_that_people_read(
    full: Event, client: FlaskClient
) -> None:
    values = {"offer_working_hours": True, "groups": "skip", "offers_after_closing": True}
    with transaction() as session:
        session.execute(update(Event).values(**values, offer_hours=5.0))
    form = words(client.get(FORM).text)
    for said in ("5 heures", "du lundi au vendredi", "peut passer avant", "jusqu’au début"):
        assert said in form, said


def test_ones_own_page_tells_the_rank_the_offer_and_its_end_and_lets_leave(
    full: Event, client: FlaskClient
) -> None:
    page = own(client, "dan")
    assert 'data-state="waiting"' in page
    assert "rang 3 de la liste" in words(page)
    assert "2 personnes sont avant vous" in words(page)
    assert "inscriptions/" + person("dan").public_id + ".ics" not in page
    assert client.get(f"/inscriptions/{person('dan').public_id}.ics").status_code == 404
    do(line_acts.move_to, "dan", rank=1, reason="Intervient à 10 h.")
    page = own(client, "dan")
    assert "Personne n’est avant vous" in words(page)
    assert "Intervient à 10 h." in words(page)
    assert 'data-state="cancelled"' in press(client, "dan", "annuler", page)
    leave("anne")
    page = own(client, "bea", "confirm")
    assert 'data-state="offered"' in page
    assert "jusqu’au mardi 5 janvier 2027 à 10 h (heure de Paris)" in words(page)
    for button in ("Prendre la place", "Laisser la place"):
        assert button in words(page), button
    assert 'data-state="confirmed"' in press(client, "bea", "confirmer", page)
    leave("bea")
    page = own(client, "chloe", "confirm")
    with clock.frozen(NOW + timedelta(days=2)):
        late = own(client, "chloe")
        assert 'data-state="expired"' in late
        assert "elle est passée à la personne suivante" in words(late)
    well()


def test_an_unproven_address_in_line_is_asked_to_prove_itself(
    make_event: Callable[..., Event], client: FlaskClient
) -> None:
    make_event(capacity=0, waiting_list=True)
    sign_up("bea", in_line=True)
    assert "ouvrez le lien du message" in words(own(client, "bea"))
    page = own(client, "bea", "confirm")
    assert "Confirmer mon adresse" in words(page)
    after = press(client, "bea", "confirmer", page)
    assert "rang 1" in words(after)
    assert "Confirmer mon adresse" not in words(after)


def send(client: FlaskClient, path: str, **data: str) -> tuple[int, str]:
    """Sends the form of a page as a person does."""
    form = hidden(client.get(path).text)
    answer = client.post(path, data=form | data)
    return answer.status_code, answer.text


def test_organisers_see_the_line_and_act_in_it(
    full: Event, organiser_client: Callable[..., FlaskClient]
) -> None:
    nadia = organiser_client()
    page = nadia.get(BASE + "liste-attente/").text
    names = re.findall(r"inscriptions/[\w-]+/\">(\w+) Martin", page)
    assert names == ["Bea", "Chloe", "Dan"]
    move = BASE + f"liste-attente/{person('dan').public_id}/deplacer/"
    assert send(nadia, move, rank="zéro", reason="x")[0] == 422
    status, text = send(nadia, move, rank="1", reason="")
    assert (status, "Écrivez le motif" in words(text) or "motif" in words(text)) == (422, True)
    seen = hidden(nadia.get(move).text)
    assert send(nadia, move, rank="1", reason="Intervient.")[0] == 303
    stale = nadia.post(move, data=seen | {"rank": "2", "reason": "Autre avis."})
    assert stale.status_code == 409
    assert "Autre avis." in stale.text, "what was typed stays"
    offer = BASE + f"liste-attente/{person('chloe').public_id}/proposer/"
    assert send(nadia, offer, reason="Vite.")[0] == 409  # no place is free
    settings = BASE + "reglages/"
    html = nadia.get(settings).text
    assert "liste-attente" in html
    leave("anne")
    assert state("dan") == "offered"
    page = nadia.get(BASE + "liste-attente/").text
    assert "Propositions sans réponse" in words(page)
    back = BASE + f"liste-attente/{person('dan').public_id}/retirer/"
    assert send(nadia, back, reason="Doublon.")[0] == 303
    assert state("dan") == "offered", "first in line: offered again"
    with transaction() as session:
        session.execute(update(Pool).values(capacity=0))
    assert "de trop" in words(nadia.get(BASE + "liste-attente/").text)
    well()


def test_a_reader_sees_the_line_but_acts_on_nobody(
    full: Event, organiser_client: Callable[..., FlaskClient]
) -> None:
    reader = organiser_client(role="reader", slug="journee")
    page = reader.get(BASE + "liste-attente/")
    assert page.status_code == 200
    assert "deplacer" not in page.text
    for act in ("deplacer", "proposer", "retirer"):
        path = BASE + f"liste-attente/{person('bea').public_id}/{act}/"
        assert reader.get(path).status_code == 403, act


def test_more_places_in_the_settings_serve_the_list_at_once(
    full: Event, organiser_client: Callable[..., FlaskClient]
) -> None:
    nadia = organiser_client()
    path = BASE + "reglages/"
    html = nadia.get(path).text
    fields = re.findall(r'<input class="fr-input" id="(\w+)"[^>]*?value="([^"]*)"', html)
    data = {name: unescape(value) for name, value in fields} | hidden(html)
    radios = re.findall(r'type="radio"[^>]*name="(\w+)" value="(\w+)" checked', html)
    boxes = re.findall(r'type="checkbox" id="(\w+)" name="\w+" value="y" checked', html)
    data |= dict(radios) | dict.fromkeys(boxes, "y")
    wrong = nadia.post(path, data=data | {"offer_hours": "beaucoup", "cancel_until": "hier"})
    assert wrong.status_code == 422
    assert "beaucoup" in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 2
    answer = nadia.post(path, data=data | {"capacity": "3"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "2 places ont été proposées" in words(answer.text)
    assert [state(n) for n in ("bea", "chloe", "dan")] == ["offered", "offered", "waiting"]
    well()


def test_the_timeline_page_lists_the_end_of_an_offer_in_the_zone_of_the_event(
    full: Event, organiser_client: Callable[..., FlaskClient]
) -> None:
    leave("anne")
    page = words(organiser_client().get(BASE + "calendrier/").text)
    assert "5 janvier 2027 à 10 h (heure de Paris) Des propositions de place" in page
    assert page.index("À venir") < page.index("Passé")


def test_somebody_in_line_to_be_decided_on_is_accepted_at_their_rank(
    make_event: Callable[..., Event], organiser_client: Callable[..., FlaskClient]
) -> None:
    make_event(capacity=0, confirmation_hours=0, waiting_list=True, approval="manual")
    sign_up("bea", in_line=True)
    nadia = organiser_client()
    assert "À examiner" in words(nadia.get(BASE + "liste-attente/").text)
    accept = BASE + f"inscriptions/{person('bea').public_id}/accepter/"
    assert send(nadia, accept, reason="")[0] == 303
    db.session.rollback()
    row = db.session.execute(select(Registration)).scalar_one()
    assert (row.state, row.cleared) == ("waiting", True)
    assert "Peut être servie" in words(nadia.get(BASE + "liste-attente/").text)


def test_more_places_of_a_workshop_in_the_form_serve_its_list_at_once(
    make_event: Callable[..., Event], organiser_client: Callable[..., FlaskClient]
) -> None:
    event = make_event(capacity=9, confirmation_hours=0, waiting_list=True)
    definition: dict[str, Any] = {
        "pools": [
            {
                "key": "atelier",
                "kind": "workshop",
                "label": "Atelier",
                "capacity": 0,
                "waiting_list": True,
            }
        ],
        "questions": [{"key": "venir", "kind": "yes_no", "label": "Venir", "pool": "atelier"}],
    }
    with transaction() as session:
        locked = session.get_one(Event, event.id)
        read = form_services.read(definition, zone="Europe/Paris")
        form_services.apply(locked, read, actor="operator", now=NOW)
    wishes = Wishes(pools={"atelier": 1}, form_version=1)
    assert sign_up("bea", wishes, in_line=True) == "waiting"
    nadia = organiser_client()
    assert "Atelier" in words(nadia.get(BASE + "liste-attente/").text)
    definition["pools"][0]["capacity"] = 1
    path = BASE + "formulaire/"
    file = (BytesIO(json.dumps(definition).encode()), "formulaire.yaml")
    answer = nadia.post(path, data=hidden(nadia.get(path).text) | {"file": file})
    assert answer.status_code == 303, words(answer.text)
    assert state("bea") == "offered"
    well()
