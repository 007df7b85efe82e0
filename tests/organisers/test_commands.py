"""Accounts on the command line."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from eventreg.organisers.models import Organiser, OrganiserRole
from eventreg.shared.db import db

PREFIX = "http://localhost/organisation/connexion/"


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["organisers", *arguments])


def roles() -> list[tuple[str, int | None, str]]:
    db.session.rollback()
    query = (
        select(Organiser.email, OrganiserRole.event_id, OrganiserRole.role)
        .join(OrganiserRole, OrganiserRole.organiser_id == Organiser.id)
        .order_by(OrganiserRole.id)
    )
    return [tuple(row) for row in db.session.execute(query)]


def test_create_prints_a_link_that_signs_in(app: Flask, ctx: None, post: Any) -> None:
    result = run(app, "create", "Nadia@Example.org", "--name", "Nadia  Roussel")
    assert result.exit_code == 0
    (link,) = result.stdout.split()
    assert link.startswith(PREFIX)
    assert result.stderr == "This link works once, within 60 minutes:\n"
    client = app.test_client()
    assert post(client, link.removeprefix("http://localhost")).status_code == 303
    assert client.get("/organisation/").status_code == 200
    assert roles() == [("nadia@example.org", None, "owner")]


def test_create_for_one_event_gives_a_role_there_alone(app: Flask, make_event: Any) -> None:
    event = make_event("journee")
    result = run(
        app, "create", "a@example.org", "--name", "A", "--role", "reader", "--event", "journee"
    )
    assert result.exit_code == 0
    assert roles() == [("a@example.org", event.id, "reader")]


def test_create_again_adds_or_changes_a_role(app: Flask, make_event: Any) -> None:
    event = make_event("journee")
    run(app, "create", "a@example.org", "--name", "A", "--role", "reader")
    assert run(app, "create", "a@example.org", "--name", "A", "--event", "journee").exit_code == 0
    assert run(app, "create", "a@example.org", "--name", "A").exit_code == 0
    assert roles() == [("a@example.org", None, "owner"), ("a@example.org", event.id, "owner")]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["create", "nadia@example.org", "--name", "N"], 1, "Ce compte a déjà ce rôle"),
        (
            ["create", "b@example.org", "--name", "B", "--event", "missing"],
            1,
            "Aucun événement n’a ce nom court",
        ),
        (["link", "missing@example.org"], 1, "Aucun compte actif"),
        (["create", "nadia@", "--name", "N"], 2, "not an e-mail address"),
        (["create", "b@example.org", "--name", " "], 2, "printable"),
        (["create", "b@example.org", "--name", "a\x1b[31m"], 2, "printable"),
        (["create", "b@example.org", "--name", "B", "--role", "king"], 2, "king"),
        (["create", "b@example.org"], 2, "--name"),
    ],
)
def test_mistakes_are_told_on_stderr(
    app: Flask, make_organiser: Any, arguments: list[str], code: int, message: str
) -> None:
    make_organiser()
    result = run(app, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_refused_command_writes_nothing(app: Flask, make_organiser: Any) -> None:
    make_organiser()
    run(app, "create", "b@example.org", "--name", "B", "--event", "missing")
    assert roles() == [("nadia@example.org", None, "owner")]


def test_link_prints_another_link(app: Flask, make_organiser: Any) -> None:
    make_organiser()
    first, second = (run(app, "link", "nadia@example.org").stdout for _ in range(2))
    assert first != second
    assert second.startswith(PREFIX)
