"""Choosing among requests: notes that two organisers do not overwrite, a draw that can be replayed."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.events.models import Event
from eventreg.registration.models import Draw, Registration
from eventreg.registration.rules.selection import draw
from eventreg.shared.db import db

HOME = "/organisation/evenements/journee/"


def post(client: FlaskClient, path: str, **values: str) -> Any:
    """Sends the form of a page with its hidden values."""
    page = client.get(path).text
    hidden = dict(re.findall(r'<input type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', page))
    hidden = {k: v.replace("&#34;", '"') for k, v in hidden.items()}
    return client.post(path, data=hidden | values)


@pytest.fixture
def asked(
    make_event: Callable[..., Event], make_registration: Callable[..., Registration]
) -> list[str]:
    """Six people who await a decision for three places; their references."""
    event = make_event(capacity=3, approval="manual")
    names = ("anne", "bea", "chloe", "dan", "eve", "fanny")
    rows = [make_registration(event, email=f"{n}@example.org", state="pending") for n in names]
    return [row.public_id for row in rows]


def states() -> dict[str, str]:
    db.session.rollback()
    query = select(Registration.public_id, Registration.state)
    return dict(db.session.execute(query).tuples().all())


def test_a_draw_is_played_again_by_anybody_who_has_a_sum_and_a_list(
    organiser_client: Callable[..., FlaskClient], asked: list[str]
) -> None:
    client = organiser_client()
    assert post(client, HOME + "tirages/", places="2", among="all", seed="42").status_code == 303
    made = db.session.execute(select(Draw)).scalar_one()
    sums = sorted((hashlib.sha256(f"42:{key}".encode()).hexdigest(), key) for key in asked)
    assert made.chosen == [key for _sum, key in sums[:2]]
    page = client.get(HOME + f"tirages/{made.public_id}/").text
    assert all(key in page for key in asked)
    assert set(states().values()) == {"pending"}  # it decides nobody by itself
    path = HOME + f"tirages/{made.public_id}/"
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert token is not None
    client.post(path + "accepter/", data={"csrf_token": token[1]})
    assert {key for key, state in states().items() if state == "confirmed"} == set(made.chosen)


def test_accepting_more_people_than_there_are_places_names_those_left(
    organiser_client: Callable[..., FlaskClient], asked: list[str]
) -> None:
    client = organiser_client()
    page = client.get(HOME + "demandes/").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    data = {"csrf_token": token[1], "qui": asked[:4], "act": "accepter", "reason": ""}
    answer = client.post(HOME + "demandes/", data=data, follow_redirects=True)
    assert list(states().values()).count("confirmed") == 3
    assert "telle quelle" in answer.text
    assert answer.text.count("Camille Martin") == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"places": "0", "among": "all", "seed": "a"}, "places"),
        ({"places": "deux", "among": "all", "seed": "a"}, "places"),
        ({"places": "2", "among": "shortlist", "seed": "a"}, "among"),
        ({"places": "2", "among": "all", "seed": "x" * 81}, "seed"),
        ({"places": "2", "among": "elsewhere", "seed": "a"}, "among"),
    ],
)
def test_a_draw_that_cannot_be_made_says_so_beside_its_field(
    organiser_client: Callable[..., FlaskClient],
    asked: list[str],
    typed: dict[str, str],
    field: str,
) -> None:
    answer = post(organiser_client(), HOME + "tirages/", **typed)
    assert answer.status_code == 422
    assert re.search(rf'href="#{field}[^"]*"', answer.text)
    assert not db.session.execute(select(Draw)).first()


def test_notes_of_two_organisers_do_not_overwrite_each_other(
    organiser_client: Callable[..., FlaskClient], asked: list[str]
) -> None:
    client = organiser_client()
    path = HOME + f"inscriptions/{asked[0]}/selection/"
    old = client.get(path).text
    assert post(client, path, score="80", notes="Très bien", shortlisted="y").status_code == 303
    hidden = dict(re.findall(r'<input type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', old))
    hidden = {k: v.replace("&#34;", '"') for k, v in hidden.items()}
    late = client.post(path, data=hidden | {"score": "10", "notes": "Non"})
    assert late.status_code == 409
    assert "Très bien" in late.text  # theirs
    assert 'value="10"' in late.text  # mine
    row = db.session.execute(
        select(Registration).where(Registration.public_id == asked[0])
    ).scalar_one()
    assert (row.score, row.organiser_notes, row.shortlisted) == (80, "Très bien", True)
    shown = client.get(HOME + "demandes/?liste=preselection").text
    assert shown.count('name="qui"') == 1


@pytest.mark.any_database
def test_a_party_that_no_longer_fits_is_passed_over() -> None:
    people = [("a", 3), ("b", 1), ("c", 1)]
    order = sorted(people, key=lambda p: hashlib.sha256(f"s:{p[0]}".encode()).hexdigest())
    expected, left = [], 2
    for key, seats in order:
        if seats <= left:
            expected.append(key)
            left -= seats
    assert draw(people, seed="s", places=2) == expected == draw(people[::-1], seed="s", places=2)
