"""What organisers decide: accept, refuse, add by hand, take a place back."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from eventreg.events.models import Pool
from eventreg.registration import errors, queries, services
from eventreg.registration.models import Registration
from eventreg.registration.rules import State
from eventreg.registration.services import Applicant
from eventreg.registration.services.decisions import locked
from eventreg.shared import clock
from eventreg.shared.db import transaction
from eventreg.shared.errors import Invalid
from tests.conftest import NOW
from tests.registration.stories import (
    HOUR,
    at_once,
    confirm,
    decide,
    letters,
    person,
    person_locked,
    sign_up,
    steps,
    taken,
)

pytestmark = pytest.mark.usefixtures("now", "ctx", "sound_at_the_end")


@pytest.fixture
def asked(make_event: Callable[..., Any]) -> Any:
    """An event with one seat and one person who awaits a decision."""
    event = make_event(capacity=1, approval="manual")
    sign_up()
    confirm()
    return event


@pytest.mark.usefixtures("asked")
def test_accepting_takes_the_seat_and_says_so() -> None:
    assert decide(accept=True, reason="Bienvenue") is State.CONFIRMED
    assert (taken(), letters()[-1]) == (1, "accepted")
    assert person().confirmed_at == NOW


@pytest.mark.usefixtures("asked")
def test_refusing_needs_a_reason_and_tells_it() -> None:
    with pytest.raises(Invalid):
        decide(accept=False)
    assert decide(accept=False, reason="La salle est petite.") is State.REJECTED
    assert (taken(), letters()[-1]) == (0, "rejected")


@pytest.mark.usefixtures("asked")
def test_nobody_is_accepted_into_a_full_event_and_nothing_is_half_done() -> None:
    event = queries.signup_facts("journee")
    assert event is not None
    with transaction() as session:
        session.get_one(Pool, event.pool_id).capacity = 0
    with pytest.raises(errors.Full):
        decide(accept=True)
    assert (person().state, taken(), letters()[-1]) == ("pending", 0, "pending")
    assert steps("accept") == 0


@pytest.mark.usefixtures("asked")
def test_a_second_decision_comes_too_late() -> None:
    decide(accept=True)
    with pytest.raises(errors.NotPossible):
        decide(accept=False, reason="Trop tard")
    assert letters().count("rejected") == 0


def test_of_two_organisers_who_decide_at_once_one_is_told_that_it_is_done(
    app: Flask, asked: Any
) -> None:
    public_id, event_id = person().public_id, asked.id

    def one(accept: bool) -> Callable[[], str]:
        def act() -> str:
            with transaction():
                row = locked(event_id, public_id)
                assert row is not None
                return str(services.decide(row, accept=accept, reason="Motif", actor="organiser:1"))

        return act

    found = at_once(app, [one(True), one(False)])
    assert found in (["NotPossible", "confirmed"], ["NotPossible", "rejected"])
    assert len([kind for kind in letters() if kind in {"accepted", "rejected"}]) == 1


def test_of_two_people_accepted_at_once_for_one_seat_one_gets_it(app: Flask, asked: Any) -> None:
    sign_up(email="second@example.org")
    confirm("second@example.org")

    def accept(email: str) -> Callable[[], State]:
        return lambda: decide(accept=True, email=email)

    found = at_once(app, [accept("camille@example.org"), accept("second@example.org")])
    assert found == ["Full", "confirmed"]
    assert taken() == 1


def by_hand(event: Any, email: str = "camille@example.org", **values: Any) -> Registration:
    with transaction():
        return services.add_by_hand(
            event,
            Applicant.from_text(email, "Camille", "Martin"),
            actor="organiser:1",
            locale="fr",
            **{"reason": "Intervenante", **values},
        )


def test_somebody_is_added_by_hand_after_the_deadline_with_a_reason(
    make_event: Callable[..., Any],
) -> None:
    event = make_event(capacity=1, closes_at=NOW + HOUR)
    with clock.frozen(NOW + 2 * HOUR):
        with pytest.raises(Invalid):
            by_hand(event, reason="")
        made = by_hand(event)
        assert (made.state, made.source, taken()) == ("confirmed", "organiser", 1)
        assert letters() == ["confirmed"]


def test_adding_by_hand_keeps_the_capacity_unless_told_otherwise(
    make_event: Callable[..., Any],
) -> None:
    event = make_event(capacity=0)
    with pytest.raises(errors.Full):
        by_hand(event)
    assert (taken(), letters()) == (0, [])
    by_hand(event, over_capacity=True)
    assert taken() == 1


def test_adding_somebody_who_is_there_already_says_so(make_event: Callable[..., Any]) -> None:
    event = make_event(capacity=5)
    sign_up()
    with pytest.raises(errors.AlreadyRegistered):
        by_hand(event, " CAMILLE@example.org ")
    assert taken() == 1


def test_taking_a_place_back_for_somebody_needs_a_reason_and_tells_it(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    confirm()
    with pytest.raises(Invalid), transaction():
        services.take_back(person_locked("camille@example.org"), reason="", actor="organiser:1")
    with transaction():
        services.take_back(
            person_locked("camille@example.org"), reason="Salle plus petite", actor="organiser:1"
        )
    assert (taken(), letters()[-1]) == (0, "cancelled")
    assert person().decision_reason == "Salle plus petite"


def test_a_registration_of_another_event_is_not_found_from_here(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    other = make_event("autre", capacity=1)
    sign_up()
    with transaction():
        assert locked(other.id, person().public_id) is None
        assert locked(other.id, "unknown") is None
