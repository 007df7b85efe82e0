"""A cancelling undone, and people who come back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from eventreg.events.models import Event
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import errors, queries, services
from eventreg.registration.rules import State
from eventreg.registration.services import (
    Applicant,
    pools,
    returning,
)
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.registration.people import (
    HOUR,
    MINUTE,
    act,
    again,
    back,
    change,
    counts,
    kinds,
    leave,
    person,
    sign_up,
    state,
    well,
)

pytestmark = pytest.mark.usefixtures("now", "ctx")


def test_a_cancelling_is_undone_for_half_an_hour(make_event: Callable[..., Event]) -> None:
    make_event(capacity=1, confirmation_hours=0)
    sign_up("anne")
    leave("anne")
    with clock.frozen(NOW + 30 * MINUTE - timedelta(seconds=1)):
        assert back("anne", returning.restore) is State.CONFIRMED
        assert back("anne", returning.restore) is State.CONFIRMED  # twice is once
    assert kinds("anne@example.org") == ["confirmed", "cancelled", "confirmed"]
    assert (person("anne").cancelled_at, counts()[""]) == (None, (1, 0))
    well()
    leave("anne")
    with clock.frozen(NOW + 30 * MINUTE), pytest.raises(errors.TooLateToUndo):
        back("anne", returning.restore)


def test_an_undo_after_the_deadline_takes_nobody_s_place_and_brings_nobody_new_in(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=1, confirmation_hours=0, closes_at=NOW + HOUR)
    sign_up("anne")
    with clock.frozen(NOW + HOUR - MINUTE):
        leave("anne")
        sign_up("bea")
        with clock.frozen(NOW + HOUR):
            with pytest.raises(errors.Full):
                back("anne", returning.restore)
            with pytest.raises(errors.Closed):
                back("anne", returning.come_back)
            leave("bea")
            assert back("bea", returning.restore) is State.CONFIRMED
            well()


def test_an_undo_returns_to_the_line_with_the_rank_of_before(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=1, confirmation_hours=0, waiting_list=True)
    sign_up("anne")
    for minute, name in enumerate(("bea", "chloe"), 1):
        with clock.frozen(NOW + minute * MINUTE):
            sign_up(name, in_line=True)
    rank = person("bea").queue_rank
    leave("bea")
    assert back("bea", returning.restore) is State.WAITING
    assert person("bea").queue_rank == rank
    well()
    leave("anne")  # offered to Bea at once: Anne was there before everybody in line
    assert state("bea") == "offered"
    assert back("anne", returning.restore) is State.WAITING
    leave("bea")
    assert [state(n) for n in ("anne", "chloe")] == ["offered", "waiting"]
    well()


def test_what_the_organisers_cancelled_is_not_undone_by_its_person(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    act("anne", lambda row: services.take_back(row, reason="Doublon.", actor="organiser:1"))
    with pytest.raises(errors.TooLateToUndo):
        back("anne", returning.restore)
    with pytest.raises(errors.NotPossible):
        back("anne", returning.come_back)


@pytest.mark.parametrize("how", [returning.restore, returning.come_back])
def test_whoever_signed_up_again_meanwhile_is_not_there_twice(
    make_event: Callable[..., Event], how: Callable[..., State]
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    first = person("anne").public_id
    leave("anne")
    with clock.frozen(NOW + MINUTE):
        page = queries.signup_page("journee")
        assert page is not None
        applicant = Applicant.from_text("anne@example.org", "Anne", "Martin")
        prepared = services.prepare(page, applicant, locale="fr")
        with transaction():
            services.register(prepared, key="again", payload={})
        with pytest.raises(errors.SignedUpAgain):
            again(first, how)
        well()


def test_coming_back_is_a_sign_up_under_the_same_rules(make_event: Callable[..., Event]) -> None:
    make_event(capacity=1)
    sign_up("anne")
    act("anne", services.confirm)
    leave("anne")
    with clock.frozen(NOW + HOUR):
        assert back("anne", returning.come_back) is State.CONFIRMED
        row = person("anne")
        assert (row.proven_at, row.decided_at) == (NOW, NOW + HOUR)
        leave("anne")
        sign_up("bea")
    with clock.frozen(NOW + 2 * HOUR):
        with pytest.raises(errors.Full):
            back("anne", returning.come_back)
        change(waiting_list=True)
        assert back("anne", returning.come_back) is State.WAITING
        assert person("anne").queue_rank == (NOW + 2 * HOUR).timestamp()
        well()
        leave("anne")
        change(approval="manual", capacity=2)
        assert back("anne", returning.come_back) is State.PENDING
        assert not person("anne").cleared
        well()
        leave("anne")
        change(audience="public_agents")
        with pytest.raises(errors.NotEligible):
            back("anne", returning.come_back)
        change(audience="anyone", closes_at=NOW + 2 * HOUR)
        with pytest.raises(errors.Closed):
            back("anne", returning.come_back)


def test_a_deadline_that_passes_in_the_line_for_the_seat_closes(
    make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=5, confirmation_hours=0, closes_at=NOW + HOUR)
    sign_up("anne")
    leave("anne")
    taking = pools.apply

    def slow(*args: Any, **options: Any) -> Any:
        done = taking(*args, **options)
        stack.append(clock.frozen(NOW + HOUR))
        stack[-1].__enter__()
        return done

    stack: list[Any] = []
    monkeypatch.setattr(pools, "apply", slow)
    with clock.frozen(NOW + HOUR - MINUTE):
        try:
            with pytest.raises(errors.Closed):
                act("anne", returning.come_back)
        finally:
            for frozen in reversed(stack):
                frozen.__exit__(None, None, None)
    assert (state("anne"), counts()[""]) == ("cancelled", (0, 0))


def test_whoever_never_confirmed_comes_back_with_what_they_typed(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=1, confirmation_hours=1)
    sign_up("anne")
    with transaction():
        letter = db.session.query(OutboxMessage).one()
        letter.state, letter.sent_at = "sent", NOW
    with clock.frozen(NOW + 2 * HOUR):  # the minute job did not come by
        assert back("anne", returning.come_back) is State.CONFIRMED
        assert person("anne").proven_at == NOW + 2 * HOUR
        well()
