"""Who reaches which organiser page: the matrix of roles, and drafts that survive a session."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from eventreg.organisers.access import DRAFT_LIMIT
from eventreg.organisers.rules import Action, Role, can
from eventreg.shared import clock
from eventreg.shared.access import ORGANISER

EVENT_PAGES = {
    "": 200,
    "inscriptions/": 200,
    "inscriptions/{person}/": 200,
    "apercu/": 200,
    "courriels/": 200,
    "historique/": 200,
    "diffusion/": 200,
    "reglages/": 403,
    "medias/": 403,
    "publier/": 403,
    "retirer/": 403,
    "annuler/": 403,
    "exporter/": 403,
    "inscriptions/ajouter/": 403,
    "inscriptions/importer/": 403,
    "inscriptions/{person}/accepter/": 403,
    "inscriptions/{person}/refuser/": 403,
    "inscriptions/{person}/annuler/": 403,
}
CREATION_PAGES = ("/organisation/importer/", "/organisation/evenements/nouveau/")


@pytest.fixture
def scene(make_event: Any, make_registration: Any) -> str:
    """An event, one pending person; the path of the person's file is `{person}`."""
    event = make_event("journee", capacity=50)
    return str(make_registration(event, state="pending").public_id)


def pages(slug: str, person: str) -> list[str]:
    return [f"/organisation/evenements/{slug}/{p.format(person=person)}" for p in EVENT_PAGES]


def statuses(client: FlaskClient, paths: list[str]) -> list[int]:
    return [client.get(path).status_code for path in paths]


def test_a_stranger_is_sent_to_sign_in_whether_or_not_the_event_exists(
    client: FlaskClient, scene: str
) -> None:
    for slug in ("journee", "missing"):
        for path in pages(slug, scene):
            answer = client.get(path)
            assert (answer.status_code, answer.location) == (
                303,
                f"/organisation/connexion/?next={path}",
            )


def test_an_owner_of_all_events_opens_every_page(organiser_client: Any, scene: str) -> None:
    found = dict(
        zip(EVENT_PAGES, statuses(organiser_client(), pages("journee", scene)), strict=True)
    )
    assert found == {**dict.fromkeys(EVENT_PAGES, 200), "publier/": 200}
    assert statuses(organiser_client("b@example.org"), list(CREATION_PAGES)) == [200, 200]


@pytest.mark.parametrize("slug", [None, "journee"])
def test_a_reader_looks_and_does_nothing_else(
    organiser_client: Any, scene: str, slug: str | None
) -> None:
    client = organiser_client(role="reader", slug=slug)
    assert statuses(client, pages("journee", scene)) == list(EVENT_PAGES.values())
    assert statuses(client, list(CREATION_PAGES)) == [403, 403]


def test_a_reader_is_shown_no_button_for_what_is_refused(organiser_client: Any, scene: str) -> None:
    client = organiser_client(role="reader")
    text = "".join(client.get(path).text for path in pages("journee", scene)[:6])
    for end in ("exporter/", "ajouter/", "reglages/", "accepter/", "publier/", "retirer/"):
        assert f'{end}"' not in text


def test_an_owner_of_one_event_creates_none(organiser_client: Any, scene: str) -> None:
    client = organiser_client(slug="journee")
    assert statuses(client, pages("journee", scene)) == [200] * len(EVENT_PAGES)
    assert statuses(client, list(CREATION_PAGES)) == [403, 403]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_another_organisers_event_looks_like_a_missing_one(
    organiser_client: Any, make_event: Any, scene: str, method: str
) -> None:
    make_event("autre")
    client = organiser_client(slug="autre")
    for path in pages("journee", scene):
        foreign = client.open(path, method=method)
        missing = client.open(path.replace("journee", "missing"), method=method)
        assert foreign.status_code == missing.status_code
        assert foreign.status_code in {404, 405, 400}
        assert foreign.text.replace("journee", "missing") == missing.text
    assert "journee" not in client.get("/organisation/").text


def test_a_person_of_another_event_is_not_found_through_ones_own(
    organiser_client: Any, make_event: Any, scene: str
) -> None:
    make_event("autre")
    client = organiser_client(slug="autre")
    for end in ("", "accepter/", "refuser/", "annuler/"):
        path = f"/organisation/evenements/autre/inscriptions/{scene}/{end}"
        assert client.get(path).status_code == 404


