"""Proving the mailbox, holds that end, cancelling, fresh links."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from eventreg.registration import errors, queries, services
from eventreg.registration.rules import State
from eventreg.registration.services import self_service
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.registration.stories import (
    HOUR,
    at_once,
    cancel,
    confirm,
    deliver,
    letters,
    person,
    sign_up,
    steps,
    taken,
)

pytestmark = pytest.mark.usefixtures("now", "ctx", "sound_at_the_end")


def test_confirming_twice_is_confirming_once(make_event: Callable[..., Any]) -> None:
    make_event(capacity=2)
    sign_up()
    assert (confirm(), confirm()) == (State.CONFIRMED, State.CONFIRMED)
    assert (taken(), steps("prove")) == (1, 1)
    assert letters() == ["confirm_address", "confirmed"]


def test_a_proven_address_waits_for_an_organiser_where_one_decides(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2, approval="manual")
    sign_up()
    assert confirm() is State.PENDING
    assert (taken(), letters()) == (0, ["confirm_address", "pending"])


@pytest.mark.parametrize("failed", [False, True], ids=["delivered", "given up"])
@pytest.mark.parametrize(
    ("late", "state"),
    [(-timedelta(seconds=1), State.CONFIRMED), (timedelta(0), State.EXPIRED)],
    ids=["a second before the end", "at the end"],
)
def test_a_hold_ends_at_its_instant_whether_or_not_the_job_came_by(
    make_event: Callable[..., Any], late: timedelta, state: State, failed: bool
) -> None:
    make_event(capacity=1)
    sign_up()
    deliver("camille@example.org", NOW + HOUR, failed=failed)
    with clock.frozen(NOW + 25 * HOUR + late):
        assert confirm() is state
        assert taken() == (1 if state is State.CONFIRMED else 0)
        assert person().ended_at == (None if state is State.CONFIRMED else clock.utc_now())


def test_a_hold_whose_letter_is_still_on_its_way_does_not_end(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    with clock.frozen(NOW + timedelta(days=5)):
        assert services.expire_due(clock.utc_now()) == 0
        assert confirm() is State.CONFIRMED


def test_a_hold_taken_before_the_closing_may_be_confirmed_after_it(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, closes_at=NOW + HOUR)
    sign_up()
    deliver("camille@example.org", NOW)
    with clock.frozen(NOW + 2 * HOUR):
        with pytest.raises(errors.Closed):
            sign_up(email="late@example.org")
        assert confirm() is State.CONFIRMED


def test_nobody_confirms_once_the_event_has_started(make_event: Callable[..., Any]) -> None:
    make_event(capacity=1, starts_at=NOW + HOUR)
    sign_up()
    with clock.frozen(NOW + HOUR):
        assert confirm() is State.EXPIRED


def test_mutant_a_hold_that_never_ends_is_seen(
    make_event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=1)
    sign_up()
    deliver("camille@example.org", NOW)
    monkeypatch.setattr(self_service.rules, "hold_ends_at", lambda **_facts: None)
    with clock.frozen(NOW + timedelta(days=2)):
        assert confirm() is State.CONFIRMED  # the test above asks for EXPIRED


def test_cancelling_frees_the_seat_once_and_kills_the_links(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    confirm()
    nonce = person().nonce
    assert (cancel(), cancel()) == (State.CANCELLED, State.CANCELLED)
    assert (taken(), steps("cancel")) == (0, 1)
    assert letters() == ["confirm_address", "confirmed", "cancelled"]
    with pytest.raises(errors.ExpiredLink), transaction():
        self_service.held(person().public_id, nonce)
    sign_up(email="next@example.org")
    assert taken() == 1


def test_a_mailbox_that_never_answered_is_not_written_to_when_its_hold_is_cancelled(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    cancel()
    assert (letters(), taken()) == (["confirm_address"], 0)


def test_somebody_who_cancelled_signs_up_again_as_new(make_event: Callable[..., Any]) -> None:
    make_event(capacity=1)
    sign_up()
    cancel()
    sign_up(key="another")
    assert person().state == "unconfirmed"
    assert taken() == 1


def test_a_registrant_does_not_cancel_once_the_event_has_started_and_an_organiser_may(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, starts_at=NOW + HOUR)
    sign_up()
    confirm()
    with clock.frozen(NOW + HOUR):
        with pytest.raises(errors.NotPossible):
            cancel()
        assert cancel(actor="organiser:1") is State.CANCELLED


def test_asking_for_links_gives_fresh_ones_and_kills_the_old_ones(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    sign_up()
    confirm()
    before = person()
    public_id, nonce = before.public_id, before.nonce
    with transaction():
        services.send_links(canonical("Camille@example.org"), locale="fr", now=NOW)
    assert letters()[-1] == "my_links"
    with pytest.raises(errors.ExpiredLink), transaction():
        self_service.held(public_id, nonce)
    with transaction():
        assert self_service.held(public_id, person().nonce).state == "confirmed"


def test_asking_for_links_of_an_unknown_address_writes_nothing(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    with transaction():
        services.send_links(canonical("nobody@example.org"), locale="fr", now=NOW)
    assert letters("nobody@example.org") == []


def test_holds_that_ended_are_given_back_once_in_batches_and_the_others_stay(
    make_event: Callable[..., Any], make_registration: Callable[..., Any]
) -> None:
    make_event(capacity=200)
    for number in range(60):
        sign_up(email=f"old{number}@example.org")
    for number in range(60):
        deliver(f"old{number}@example.org", NOW)
    sign_up(email="waiting@example.org")
    assert taken() == 61
    end = NOW + 24 * HOUR
    assert services.expire_due(end - timedelta(seconds=1)) == 0
    assert services.expire_due(end) == 60
    assert services.expire_due(end) == 0
    assert (taken(), steps("expire")) == (1, 60)
    with clock.frozen(end):
        sign_up(email="old0@example.org", key="again")
    assert taken() == 2


def test_two_workers_at_once_give_each_seat_back_once(
    app: Flask, make_event: Callable[..., Any]
) -> None:
    make_event(capacity=20)
    for number in range(8):
        sign_up(email=f"old{number}@example.org")
        deliver(f"old{number}@example.org", NOW)
    found = at_once(app, [lambda: services.expire_due(NOW + 24 * HOUR)] * 3)
    assert sum(map(int, found)) == 8
    assert (taken(), steps("expire")) == (0, 8)


def test_every_hold_ends_when_the_event_starts(make_event: Callable[..., Any]) -> None:
    make_event(capacity=2, starts_at=NOW + HOUR)
    sign_up()
    assert services.expire_due(NOW + HOUR - timedelta(seconds=1)) == 0
    assert services.expire_due(NOW + HOUR) == 1
    assert person().state == "expired"


@pytest.mark.parametrize("state", ["cancelled", "archived"])
def test_nobody_is_confirmed_for_an_event_that_will_not_take_place(
    now, make_event, make_registration, state
):
    event = make_event()
    person = make_registration(event, state="unconfirmed")
    with transaction():
        event.state = state
    with pytest.raises(errors.EventOver), transaction():
        self_service.confirm(person)
    db.session.expire_all()
    assert queries.by_public_id(person.public_id).state == "unconfirmed"
