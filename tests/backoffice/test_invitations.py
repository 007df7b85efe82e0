"""The organisers' page of invitations: a list typed or pasted, errors by line, a fresh sign-in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.events.models import Event
from eventreg.registration.models import Invitation
from eventreg.shared import clock
from eventreg.shared.db import db
from tests.conftest import NOW

PAGE = "/organisation/evenements/journee/invitations/"
pytestmark = pytest.mark.usefixtures("now")


def invited() -> list[tuple[str, str]]:
    db.session.rollback()
    query = select(Invitation.email, Invitation.family_name).order_by(Invitation.id)
    return [tuple(row) for row in db.session.execute(query)]


def test_a_list_pasted_from_a_spreadsheet_is_invited(
    make_event: Callable[..., Event], organiser_client: Callable[..., FlaskClient], post: Any
) -> None:
    make_event()
    client = organiser_client()
    lines = "Adresse\tPrénom\tNom\nanne@example.org\tAnne\tMartin\nBea@Example.org;Bea;Durand\n"
    answer = post(client, PAGE, guests=lines, bound="y", locale="fr")
    assert answer.status_code == 303, answer.text
    assert invited() == [("anne@example.org", "Martin"), ("Bea@Example.org", "Durand")]
    assert "2 invitations partent" in client.get(PAGE).text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"guests": "anne@example.org\nnobody\n@x"}, "2, 3"),
        ({"guests": "   "}, "au moins une adresse"),
        ({"guests": "anne@example.org", "skips_deadline": "y"}, "raison"),
        ({"guests": "anne@example.org", "expires_at": "2020-01-01T10:00"}, "fin entre"),
        ({"guests": "anne@example.org", "expires_at": "demain"}, "2027-01-12T18:00"),
    ],
)
def test_what_cannot_be_sent_is_said_beside_its_field_and_nothing_leaves(
    make_event: Callable[..., Event],
    organiser_client: Callable[..., FlaskClient],
    post: Any,
    typed: dict[str, str],
    said: str,
) -> None:
    make_event()
    answer = post(organiser_client(), PAGE, **{"bound": "y", "locale": "fr", **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert typed["guests"].strip().partition("\n")[0] in answer.text  # what was typed stays
    assert invited() == []


def test_letters_in_the_service_s_name_want_a_fresh_sign_in(
    make_event: Callable[..., Event], organiser_client: Callable[..., FlaskClient]
) -> None:
    make_event()
    client = organiser_client()
    for hours in (1, 2):  # the session itself is kept awake
        with clock.frozen(NOW + timedelta(hours=hours, minutes=-1)):
            assert client.get("/organisation/").status_code == 200
    with clock.frozen(NOW + timedelta(hours=2, minutes=1)):
        answer = client.get(PAGE)
        assert (answer.status_code, "recent=1" in answer.location) == (303, True)
