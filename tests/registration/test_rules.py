"""States, holds and deadlines: each edge one second before, at, and after."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from eventreg.events.rules import SignupFacts
from eventreg.registration import rules
from eventreg.registration.rules import ACTIVE, ALWAYS_HOLDING, TRANSITIONS, Act, State

pytestmark = pytest.mark.any_database
T = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EDGES = (-SECOND, timedelta(0), SECOND)


def facts(**values: object) -> SignupFacts:
    base: dict[str, object] = {
        "event_id": 1,
        "slug": "x",
        "version": 1,
        "event_state": "published",
        "mode": "internal",
        "starts_at": T + timedelta(days=1),
        "ends_at": None,
        "timezone": "Europe/Paris",
        "opens_at": None,
        "closes_at": T,
        "pool_id": 1,
        "capacity": 2,
        "taken": 0,
    }
    return SignupFacts(**{**base, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "approval", "proof_asked", "expected"),
    [
        (outcome, approval, proof, expected)
        for (outcome, approval, expected_after), proof in product(
            [
                ("eligible", "none", State.CONFIRMED),
                ("eligible", "manual", State.PENDING),
                ("review", "none", State.PENDING),
                ("review", "manual", State.PENDING),
            ],
            [True, False],
        )
        for expected in [State.UNCONFIRMED if proof else expected_after]
    ],
)
def test_a_mailbox_is_proven_before_anybody_is_asked_to_decide(
    outcome: str, approval: str, proof_asked: bool, expected: State
) -> None:
    found = rules.first_state(outcome=outcome, approval=approval, proof_asked=proof_asked)
    assert found is expected


def test_a_seat_is_held_in_exactly_the_states_of_the_contract() -> None:
    holding = {s for s in State if rules.holds_seat(s, pending_holds_seat=False)}
    assert holding == {State.UNCONFIRMED, State.OFFERED, State.CONFIRMED} == set(ALWAYS_HOLDING)
    with_pending = {s for s in State if rules.holds_seat(s, pending_holds_seat=True)}
    assert with_pending == holding | {State.PENDING}


def test_a_refusal_is_final_and_every_active_state_can_be_cancelled() -> None:
    assert {before for before, _act in TRANSITIONS} == ACTIVE | {State.CANCELLED, State.EXPIRED}
    assert {before for before, act in TRANSITIONS if act is Act.CANCEL} == ACTIVE
    final = set(State) - ACTIVE
    assert final == {State.CANCELLED, State.REJECTED, State.EXPIRED}


@pytest.mark.parametrize(
    ("delivered", "failed", "starts", "ends"),
    [
        (None, None, None, None),
        (None, None, T, T),
        (T, None, None, T + timedelta(hours=24)),
        (None, T, None, T + timedelta(hours=24)),
        (T, T - timedelta(hours=5), None, T + timedelta(hours=24)),
        (T, None, T + timedelta(hours=2), T + timedelta(hours=2)),
        (T, None, T + timedelta(hours=30), T + timedelta(hours=24)),
    ],
    ids=[
        "mail on its way",
        "mail on its way, event starts",
        "delivered",
        "given up",
        "delivered counts first",
        "never past the start",
        "long before the start",
    ],
)
def test_a_hold_runs_from_the_delivery_and_never_past_the_start(
    delivered: datetime | None,
    failed: datetime | None,
    starts: datetime | None,
    ends: datetime | None,
) -> None:
    found = rules.hold_ends_at(delivered_at=delivered, failed_at=failed, hours=24, starts_at=starts)
    assert found == ends


@pytest.mark.parametrize(
    ("edge", "may"), [(edge, edge < timedelta(0)) for edge in EDGES], ids=["before", "at", "after"]
)
def test_a_place_is_given_back_until_the_event_starts(edge: timedelta, may: bool) -> None:
    assert rules.may_cancel(State.CONFIRMED, starts_at=T, now=T + edge) is may


def test_a_place_without_a_start_is_given_back_at_any_time_and_an_ended_one_never() -> None:
    assert rules.may_cancel(State.CONFIRMED, starts_at=None, now=T)
    assert not any(rules.may_cancel(state, starts_at=None, now=T) for state in set(State) - ACTIVE)


@pytest.mark.parametrize(
    ("edge", "expected"), list(zip(EDGES, ["open", "closed", "closed"], strict=True))
)
def test_sign_ups_close_at_their_instant(edge: timedelta, expected: str) -> None:
    assert rules.signup_state(facts(), T + edge) == expected
    assert rules.is_open(opens_at=None, closes_at=T, now=T + edge) is (expected == "open")


@pytest.mark.parametrize(
    ("edge", "expected"), list(zip(EDGES, ["not_open", "open", "open"], strict=True))
)
def test_sign_ups_open_at_their_instant(edge: timedelta, expected: str) -> None:
    assert rules.signup_state(facts(opens_at=T, closes_at=None), T + edge) == expected
    assert rules.is_open(opens_at=T, closes_at=None, now=T + edge) is (expected == "open")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"taken": 1}, "open"),
        ({"taken": 2}, "full"),
        ({"taken": 3}, "full"),
        ({"capacity": None, "taken": 9_999}, "open"),
        ({"capacity": 0}, "full"),
        ({"mode": "external"}, "external"),
        ({"mode": "none"}, "none"),
        ({"event_state": "draft"}, "none"),
        ({"event_state": "cancelled"}, "closed"),
        ({"event_state": "archived"}, "closed"),
        ({"event_state": "cancelled", "mode": "none"}, "none"),
        ({"starts_at": None, "closes_at": None}, "none"),
        ({"closes_at": None, "starts_at": T}, "open"),
    ],
)
def test_what_a_visitor_may_do_is_computed_from_the_facts(
    values: dict[str, object], expected: str
) -> None:
    assert rules.signup_state(facts(**values), T - SECOND) == expected


def test_a_page_changes_at_the_next_instant_that_is_still_to_come() -> None:
    known = facts(opens_at=T - SECOND, ends_at=T + timedelta(days=2))
    assert rules.next_change(known, T - 2 * SECOND) == T - SECOND
    assert rules.next_change(known, T - SECOND) == T
    assert rules.next_change(known, T) == T + timedelta(days=1)
    assert rules.next_change(known, T + timedelta(days=2)) is None


def test_without_a_deadline_sign_ups_close_at_the_start() -> None:
    assert rules.closing(starts_at=T, closes_at=None) == T
    assert rules.closing(starts_at=T, closes_at=T - SECOND) == T - SECOND
    assert rules.closing(starts_at=None, closes_at=None) is None