def test_a_reader_cannot_act_by_posting(organiser_client: Any, scene: str) -> None:
    client = organiser_client(role="reader")
    token = re.search(
        r'name="csrf_token" value="([^"]+)"', client.get("/organisation/mes-sessions/").text
    )
    assert token is not None
    for path in pages("journee", scene)[list(EVENT_PAGES.values()).index(403) :]:
        data = {"csrf_token": token.group(1), "reason": "Une raison"}
        assert client.post(path, data=data).status_code == 403


def test_every_organiser_view_declares_an_action_of_the_table(app: Flask) -> None:
    declared = {
        endpoint: view.__dict__["access_rule"]
        for endpoint, view in app.view_functions.items()
        if endpoint.startswith(("backoffice.", "organisers."))
    }
    guarded = {e: action for e, (rule, action) in declared.items() if rule == ORGANISER}
    assert set(guarded.values()) <= set(Action)
    assert {e for e in declared if e not in guarded} == {
        "organisers.sign_in",
        "organisers.link_sent",
        "organisers.enter",
        "organisers.sign_out",
    }
    assert {name for name in app.before_request_funcs if name} >= {"backoffice", "organisers"}
    assert {a for a in guarded.values() if can(Role.READER, a)} == {Action.ENTER, Action.LOOK}


ADD = "/organisation/evenements/journee/inscriptions/ajouter/"


def csrf(page: Any) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


def test_what_was_typed_when_the_session_ended_comes_back_after_sign_in(
    organiser_client: Any, scene: str, now: datetime
) -> None:
    client = organiser_client(email="nadia@example.org")
    typed = {"given_name": "Inès", "family_name": "Lopez <b>", "reason": "Intervient à 9 h"}
    data = {"csrf_token": csrf(client.get(ADD)), **typed}
    with clock.frozen(now + timedelta(hours=3)):
        answer = client.post(ADD, data=data)
        assert (answer.status_code, answer.location) == (
            303,
            f"/organisation/connexion/?next={ADD}",
        )
        fresh = sign_in_again(client)
        page = client.get(ADD)
        assert 'value="Inès"' in page.text
        assert "Lopez &lt;b&gt;" in page.text
        assert "Intervient à 9 h</textarea>" in page.text
        assert "Ce que vous aviez écrit a été gardé" in page.text
        assert fresh
        assert 'value="Inès"' not in client.get(ADD).text


def sign_in_again(client: FlaskClient, email: str = "nadia@example.org") -> bool:
    from eventreg.organisers import services  # noqa: PLC0415
    from eventreg.shared.db import transaction  # noqa: PLC0415

    with transaction():
        code = services.link(email, life=timedelta(minutes=10), now=clock.utc_now())[1]
    path = f"/organisation/connexion/{code}"
    answer = client.post(path, data={"csrf_token": csrf(client.get(path))})
    return answer.status_code == 303


def test_a_kept_draft_is_not_shown_to_another_person(
    organiser_client: Any, scene: str, now: datetime
) -> None:
    organiser_client(email="other@example.org")
    client = organiser_client(email="nadia@example.org")
    data = {"csrf_token": csrf(client.get(ADD)), "given_name": "Inès"}
    with clock.frozen(now + timedelta(hours=3)):
        client.post(ADD, data=data)
        sign_in_again(client, "other@example.org")
        assert 'value="Inès"' not in client.get(ADD).text


def test_a_draft_too_long_for_a_cookie_is_given_back_on_the_page(
    organiser_client: Any, scene: str, now: datetime
) -> None:
    client = organiser_client()
    long_text = " ".join(str(number * 7919 % 10007) for number in range(3 * DRAFT_LIMIT))
    data = {"csrf_token": csrf(client.get(ADD)), "reason": long_text}
    with clock.frozen(now + timedelta(hours=3)):
        answer = client.post(ADD, data=data)
    assert answer.status_code == 403
    assert long_text in answer.text
    assert f'href="/organisation/connexion/?next={ADD}"' in answer.text


def test_signing_out_leaves_no_draft_in_the_browser(
    organiser_client: Any, scene: str, now: datetime
) -> None:
    client = organiser_client()
    data = {"csrf_token": csrf(client.get(ADD)), "given_name": "Inès"}
    with clock.frozen(now + timedelta(hours=3)):
        client.post(ADD, data=data)
        assert client.get_cookie("brouillon") is not None
        page = client.get("/organisation/connexion/")
        client.post("/organisation/deconnexion/", data={"csrf_token": csrf(page)})
        assert client.get_cookie("brouillon") is None
