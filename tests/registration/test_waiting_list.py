"""The waiting list: fair order, offers that expire, freed seats that nobody else may take."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from eventreg.audit.models import AuditEntry
from eventreg.events import services as event_services
from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.privacy import services as privacy
from eventreg.registration import errors, queries, rules, services
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import InLine, State
from eventreg.registration.services import Wishes, waiting_list
from eventreg.shared import bell, clock
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Invalid
from tests.conftest import NOW
from tests.registration.people import act, leave, person, sign_up, state, well

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("now", "ctx")


def answer(name: str) -> State:
    found: State = act(name, services.confirm)
    return found


def kinds(name: str) -> list[str]:
    db.session.rollback()
    query = select(OutboxMessage.kind).where(OutboxMessage.recipient == f"{name}@example.org")
    return list(db.session.execute(query.order_by(OutboxMessage.id)).scalars())


@pytest.fixture
def full(make_event: Callable[..., Event]) -> Event:
    """One place, taken by Anne; Bea, Chloe and Dan wait in this order."""
    event = make_event(capacity=1, confirmation_hours=0, waiting_list=True)
    assert sign_up("anne") is State.CONFIRMED
    for minute, name in enumerate(("bea", "chloe", "dan"), 1):
        with clock.frozen(NOW + timedelta(minutes=minute)):
            assert sign_up(name, in_line=True) is State.WAITING
    return event


def test_a_freed_place_is_offered_to_the_first_in_line_at_once_and_never_to_the_public(
    full: Event,
) -> None:
    with pytest.raises(errors.Full):
        sign_up("zoe")
    leave("anne")
    assert [state(n) for n in ("bea", "chloe", "dan")] == ["offered", "waiting", "waiting"]
    assert kinds("bea") == ["waiting", "offer"]
    with pytest.raises(errors.Full):
        sign_up("zoe")  # the place is Bea's for a day
    assert answer("bea") is State.CONFIRMED
    assert kinds("bea") == ["waiting", "offer", "confirmed"]
    well()


def test_nobody_overtakes_between_the_freed_seat_and_its_offer(
    full: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that freed the seat stopped before it served the list."""
    monkeypatch.setattr(waiting_list, "_serve_quietly", lambda _event_id: None)
    leave("anne")
    facts = queries.signup_facts("journee")
    assert facts is not None
    assert (facts.capacity, facts.taken, facts.places_left) == (1, 0, 0)
    assert rules.signup_state(facts, NOW) is rules.SignupState.WAITING_LIST
    with pytest.raises(errors.Full):
        sign_up("zoe")
    assert services.serve_due(NOW) == 1
    assert state("bea") == "offered"
    well()


def test_an_offer_not_answered_goes_to_the_next_one(full: Event) -> None:
    leave("anne")
    with clock.frozen(NOW + 24 * HOUR - timedelta(seconds=1)):
        services.expire_due(clock.utc_now())
        assert state("bea") == "offered"
    with clock.frozen(NOW + 24 * HOUR):
        services.expire_due(clock.utc_now())
        assert [state(n) for n in ("bea", "chloe")] == ["expired", "offered"]
        assert kinds("bea")[-1] == "offer_ended"
        assert answer("bea") is State.EXPIRED
    well()


def test_an_offer_answered_too_late_is_not_taken_even_if_no_job_came_by(full: Event) -> None:
    leave("anne")
    with clock.frozen(NOW + 24 * HOUR):
        assert answer("bea") is State.EXPIRED
        assert state("chloe") == "offered"
        well()


def test_declining_passes_the_place_on_at_once_and_ends_the_entry(full: Event) -> None:
    leave("anne")
    leave("bea")
    assert [state(n) for n in ("bea", "chloe")] == ["cancelled", "offered"]
    answer("chloe")
    leave("chloe")
    assert [state(n) for n in ("chloe", "dan")] == ["cancelled", "offered"]
    well()


def test_more_capacity_serves_as_many_people(full: Event) -> None:
    with transaction():
        event = event_services.locked("journee")
        event_services.change(event, {"capacity": 3}, actor="operator", now=NOW)
    with pytest.raises(errors.Full):
        sign_up("zoe")
    services.serve_due(NOW)
    assert [state(n) for n in ("bea", "chloe", "dan")] == ["offered", "offered", "waiting"]
    well()


def test_capacity_lowered_under_what_is_taken_evicts_nobody(full: Event) -> None:
    with transaction():
        event_services.change(
            event_services.locked("journee"), {"capacity": 0}, actor="operator", now=NOW
        )
    leave("bea")
    services.serve_due(NOW)
    assert [state(n) for n in ("anne", "chloe")] == ["confirmed", "waiting"]
    well()


