"""Signing in by a mailed link: once, in time, without telling who has an account."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from eventreg.audit.models import AuditEntry
from eventreg.mailing.models import OutboxMessage
from eventreg.organisers import access
from eventreg.organisers.models import Organiser, OrganiserSession, SignInLink
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from eventreg.shared.tokens import digest

SIGN_IN = "/organisation/connexion/"


def rows(model: type[Any]) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(model)).scalar_one())


def comparable(text: str) -> str:
    """A page without its anti-forgery token."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", text)


def test_a_known_address_receives_a_link_that_signs_in(
    client: FlaskClient, make_organiser: Any, post: Any, sign_in_mails: Any
) -> None:
    make_organiser()
    answer = post(client, SIGN_IN, email=" Nadia@Example.org ")
    assert (answer.status_code, answer.location) == (303, "/organisation/connexion/envoyee/")
    (mail,) = sign_in_mails()
    assert mail.recipient == "nadia@example.org"
    link = re.search(r"http://localhost(/organisation/connexion/[\w-]+)", mail.text)
    assert link is not None
    answer = post(client, link.group(1))
    assert (answer.status_code, answer.location) == (303, "/organisation/")
    assert client.get("/organisation/").status_code == 200


def test_an_unknown_address_gets_the_same_answer_and_no_mail(
    app: Flask, make_organiser: Any, post: Any, sign_in_mails: Any
) -> None:
    make_organiser()
    pages = []
    for email in ("nadia@example.org", "stranger@example.org"):
        client = app.test_client()
        answer = post(client, SIGN_IN, email=email)
        headers = {k: v for k, v in answer.headers if k not in ("X-Request-Id", "Set-Cookie")}
        pages.append((answer.status_code, headers, comparable(client.get(answer.location).text)))
    assert pages[0] == pages[1]
    assert [mail.recipient for mail in sign_in_mails()] == ["nadia@example.org"]
    assert rows(SignInLink) == 1


def test_an_unknown_address_costs_the_same_statements(
    client: FlaskClient, make_organiser: Any, post: Any, count_queries: Any
) -> None:
    make_organiser()
    seen = {}
    for email in ("nadia@example.org", "stranger@example.org"):
        with count_queries() as statements:
            post(client, SIGN_IN, email=email)
        seen[email] = [s for s in statements if "SAVEPOINT" not in s]
    assert seen["nadia@example.org"] == seen["stranger@example.org"]


def test_without_any_account_the_answer_is_the_same(
    client: FlaskClient, post: Any, sign_in_mails: Any
) -> None:
    assert post(client, SIGN_IN, email="stranger@example.org").status_code == 303
    assert sign_in_mails() == []


def test_a_switched_off_account_receives_nothing(
    client: FlaskClient, make_organiser: Any, post: Any, sign_in_mails: Any
) -> None:
    organiser = make_organiser()
    with transaction() as session:
        session.get_one(Organiser, organiser.id).active = False
    assert post(client, SIGN_IN, email="nadia@example.org").status_code == 303
    assert sign_in_mails() == []


def test_three_links_an_hour_are_mailed_and_the_fourth_looks_the_same(
    client: FlaskClient, make_organiser: Any, post: Any, sign_in_mails: Any, now: datetime
) -> None:
    make_organiser()
    answers = [post(client, SIGN_IN, email="nadia@example.org") for _ in range(4)]
    assert {(a.status_code, a.location) for a in answers} == {(303, f"{SIGN_IN}envoyee/")}
    assert len(sign_in_mails()) == 3
    with clock.frozen(now + timedelta(hours=1, seconds=1)):
        post(client, SIGN_IN, email="nadia@example.org")
    assert len(sign_in_mails()) == 4


def test_a_wrong_address_is_told_beside_the_field(client: FlaskClient, post: Any) -> None:
    answer = post(client, SIGN_IN, email="nadia@")
    assert answer.status_code == 422
    assert "<title>Erreur (1) – " in answer.text
    assert 'value="nadia@"' in answer.text
    assert answer.text.count("Saisissez une adresse électronique complète") == 2


def test_opening_the_link_changes_nothing(
    client: FlaskClient, make_organiser: Any, make_code: Any
) -> None:
    make_organiser()
    path = f"{SIGN_IN}{make_code()}"
    for _ in range(3):
        page = client.get(path)
        assert page.status_code == 200
    assert client.head(path).status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert rows(OrganiserSession) == 0


def test_a_link_works_once(app: Flask, make_organiser: Any, make_code: Any, post: Any) -> None:
    make_organiser()
    path = f"{SIGN_IN}{make_code()}"
    first, second = app.test_client(), app.test_client()
    page = second.get(path)
    assert post(first, path).status_code == 303
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    answer = second.post(path, data={"csrf_token": token.group(1)})
    assert answer.status_code == 410
    assert 'data-refusal="expired_link"' in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert second.get("/organisation/").status_code == 303
    assert first.get(path).status_code == 410


