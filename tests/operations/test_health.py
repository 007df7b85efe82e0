"""/healthz says that the process is alive, /readyz that the database takes writes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sa_event
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from eventreg.shared import clock
from eventreg.shared.db import db
from eventreg.shared.models import Probe
from tests.conftest import NOW


def _probes(app: Flask) -> list[Any]:
    with app.app_context():
        found = list(db.session.execute(select(Probe.at)).scalars())
        db.session.remove()
    return found


def _read_only(app: Flask) -> Callable[[], None]:
    """The database answers reads and refuses writes, as on a full disk; gives the way back."""

    def refuse(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE")):
            raise OperationalError(statement, {}, Exception("disk full"))

    with app.app_context():
        engine = db.engine
    sa_event.listen(engine, "before_cursor_execute", refuse)
    return lambda: sa_event.remove(engine, "before_cursor_execute", refuse)


def test_readiness_writes_each_time(app: Flask, client: FlaskClient) -> None:
    for minutes in (0, 1):
        at = NOW + timedelta(minutes=minutes)
        with clock.frozen(at):
            answer = client.get("/readyz")
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})
        assert _probes(app) == [at]


def test_a_database_that_takes_no_writes_is_not_ready_but_the_process_lives(
    app: Flask, client: FlaskClient
) -> None:
    give_back = _read_only(app)
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json) == (503, {"status": "unavailable"})
        assert client.get("/healthz").status_code == 200
    finally:
        give_back()
    assert client.get("/readyz").status_code == 200


def test_a_queue_that_is_away_is_degraded_not_dead(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> int:
        raise ConnectionError

    monkeypatch.setattr(app.extensions["huey"].storage, "queue_size", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "degraded"})


def test_mutant_a_readiness_that_only_reads_is_seen(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventreg.operations.health.write_probe", lambda _now: None)
    client.get("/readyz")
    assert _probes(app) == []  # the first test asks for a row


def test_a_sign_up_while_the_disk_is_full_is_told_to_come_back_and_keeps_what_was_typed(
    app: Flask, client: FlaskClient, make_event: Callable[..., Any]
) -> None:
    make_event(capacity=5)
    path = "/agenda/journee/inscription/"
    page = client.get(path).text
    hidden = {
        name: page.split(f'name="{name}"')[1].split('value="')[1].split('"')[0]
        for name in ("csrf_token", "idempotency_key")
    }
    data = {**hidden, "email": "a@example.org", "given_name": "Agathe", "family_name": "Leroy"}
    give_back = _read_only(app)
    try:
        answer = client.post(path, data=data)
    finally:
        give_back()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert 'value="Agathe"' in answer.text
    assert 'data-refusal="unavailable"' in answer.text
    assert client.post(path, data=data).status_code == 303
