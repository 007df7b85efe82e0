"""The consequences of a deadline: once, to each organiser, however late the worker is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from eventreg.events import services as event_services
from eventreg.organisers import services as organisers
from eventreg.organisers.rules import Role
from eventreg.registration import services
from eventreg.registration.models import Closing
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.registration.stories import HOUR, at_once, letters, sign_up, steps

pytestmark = pytest.mark.usefixtures("now", "ctx", "sound_at_the_end")


def closings() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(Closing)).scalar_one())


@pytest.fixture
def with_owner(make_event: Callable[..., Any]) -> Any:
    event = make_event(capacity=5, closes_at=NOW + HOUR, contact_email="contact@example.org")
    with transaction():
        organisers.create(
            "owner@example.org",
            name="Nadia Roussel",
            role=Role("owner"),
            event_slug="journee",
            now=NOW,
        )
    return event


@pytest.mark.usefixtures("with_owner")
def test_the_consequences_of_a_closing_come_once_to_each_organiser() -> None:
    sign_up()
    assert services.close_due(NOW + HOUR - timedelta(seconds=1)) == 0
    assert services.close_due(NOW + HOUR) == 1
    assert services.close_due(NOW + HOUR) == 0
    assert services.close_due(NOW + 5 * HOUR) == 0
    assert letters("owner@example.org") == ["closing_recap"]
    assert letters("contact@example.org") == ["closing_recap"]
    assert (steps("closed"), closings()) == (1, 1)


@pytest.mark.usefixtures("with_owner")
def test_a_worker_that_sleeps_for_two_days_draws_the_consequences_when_it_wakes() -> None:
    assert services.close_due(NOW + timedelta(days=2)) == 1
    assert letters("owner@example.org") == ["closing_recap"]


@pytest.mark.usefixtures("with_owner")
def test_two_workers_at_once_draw_the_consequences_once(app: Flask) -> None:
    found = at_once(app, [lambda: services.close_due(NOW + HOUR)] * 4)
    assert found == ["0", "0", "0", "1"]
    assert (letters("owner@example.org"), steps("closed")) == (["closing_recap"], 1)


@pytest.mark.usefixtures("with_owner")
def test_a_deadline_moved_later_opens_again_and_is_closed_a_second_time() -> None:
    services.close_due(NOW + HOUR)
    later = NOW + 2 * HOUR
    with clock.frozen(later):
        with transaction():
            event_services.change(
                event_services.locked("journee"),
                {"closes_at": later + HOUR},
                actor="operator",
                now=later,
            )
        sign_up()
        assert services.close_due(later) == 0
    assert services.close_due(later + HOUR) == 1
    assert letters("owner@example.org") == ["closing_recap"] * 2


@pytest.mark.usefixtures("with_owner")
def test_a_draft_and_an_event_that_was_over_before_it_was_shown_are_not_closed(
    make_event: Callable[..., Any],
) -> None:
    make_event("brouillon", state="draft", closes_at=NOW + HOUR)
    make_event("ancien", starts_at=NOW - timedelta(days=30), published_at=NOW)
    assert services.close_due(NOW + HOUR) == 1


@pytest.mark.usefixtures("with_owner")
def test_a_contact_that_cannot_be_written_to_does_not_stop_the_closing() -> None:
    with transaction():
        event_services.locked("journee").contact_email = "not an address"
    assert services.close_due(NOW + HOUR) == 1
    assert letters("owner@example.org") == ["closing_recap"]


@pytest.mark.usefixtures("with_owner")
def test_mutant_a_closing_that_is_not_noted_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventreg.registration.services.closing.insert_or_none", lambda *_a: 1)
    assert services.close_due(NOW + HOUR) == 1
    assert services.close_due(NOW + HOUR) == 1
    # The unique letter is a second wall: organisers are not written to twice even so.
    assert letters("owner@example.org") == ["closing_recap"]