def test_ranks_follow_the_instant_of_the_sign_up_and_a_move_needs_its_reason(full: Event) -> None:
    assert [line.rank(person(n)) for n in ("bea", "chloe", "dan")] == [1, 2, 3]

    def move(row: Registration, reason: str) -> None:
        services.reorder(row, before=person("bea"), reason=reason, actor="organiser:1")

    with pytest.raises(Invalid):
        act("dan", lambda row: move(row, " "))
    act("dan", lambda row: move(row, "Intervient à la table ronde."))
    db.session.rollback()
    assert [line.rank(person(n)) for n in ("dan", "bea", "chloe")] == [1, 2, 3]
    assert person("dan").queue_reason == "Intervient à la table ronde."
    trace = select(AuditEntry.actor).where(AuditEntry.action == "moved_in_line")
    assert db.session.execute(trace).scalars().all() == ["organiser:1"]
    leave("anne")
    assert state("dan") == "offered"
    well()


@pytest.mark.parametrize(("after_closing", "expected"), [(False, "waiting"), (True, "offered")])
def test_after_the_deadline_places_are_offered_only_where_the_event_says_so(
    full: Event, after_closing: bool, expected: str
) -> None:
    with transaction():
        values = {"closes_at": NOW + HOUR, "offers_after_closing": after_closing}
        event_services.change(event_services.locked("journee"), values, actor="operator", now=NOW)
    with clock.frozen(NOW + HOUR):
        leave("anne")
        assert state("bea") == expected
        well()


def test_an_offer_taken_in_time_stands_after_the_deadline(full: Event) -> None:
    with transaction():
        values = {"closes_at": NOW + HOUR}
        event_services.change(event_services.locked("journee"), values, actor="operator", now=NOW)
    leave("anne")
    with clock.frozen(NOW + 2 * HOUR):
        assert answer("bea") is State.CONFIRMED


def test_an_address_in_line_is_proven_by_its_letter_or_leaves(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=0, waiting_list=True)
    for name in ("bea", "chloe"):
        assert sign_up(name, in_line=True) is State.WAITING
    assert answer("bea") is State.WAITING
    with transaction() as session:
        sent = {"state": "sent", "sent_at": NOW}
        session.execute(update(OutboxMessage).values(**sent))
    with clock.frozen(NOW + 24 * HOUR):
        services.expire_due(clock.utc_now())
        assert [state(n) for n in ("bea", "chloe")] == ["waiting", "expired"]
        well()


def test_where_no_proof_is_asked_nobody_in_line_expires_once_their_letter_is_sent(
    full: Event,
) -> None:
    with transaction() as session:
        session.execute(update(OutboxMessage).values(state="sent", sent_at=NOW))
    with clock.frozen(NOW + 48 * HOUR):
        services.expire_due(clock.utc_now())
    assert [state(n) for n in ("bea", "chloe", "dan")] == ["waiting"] * 3


def test_whoever_must_be_decided_on_is_served_only_once_accepted(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=0, confirmation_hours=0, waiting_list=True, approval="manual")
    for name in ("bea", "chloe"):
        sign_up(name, in_line=True)
    with transaction():
        event = event_services.locked("journee")
        event_services.change(event, {"capacity": 1}, actor="operator", now=NOW)
    services.serve_due(NOW)
    assert [state(n) for n in ("bea", "chloe")] == ["waiting", "waiting"]
    decide = services.decide
    act("chloe", lambda row: decide(row, accept=True, reason="", actor="organiser:1"))
    assert [state(n) for n in ("bea", "chloe")] == ["waiting", "offered"]
    act("bea", lambda row: decide(row, accept=False, reason="Hors sujet.", actor="organiser:1"))
    assert state("bea") == "rejected"
    well()


def test_whoever_is_accepted_without_a_free_place_waits(make_event: Callable[..., Event]) -> None:
    make_event(capacity=1, confirmation_hours=0, waiting_list=True, approval="manual")
    for name in ("anne", "bea"):
        assert sign_up(name) is State.PENDING
    for name in ("anne", "bea"):
        accept = {"accept": True, "reason": "", "actor": "organiser:1"}
        act(name, lambda row, accept=accept: services.decide(row, **accept))
    assert [state(n) for n in ("anne", "bea")] == ["confirmed", "waiting"]
    leave("anne")
    assert state("bea") == "offered"
    well()


@pytest.mark.parametrize(
    ("groups", "expected"), [("whole", ["waiting", "waiting"]), ("skip", ["waiting", "offered"])]
)
def test_a_group_is_served_whole_or_skipped_as_the_organiser_wrote(
    make_event: Callable[..., Event], groups: str, expected: list[str]
) -> None:
    make_event(capacity=1, confirmation_hours=0, waiting_list=True, groups=groups)
    sign_up("anne")
    sign_up("bea", Wishes(companions=1), in_line=True)
    sign_up("chloe", in_line=True)
    leave("anne")
    assert [state(n) for n in ("bea", "chloe")] == expected
    well()


@pytest.fixture
def workshop(make_event: Callable[..., Event]) -> Callable[..., Wishes]:
    """An event of two places with a workshop of one."""
    event = make_event(capacity=2, confirmation_hours=0, waiting_list=True)
    with transaction() as session:
        row = {"event_id": event.id, "kind": "workshop", "key": "atelier", "waiting_list": True}
        session.add(Pool(capacity=1, taken=0, **row))
    wishes = Wishes(pools={"atelier": 1}, form_version=1)
    return lambda: wishes


