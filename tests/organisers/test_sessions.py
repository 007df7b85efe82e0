"""Sessions kept on the server: they end by themselves, by sign-out, and from another browser."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.organisers.models import OrganiserSession
from eventreg.shared import clock
from eventreg.shared.db import db

HOME = "/organisation/"
SESSIONS = "/organisation/mes-sessions/"


def csrf(page: Any) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize(
    ("visits", "at", "status"),
    [
        ([], timedelta(hours=2, seconds=-1), 200),
        ([], timedelta(hours=2), 303),
        ([timedelta(hours=1)], timedelta(hours=3, seconds=-1), 200),
        ([timedelta(hours=1)], timedelta(hours=3), 303),
        ([timedelta(hours=h) for h in range(1, 12)], timedelta(hours=12, seconds=-1), 200),
        ([timedelta(hours=h) for h in range(1, 12)], timedelta(hours=12), 303),
    ],
)
def test_a_session_ends_when_idle_and_at_twelve_hours(
    organiser_client: Any, now: datetime, visits: list[timedelta], at: timedelta, status: int
) -> None:
    client = organiser_client()
    for visit in visits:
        with clock.frozen(now + visit):
            assert client.get(HOME).status_code == 200
    with clock.frozen(now + at):
        assert client.get(HOME).status_code == status


def test_seen_is_written_once_a_minute_at_most(
    organiser_client: Any, now: datetime, count_queries: Any
) -> None:
    client = organiser_client()
    with clock.frozen(now + timedelta(seconds=59)), count_queries() as seen:
        client.get(SESSIONS)
    assert [s for s in seen if s.startswith("UPDATE")] == []
    with clock.frozen(now + timedelta(seconds=60)), count_queries() as seen:
        client.get(SESSIONS)
    assert len([s for s in seen if s.startswith("UPDATE")]) == 1


def test_sign_out_ends_the_session_on_the_server(organiser_client: Any, app: Flask) -> None:
    client = organiser_client()
    cookie = client.get_cookie("organisation")
    answer = client.post("/organisation/deconnexion/", data={"csrf_token": csrf(client.get(HOME))})
    assert (answer.status_code, answer.location) == (303, "/organisation/connexion/")
    thief = app.test_client()
    thief.set_cookie("organisation", cookie.value)
    assert thief.get(HOME).status_code == 303


def test_sign_out_wants_a_post_with_the_token(organiser_client: Any) -> None:
    client = organiser_client()
    assert client.get("/organisation/deconnexion/").status_code == 405
    assert client.post("/organisation/deconnexion/").status_code == 400
    assert client.get(HOME).status_code == 200


def test_sign_out_without_a_session_says_the_same(client: FlaskClient) -> None:
    token = csrf(client.get("/organisation/connexion/"))
    answer = client.post("/organisation/deconnexion/", data={"csrf_token": token})
    assert answer.location == "/organisation/connexion/"


def session_ids(email_session_count: int) -> list[int]:
    db.session.rollback()
    found = db.session.execute(
        select(OrganiserSession.id)
        .where(OrganiserSession.ended_at.is_(None))
        .order_by(OrganiserSession.id)
    ).scalars()
    keys = list(found)
    assert len(keys) == email_session_count
    return keys


def test_a_person_ends_a_session_left_open_elsewhere(
    organiser_client: Any, app: Flask, make_code: Any, post: Any
) -> None:
    left_open = organiser_client(email="nadia@example.org")
    here = app.test_client()
    post(here, f"/organisation/connexion/{make_code()}")
    old, _new = session_ids(2)
    page = here.get(SESSIONS)
    assert page.text.count("<tr>") == 3
    answer = here.post(f"{SESSIONS}{old}/terminer/", data={"csrf_token": csrf(page)})
    assert answer.status_code == 303
    assert left_open.get(HOME).status_code == 303
    assert here.get(HOME).status_code == 200


def test_all_other_sessions_end_at_once(
    organiser_client: Any, app: Flask, make_code: Any, post: Any
) -> None:
    left_open = organiser_client(email="nadia@example.org")
    here = app.test_client()
    post(here, f"/organisation/connexion/{make_code()}")
    data = {"csrf_token": csrf(here.get(SESSIONS))}
    assert here.post(f"{SESSIONS}terminer-les-autres/", data=data).status_code == 303
    assert [left_open.get(HOME).status_code, here.get(HOME).status_code] == [303, 200]


def test_another_persons_session_looks_like_a_missing_one(organiser_client: Any) -> None:
    victim = organiser_client(email="victim@example.org")
    (key,) = session_ids(1)
    other = organiser_client(email="other@example.org")
    data = {"csrf_token": csrf(other.get(SESSIONS))}
    foreign = other.post(f"{SESSIONS}{key}/terminer/", data=data)
    missing = other.post(f"{SESSIONS}999999/terminer/", data=data)
    assert [foreign.status_code, missing.status_code] == [404, 404]
    assert victim.get(HOME).status_code == 200
