"""A list is uploaded, reported on, then entered: nothing is written before, nothing kept between."""

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.events.models import Event
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import queries
from eventreg.registration.models import Registration
from eventreg.shared.db import db

ASK = "/organisation/evenements/journee/inscriptions/importer/"
CONFIRM = f"{ASK}confirmer/"
HIDDEN = re.compile(r'<input [^>]*name="(sealed|reason|language|wait|quiet|csrf_token)"[^>]*>')
LIST = (
    "Nom;Prénom;Courriel;Allergie\n"
    "Martin;<b>Camille;c@ville-lille.gouv.fr;\n"
    "Martin;Louis;l@ville-lille.gouv.fr;\n"
    "Durand;;d@gmail.com;\n"
    "Petit;Zoé;z@gmail.com;\n"
).encode()


@pytest.fixture
def event(make_event: Callable[..., Event]) -> Event:
    return make_event(audience="public_agents", capacity=5)


def hidden(page: Any) -> dict[str, str]:
    tags = [tag for tag in HIDDEN.finditer(page.text) if 'type="hidden"' in tag[0]]
    return {tag[1]: unescape(re.findall(r'value="([^"]*)"', tag[0])[0]) for tag in tags}


def upload(client: FlaskClient, data: bytes = LIST, name: str = "l.csv", **more: str) -> Any:
    fields = hidden(client.get(ASK)) | {"language": "fr"} | more
    body = fields | {"file": (io.BytesIO(data), name)}
    return client.post(ASK, data=body, content_type="multipart/form-data")


def confirm(client: FlaskClient, report: Any, path: str = CONFIRM, **changes: str) -> Any:
    return client.post(path, data=hidden(report) | changes, content_type="multipart/form-data")


def figures(event: Event) -> dict[str, int]:
    db.session.rollback()
    return queries.figures(event.id)


def test_the_report_tells_rows_and_writes_nothing_then_the_list_enters_once(
    organiser_client: Callable[..., FlaskClient], event: Event
) -> None:
    client = organiser_client()
    report = upload(client, LIST.replace(b"<b>", b""))
    assert report.status_code == 200
    assert "2 lignes sont refusées" in report.text
    assert "gmail.com" in report.text
    assert "Allergie" in report.text
    assert figures(event) == {}
    done = confirm(client, report)
    assert (done.status_code, done.location) == (303, ASK.removesuffix("importer/"))
    assert figures(event) == {"confirmed": 2}
    again = confirm(client, report)  # the button pressed twice
    assert again.status_code == 303
    assert figures(event) == {"confirmed": 2}
    query = select(OutboxMessage.kind).where(OutboxMessage.registration_id.is_not(None))
    assert db.session.execute(query).scalars().all() == ["confirmed"] * 2


def test_names_are_those_of_the_form_and_markup_is_text(
    organiser_client: Callable[..., FlaskClient], event: Event
) -> None:
    report = upload(organiser_client(), LIST.replace(b"Allergie", b"<i>x</i>"))
    assert "Écrivez le nom seul" in report.text
    assert "<i>x</i>" not in report.text


def test_a_reason_decides_for_whom_the_conditions_refuse_and_carries_a_name(
    organiser_client: Callable[..., FlaskClient], event: Event
) -> None:
    client = organiser_client()
    data = LIST.replace(b"<b>", b"").replace(b"Durand;", b"Durand;Ana")
    report = upload(client, data, reason="Jury", quiet="y")
    assert confirm(client, report).status_code == 303
    db.session.rollback()
    query = select(Registration).where(Registration.email_key == "z@gmail.com")
    one = db.session.execute(query).scalar_one()
    assert (one.state, one.decision_reason) == ("confirmed", "Jury")
    assert one.eligibility_by.startswith("organiser")
    letter = select(OutboxMessage.id).where(OutboxMessage.registration_id == one.id)
    assert db.session.execute(letter).first() is None


def test_only_the_list_that_was_read_here_comes_back(
    organiser_client: Callable[..., FlaskClient],
    event: Event,
    make_event: Callable[..., Event],
) -> None:
    client = organiser_client()
    report = upload(client)
    other = make_event("autre")
    elsewhere = confirm(client, report, CONFIRM.replace("journee", "autre"))
    altered = confirm(client, report, sealed="x")
    assert (elsewhere.status_code, altered.status_code) == (422, 422)
    assert figures(event) == figures(other) == {}


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "liste.csv", "Le fichier ne contient pas de liste"),
        (b"a;b\n1;2", "liste.csv", "Il manque ces colonnes"),
        (LIST, "liste.pdf", "Choisissez un fichier"),
        (b"PK\x03\x04zip", "liste.xlsx", "ne peut pas être lu"),
    ],
)
def test_a_file_that_is_no_list_is_told_beside_its_field(
    organiser_client: Callable[..., FlaskClient],
    event: Event,
    data: bytes,
    name: str,
    words: str,
) -> None:
    answer = upload(organiser_client(), data, name)
    assert answer.status_code == 422
    assert words in unescape(answer.text)
