"""People in bulk for trials: they hold seats, are traced, and fit or do not come at all."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from eventreg.events import queries as events
from eventreg.events import services as event_services
from eventreg.operations.invariants import all_findings
from eventreg.registration import importing, queries
from eventreg.registration.errors import Full
from eventreg.shared.db import db, transaction


def fill(slug: str, count: int, now: datetime) -> None:
    with transaction():
        importing.fill(event_services.locked(slug), count, now)


def test_people_filled_in_twice_are_traced_seated_and_no_twins(
    make_event: Callable[..., Any], now: datetime
) -> None:
    event = make_event(capacity=60)
    fill("journee", 40, now)
    fill("journee", 20, now)
    assert queries.figures(event.id) == {"confirmed": 60}
    assert events.pool(event.id).taken == 60
    assert [finding for finding in all_findings(now) if not finding.ok] == []


def test_more_people_than_places_leave_nothing_behind(
    make_event: Callable[..., Any], now: datetime
) -> None:
    event = make_event(capacity=3)
    with pytest.raises(Full):
        fill("journee", 4, now)
    assert queries.figures(event.id) == {}
    assert events.pool(event.id).taken == 0


def test_the_command_adds_nobody_when_not_all_fit(
    app: Flask, make_event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make_event(capacity=3)
    monkeypatch.setattr(importing, "fill", lambda *_arguments: pytest.fail("nothing was checked"))
    answer = app.test_cli_runner().invoke(args=["attendees", "fill", "journee", "--count", "4"])
    assert (answer.exit_code, answer.stderr) == (1, "Error: Il ne reste aucune place.\n")
    db.session.rollback()
    assert queries.figures(event.id) == {}
