"""What organiser pages work out from facts."""

from datetime import UTC, date, datetime

import pytest

from eventreg.backoffice import rules
from eventreg.registration.rules import Act, SignupFacts, State

FACTS = SignupFacts(
    event_id=1,
    slug="journee",
    version=1,
    event_state="published",
    mode="internal",
    starts_at=None,
    ends_at=None,
    timezone="Europe/Paris",
    opens_at=None,
    closes_at=None,
    pool_id=1,
    capacity=2,
    taken=3,
)


@pytest.mark.parametrize(
    ("capacity", "taken", "excess"), [(None, 9, 0), (5, 4, 0), (5, 5, 0), (5, 7, 2)]
)
def test_overbooked_counts_places_above_the_capacity(
    capacity: int | None, taken: int, excess: int
) -> None:
    assert rules.overbooked(capacity, taken) == excess


def test_weeks_begin_on_monday_and_leave_no_gap() -> None:
    days = [
        (date(2027, 1, 3), 1),
        (date(2027, 1, 4), 2),
        (date(2027, 1, 18), 5),
        (date(2027, 1, 24), 1),
    ]
    assert rules.weeks(days) == [
        (date(2026, 12, 28), 1),
        (date(2027, 1, 4), 2),
        (date(2027, 1, 11), 0),
        (date(2027, 1, 18), 6),
    ]
    assert rules.weeks([]) == []


def test_weeks_show_the_latest_half_year() -> None:
    found = rules.weeks([(date(2025, 1, 6), 9), (date(2027, 1, 4), 1)])
    assert len(found) == rules.WEEKS_SHOWN
    assert found[-1] == (date(2027, 1, 4), 1)
    assert sum(count for _, count in found) == 1


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        (State.PENDING, [Act.ACCEPT, Act.REFUSE, Act.CANCEL]),
        (State.UNCONFIRMED, [Act.CANCEL]),
        (State.CONFIRMED, [Act.CANCEL]),
        (State.CANCELLED, []),
        (State.REJECTED, []),
        (State.EXPIRED, []),
    ],
)
def test_possible_acts_follow_the_table_of_states(state: State, acts: list[Act]) -> None:
    assert rules.possible_acts(state) == acts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (datetime(2027, 1, 14, 8, 0, tzinfo=UTC), "2027-01-14T09:00"),
        (datetime(2027, 7, 14, 8, 0, 5, tzinfo=UTC), "2027-07-14T10:00:05"),
        (datetime(2027, 1, 14, 8, 0, 0, 250_000, tzinfo=UTC), "2027-01-14T09:00:00.250"),
    ],
)
def test_local_text_is_what_a_date_time_input_holds(value: datetime | None, text: str) -> None:
    assert rules.local_text(value, "Europe/Paris") == text


@pytest.mark.parametrize(("fold", "offset"), [(0, "+02:00"), (1, "+01:00")])
def test_the_hour_that_happens_twice_gets_its_offset(fold: int, offset: str) -> None:
    found = rules.with_fold("2027-10-31T02:30", "Europe/Paris", fold)
    assert found == f"2027-10-31T02:30:00{offset}"


def test_active_counts_people_who_hold_or_await_a_place() -> None:
    counts = {"confirmed": 3, "pending": 2, "unconfirmed": 1, "cancelled": 9, "expired": 9}
    line = rules.EventLine(title="Journée", day_only=False, facts=FACTS, counts=counts)
    assert line.active == 6