def counts() -> dict[str, tuple[int, int]]:
    db.session.rollback()
    query = select(Pool.key, Pool.taken, Pool.waiting)
    return {key: (taken, waiting) for key, taken, waiting in db.session.execute(query)}


def test_pools_are_taken_all_or_none(workshop: Callable[..., Wishes]) -> None:
    sign_up("anne", workshop())
    with pytest.raises(errors.Full):
        sign_up("bea", workshop())
    assert counts() == {"": (1, 0), "atelier": (1, 0)}
    leave("anne")
    assert counts() == {"": (0, 0), "atelier": (0, 0)}
    well()


def test_who_waits_for_a_workshop_keeps_nobody_from_the_event_itself(
    workshop: Callable[..., Wishes],
) -> None:
    sign_up("anne", workshop())
    sign_up("bea", workshop(), in_line=True)
    assert counts() == {"": (1, 0), "atelier": (1, 1)}
    assert sign_up("zoe") is State.CONFIRMED
    leave("anne")  # the workshop and one place of the event are free: both are Bea's
    assert state("bea") == "offered"
    assert counts() == {"": (2, 0), "atelier": (1, 0)}
    well()


def test_a_workshop_that_has_room_again_is_not_lost_to_a_full_event(
    workshop: Callable[..., Wishes],
) -> None:
    sign_up("anne", workshop())
    sign_up("bea", workshop(), in_line=True)
    sign_up("zoe")
    with transaction():
        event_services.change(
            event_services.locked("journee"), {"capacity": 1}, actor="operator", now=NOW
        )
    leave("anne")  # one is still taken of one: the event is full
    assert state("bea") == "waiting"
    assert counts() == {"": (1, 1), "atelier": (0, 0)}
    leave("zoe")
    assert state("bea") == "offered"
    assert not db.session.execute(select(PoolSeats).where(PoolSeats.lacking)).first()
    well()


def test_the_order_of_a_line_is_a_pure_rule() -> None:
    one, two = {7: 1}, {7: 2}
    cases: list[tuple[list[dict[int, int]], dict[int, int | None], str, list[int]]] = [
        ([one, one, one], {7: 2}, "whole", [1, 2]),
        ([two, one], {7: 1}, "whole", []),
        ([two, one], {7: 1}, "skip", [2]),
        ([{7: 1, 8: 1}, one], {7: 1, 8: 0}, "whole", [2]),
        ([{7: 1, 8: 2}, one, {8: 1}], {7: 1, 8: 1}, "whole", [2]),
        ([one, two], {7: None}, "whole", [1, 2]),
    ]
    for asked, room, groups, expected in cases:
        people = [InLine(number, seats) for number, seats in enumerate(asked, 1)]
        found = rules.next_in_line(people, room, groups=groups)
        assert found == expected, (asked, room, groups)


@pytest.mark.parametrize(
    ("now", "hours", "working", "starts", "expected"),
    [
        ("2027-01-04T09:00", 24, False, "2027-02-01T09:00", "2027-01-05T09:00"),
        ("2027-01-04T09:00", 24, False, "2027-01-05T09:00", "2027-01-04T21:00"),  # half of it
        ("2027-01-04T09:00", 24, False, "2027-01-04T10:30", "2027-01-04T10:00"),  # one hour
        ("2027-01-04T09:00", 24, False, "2027-01-04T09:30", "2027-01-04T09:30"),  # the start
        ("2027-01-08T16:00", 4, True, "2027-02-01T09:00", "2027-01-11T11:00"),  # a week-end
        ("2027-01-09T12:00", 9, True, "2027-02-01T09:00", "2027-01-11T17:00"),
        ("2027-01-04T09:00", 24, False, None, "2027-01-05T09:00"),
    ],
)
def test_an_offer_ends_in_hours_that_people_work_and_before_the_event(
    now: str, hours: float, working: bool, starts: str | None, expected: str
) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    found = rules.offer_ends_at(
        at(now),
        hours=hours,
        working_hours=working,
        starts_at=at(starts) if starts else None,
        timezone="Europe/Paris",
    )
    assert found == at(expected)


def test_the_seats_of_people_erased_on_their_date_are_given_back_in_every_pool(
    workshop: Callable[..., Wishes],
) -> None:
    sign_up("anne", workshop())
    sign_up("bea", workshop(), in_line=True)
    with clock.frozen(NOW + timedelta(days=20 + 93)):
        privacy.erase_due(clock.utc_now())
        assert counts() == {"": (0, 0), "atelier": (0, 0)}
        assert not db.session.execute(select(PoolSeats)).first()
        well()


def test_more_capacity_rings_the_worker_which_offers_before_it_sends(
    app: Flask, full: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator's `events set capacity=3` is not left to the next minute."""
    rung: list[int] = []
    monkeypatch.setattr(bell, "ring", lambda: rung.append(1))
    with transaction():
        event = event_services.locked("journee")
        event_services.change(event, {"capacity": 3}, actor="operator", now=NOW)
    assert rung == [1]
    app.extensions["worker"].drain()
    assert [state(n) for n in ("bea", "chloe", "dan")] == ["offered", "offered", "waiting"]
