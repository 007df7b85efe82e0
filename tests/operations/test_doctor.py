"""`eventreg doctor`: each check sees its own fault, and says so with its exit code."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from alembic import command as alembic
from flask import Flask
from sqlalchemy import text

from eventreg.operations import invariants, migrations
from eventreg.registration import queries, services
from eventreg.registration.services import Applicant
from eventreg.shared import clock, disk
from eventreg.shared import db as database
from eventreg.shared.db import db, is_sqlite, transaction

CHECKS = [
    "settings",
    "theme",
    "database",
    "schema",
    "seats",
    "lines",
    "seat_states",
    "letters",
    "mails",
    "twins",
    "deadlines",
    "trace",
    "waiting",
    "retention",
    "queue",
]


def doctor(app: Flask) -> tuple[int, dict[str, bool]]:
    """The exit code and, for each check, whether it holds."""
    result = app.test_cli_runner().invoke(args=["doctor", "--json"])
    rows = json.loads(result.stdout)
    assert [set(row) for row in rows] == [{"check", "ok", "message"}] * len(rows)
    return result.exit_code, {row["check"]: row["ok"] for row in rows}


def off(app: Flask) -> list[str]:
    """The checks that are off; the exit code agrees."""
    code, checks = doctor(app)
    wrong = [name for name, ok in checks.items() if not ok]
    assert code == (1 if wrong else 0)
    return wrong


def change(statement: str, **values: Any) -> None:
    """One statement of the sort that no code of ours would send."""
    db.session.rollback()
    with db.engine.begin() as connection:
        for part in statement.split(";"):
            connection.execute(text(part), values)


@pytest.fixture
def healthy(app: Flask, ctx: None, make_event: Callable[..., Any]) -> Iterator[Any]:
    """An event with two people who signed up by the form; one of them proved the address."""
    event = make_event(capacity=5)
    for name in ("camille", "dominique"):
        page = queries.signup_page("journee")
        assert page is not None
        applicant = Applicant.from_text(f"{name}@example.org", name.title(), "Martin")
        prepared = services.prepare(page, applicant, locale="fr")
        with transaction():
            services.register(prepared, key=name, payload={})
    with transaction():
        services.confirm(_first())
    yield event
    db.session.rollback()


def _first() -> Any:
    facts = queries.signup_facts("journee")
    assert facts is not None
    found = queries.active_of(facts.event_id, "camille@example.org")
    assert found is not None
    return found


def test_a_healthy_instance_is_well_and_every_check_is_there(app: Flask, healthy: Any) -> None:
    code, checks = doctor(app)
    assert list(checks) == CHECKS
    assert (code, all(checks.values())) == (0, True)


BREAKS: dict[str, tuple[str, str]] = {
    "a counter that drifted": ("UPDATE pools SET taken = taken + 1", "seats"),
    "a seat held by nobody's right": (
        "UPDATE registrations SET seats = 2 WHERE email_key = 'camille@example.org'",
        "seats seat_states",
    ),
    "a sign-up without its letter": (
        "DELETE FROM outbox WHERE kind = 'confirm_address' AND recipient = 'dominique@example.org'",
        "letters",
    ),
    "a letter in a state of its own": (
        "UPDATE outbox SET state = 'lost' WHERE kind = 'confirmed'",
        "mails",
    ),
    "a letter sent at no time": (
        "UPDATE outbox SET state = 'sent' WHERE kind = 'confirmed'",
        "mails",
    ),
    "a letter taken without a lease": (
        "UPDATE outbox SET state = 'sending' WHERE kind = 'confirmed'",
        "mails",
    ),
    "somebody let in late": (
        "UPDATE registrations SET decided_at = :later WHERE email_key = 'camille@example.org'",
        "deadlines",
    ),
    "a change without a trace": (
        "UPDATE registrations SET state = 'expired', seats = 0 "
        "WHERE email_key = 'dominique@example.org'",
        "seats trace",
    ),
    "a trace that does not follow": (
        "UPDATE audit_entries SET old_state = 'waiting' WHERE action = 'prove'",
        "trace",
    ),
    "a trace that was deleted": ("DELETE FROM audit_entries WHERE action = 'registered'", "trace"),
    "somebody who waits beside a free seat": (
        "INSERT INTO registration_seats (registration_id, pool_id, seats, held, lacking) "
        "SELECT registrations.id, pools.id, 1, false, false FROM registrations, pools "
        "WHERE email_key = 'dominique@example.org';"
        "UPDATE registrations SET state = 'waiting', seats = 0 "
        "WHERE email_key = 'dominique@example.org'",
        "seats trace waiting",
    ),
    "somebody in line for nothing": (
        "UPDATE registrations SET state = 'waiting', seats = 0 "
        "WHERE email_key = 'dominique@example.org'",
        "seats lines trace",
    ),
    "a counter of those who wait that drifted": ("UPDATE pools SET waiting = 1", "lines"),
    "people kept too long": ("UPDATE events SET starts_at = :long_ago", "deadlines retention"),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_each_broken_invariant_is_seen_by_its_check_and_by_no_other(
    app: Flask, healthy: Any, fault: str
) -> None:
    statement, expected = BREAKS[fault]
    at = clock.utc_now()
    values: dict[str, datetime] = {
        "later": at + timedelta(days=30),
        "long_ago": at - timedelta(days=200),
    }
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    change(statement, **{k: v.replace(tzinfo=None) if is_sqlite() else v for k, v in used.items()})
    assert off(app) == expected.split()


def test_people_active_twice_are_seen(app: Flask, healthy: Any) -> None:
    """The index forbids it: the check is for a database that lost it."""
    index = next(
        i
        for i in db.metadata.tables["registrations"].indexes
        if i.name == "uq_registrations_active"
    )
    change("DROP INDEX uq_registrations_active")
    try:
        change("UPDATE registrations SET email_key = 'camille@example.org'")
        assert off(app) == ["twins"]
    finally:
        change("UPDATE registrations SET state = 'cancelled'")
        with db.engine.begin() as connection:
            index.create(connection)


def test_a_schema_that_is_behind_is_seen(app: Flask, healthy: Any) -> None:
    revision = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    db.session.rollback()
    change("UPDATE alembic_version SET version_num = '0000'")
    try:
        assert off(app) == ["schema"]
    finally:
        change("UPDATE alembic_version SET version_num = :known", known=revision)


def test_a_database_without_tables_is_told_and_not_asked_for_more(app: Flask, ctx: None) -> None:
    alembic.downgrade(migrations.config(), "base")
    try:
        assert doctor(app) == (
            1,
            {**dict.fromkeys(CHECKS[:3], True), "schema": False, "queue": True},
        )
    finally:
        alembic.upgrade(migrations.config(), "head")


def test_a_database_that_does_not_check_its_references_is_seen(
    app: Flask, healthy: Any, database_name: str
) -> None:
    if database_name != "sqlite":
        pytest.skip("these settings are SQLite's")
    db.session.rollback()
    db.engine.dispose()  # one connection from here on
    raw = db.session.connection().connection.dbapi_connection
    assert raw is not None
    db.session.rollback()
    raw.execute("PRAGMA foreign_keys=OFF")
    assert off(app) == ["database"]


def test_a_disk_that_does_not_answer_is_seen(
    app: Flask, healthy: Any, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_name != "sqlite":
        pytest.skip("PostgreSQL waits for its disk itself")

    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk, "_sync", broken)
    monkeypatch.setattr(database, "_copy_log", lambda: False)
    try:
        assert off(app) == ["database"]
    finally:
        disk.log_of.cache_clear()


def test_the_state_theme_on_a_name_that_is_not_the_state_s_is_seen(
    app: Flask, healthy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["settings"]
    values = {"env": "production", "base_url": "https://example.org", "theme": "state"}
    for name, value in values.items():
        monkeypatch.setitem(settings.__dict__, name, value)
    assert off(app) == ["theme"]
    monkeypatch.setitem(settings.__dict__, "base_url", "https://agenda.example.gouv.fr")
    assert off(app) == []


def test_the_words_for_people_say_what_is_off(app: Flask, healthy: Any) -> None:
    change("UPDATE pools SET taken = taken + 1")
    result = app.test_cli_runner().invoke(args=["doctor"])
    lines = result.stdout.splitlines()
    assert [line.split("\t")[1] for line in lines] == CHECKS
    (seats,) = [line for line in lines if line.startswith("OFF")]
    assert seats.split("\t")[1] == "seats"
    assert "3 counted, 2 held" in seats
    assert result.exit_code == 1


def test_mutant_a_check_that_looks_away_is_seen(
    app: Flask, healthy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = invariants.Finding("seats", True, "seats = rows")
    monkeypatch.setattr(invariants, "seats_match_rows", lambda: blind)
    change("UPDATE pools SET taken = taken + 1")
    assert off(app) == []  # the first of BREAKS asks for ["seats"]


# ---- the checks that only tests can feed


def test_an_acknowledgement_that_nobody_stored_is_seen(ctx: None, healthy: Any) -> None:
    assert invariants.acknowledged([]).ok
    finding = invariants.acknowledged(["never-stored"])
    assert (finding.ok, finding.message) == (False, "never-stored")


def test_more_people_than_seats_are_seen(ctx: None, healthy: Any) -> None:
    assert invariants.within_capacity().ok
    change("UPDATE pools SET capacity = 1")
    assert not invariants.within_capacity().ok
