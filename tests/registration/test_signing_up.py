"""Signing up where the form does not tell: keys, twins, settings that change under it."""

from collections.abc import Callable
from typing import Any

import pytest

from eventreg.events import services as event_services
from eventreg.registration import errors, queries, services
from eventreg.registration.rules import State
from eventreg.registration.services import Applicant
from eventreg.shared import clock
from eventreg.shared.db import transaction
from tests.conftest import NOW
from tests.registration.stories import HOUR, confirm, decide, letters, person, sign_up, steps, taken

pytestmark = pytest.mark.usefixtures("now", "ctx", "sound_at_the_end")


def test_settings_that_changed_under_the_form_are_looked_at_again(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    page = queries.signup_page("journee")
    assert page is not None
    applicant = Applicant.from_text("camille@example.org", "Camille", "Martin")
    prepared = services.prepare(page, applicant, locale="fr")
    with transaction():
        event_services.change(
            event_services.locked("journee"), {"venue": "Lyon"}, actor="operator", now=NOW
        )
    with pytest.raises(errors.NotPossible), transaction():
        services.register(prepared, key="k", payload={})
    assert taken() == 0


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"state": "draft"}, errors.NoSignUp),
        ({"state": "cancelled"}, errors.Closed),
        ({"registration_mode": "none"}, errors.NoSignUp),
        ({"opens_at": NOW + HOUR}, errors.NotOpen),
        ({"closes_at": NOW}, errors.Closed),
        ({"capacity": 0}, errors.Full),
    ],
)
def test_a_sign_up_that_cannot_be_taken_is_refused_and_leaves_no_trace(
    make_event: Callable[..., Any], values: dict[str, Any], refusal: type[Exception]
) -> None:
    make_event(**{"capacity": 2, **values})
    with pytest.raises(refusal):
        sign_up()
    assert (letters(), steps("registered"), taken()) == ([], 0, 0)


def test_a_pending_person_takes_a_seat_at_once_where_the_event_says_so(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, approval="manual", pending_holds_seat=True, confirmation_hours=0.0)
    sign_up()
    assert (person().state, taken()) == ("pending", 1)
    with pytest.raises(errors.Full):
        sign_up(email="second@example.org")
    assert decide(accept=True) is State.CONFIRMED
    assert taken() == 1


def test_a_pending_person_takes_none_otherwise_but_a_full_event_takes_no_more_requests(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, approval="manual", confirmation_hours=0.0)
    sign_up()
    sign_up(email="second@example.org")
    assert taken() == 0
    decide(accept=True)
    with pytest.raises(errors.Full):
        sign_up(email="third@example.org")


def test_one_key_has_one_answer_and_another_payload_is_refused(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    assert sign_up(key="k") == sign_up(key="k")
    with pytest.raises(errors.KeyReused):
        sign_up(email="other@example.org", key="k")
    with clock.frozen(NOW + 24 * HOUR):
        assert sign_up(key="k") != sign_up(key="fresh")
    assert taken() == 1


def test_the_same_key_is_known_even_when_it_was_not_seen_before_the_write(
    make_event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two clicks at the same instant: both look before either writes."""
    make_event(capacity=2)
    first, look = sign_up(key="k"), queries.locked
    monkeypatch.setattr(queries, "locked", lambda *given: (look(*given)[0], None))
    assert sign_up(key="k") == first
    assert taken() == 1


@pytest.mark.parametrize("proven", [False, True])
def test_a_twin_learns_by_mail_alone_and_at_most_once_an_hour(
    make_event: Callable[..., Any], proven: bool
) -> None:
    make_event(capacity=2)
    sign_up(key="first")
    if proven:
        confirm()
    for number in range(3):
        sign_up(key=f"again{number}")
    with clock.frozen(NOW + HOUR):
        sign_up(key="an hour later")
    assert letters().count("already_registered") == 2
    assert taken() == 1


def test_a_twin_that_ends_between_two_statements_leaves_nothing_half_done(
    make_event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=2)
    sign_up()
    monkeypatch.setattr(queries, "active_of", lambda *_who: None)
    with pytest.raises(errors.NotPossible):
        sign_up(key="again")
    assert (taken(), letters()) == (1, ["confirm_address"])


def test_a_private_address_is_refused_where_only_public_agents_come(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2, audience="public_agents", closes_at=NOW + HOUR)
    with pytest.raises(errors.NotEligible):
        sign_up(email="somebody@gmail.com")
    with clock.frozen(NOW + HOUR), pytest.raises(errors.Closed):
        sign_up(email="somebody@gmail.com")
    assert letters("somebody@gmail.com") == []