@pytest.mark.parametrize(
    ("age", "status"), [(timedelta(minutes=10, seconds=-1), 303), (timedelta(minutes=10), 410)]
)
def test_a_link_lives_ten_minutes(
    client: FlaskClient,
    make_organiser: Any,
    make_code: Any,
    now: datetime,
    age: timedelta,
    status: int,
) -> None:
    make_organiser()
    path = f"{SIGN_IN}{make_code()}"
    page = client.get(path)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    with clock.frozen(now + age):
        assert client.post(path, data={"csrf_token": token.group(1)}).status_code == status


def test_an_unknown_code_looks_like_a_spent_one(client: FlaskClient) -> None:
    page = client.get(f"{SIGN_IN}{'x' * 43}")
    assert page.status_code == 410


def test_signing_in_wants_the_forms_token(
    client: FlaskClient, make_organiser: Any, make_code: Any
) -> None:
    make_organiser()
    assert client.post(f"{SIGN_IN}{make_code()}").status_code == 400
    assert rows(OrganiserSession) == 0


def test_codes_and_secrets_are_stored_as_hashes(
    client: FlaskClient, make_organiser: Any, make_code: Any, post: Any
) -> None:
    make_organiser()
    code = make_code()
    post(client, f"{SIGN_IN}{code}")
    cookie = client.get_cookie("organisation")
    assert cookie is not None
    db.session.rollback()
    link = db.session.execute(select(SignInLink)).scalar_one()
    session = db.session.execute(select(OrganiserSession)).scalar_one()
    assert (link.code_hash, session.id_hash) == (digest(code), digest(cookie.value))
    assert len(code) >= 43
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_the_cookie_is_host_bound_and_secure_behind_https(make_app: Callable[..., Flask]) -> None:
    app = make_app(base_url="https://evenements.example")
    with app.test_request_context():
        made = access.remember(app.make_response(""), "secret")
    assert made.headers["Set-Cookie"] == (
        "__Host-organisation=secret; Expires=" + made.headers["Set-Cookie"].split("Expires=")[1]
    )
    assert made.headers["Set-Cookie"].endswith(
        "; Max-Age=43200; Secure; HttpOnly; Path=/; SameSite=Lax"
    )


def test_signing_in_again_ends_the_session_of_this_browser(
    client: FlaskClient, make_organiser: Any, make_code: Any, post: Any
) -> None:
    make_organiser()
    post(client, f"{SIGN_IN}{make_code()}")
    before = client.get_cookie("organisation")
    post(client, f"{SIGN_IN}{make_code()}")
    after = client.get_cookie("organisation")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    db.session.rollback()
    ended = dict(
        db.session.execute(select(OrganiserSession.id_hash, OrganiserSession.ended_at)).all()
    )
    assert ended[digest(before.value)] is not None
    assert ended[digest(after.value)] is None


def test_signing_in_goes_back_to_the_page_asked_for(
    client: FlaskClient, make_organiser: Any, post: Any, sign_in_mails: Any
) -> None:
    make_organiser()
    answer = client.get("/en/organisation/mes-sessions/")
    assert answer.location == (
        "/en/organisation/connexion/?next=%2Fen%2Forganisation%2Fmes-sessions%2F"
    ).replace("%2F", "/")
    page = client.get(answer.location)
    assert 'value="/en/organisation/mes-sessions/"' in page.text
    post(
        client,
        "/en/organisation/connexion/",
        email="nadia@example.org",
        next="/en/organisation/mes-sessions/",
    )
    (mail,) = sign_in_mails()
    assert mail.locale == "en"
    link = re.search(r"http://localhost(/en/organisation/connexion/[\w-]+)", mail.text)
    assert link is not None
    assert post(client, link.group(1)).location == "/en/organisation/mes-sessions/"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_a_foreign_target_is_dropped(
    client: FlaskClient, make_organiser: Any, post: Any, sign_in_mails: Any, target: str
) -> None:
    make_organiser()
    page = client.get(SIGN_IN, query_string={"next": target})
    assert 'name="next" value=""' in page.text
    post(client, SIGN_IN, email="nadia@example.org", next=target)
    (mail,) = sign_in_mails()
    link = re.search(r"http://localhost(/organisation/connexion/[\w-]+)", mail.text)
    assert link is not None
    assert post(client, link.group(1)).location == "/organisation/"


def test_the_trace_holds_ids_alone(
    client: FlaskClient, make_organiser: Any, make_code: Any, post: Any
) -> None:
    organiser = make_organiser()
    post(client, f"{SIGN_IN}{make_code()}")
    db.session.rollback()
    found = db.session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars().all()
    assert [(e.action, e.actor) for e in found] == [
        ("organiser_role", "operator"),
        ("sign_in_link", "operator"),
        ("sign_in", f"organiser:{organiser.id}"),
    ]
    assert "nadia" not in repr([e.details for e in found]).lower()


def test_no_mail_is_sent_from_the_view(client: FlaskClient, make_organiser: Any, post: Any) -> None:
    make_organiser()
    post(client, SIGN_IN, email="nadia@example.org")
    db.session.rollback()
    assert db.session.execute(select(OutboxMessage.state)).scalars().all() == ["queued"]
