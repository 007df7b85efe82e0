"""The waiting list: who comes next, and until when an offer stands. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING, EVENING = time(9), time(18)
SATURDAY = 5
SHORTEST = timedelta(hours=1)


@dataclass(frozen=True)
class InLine:
    """Somebody who waits: the seats asked for, by pool, all or none."""

    id: int
    seats: Mapping[int, int]


def next_in_line(
    line: Iterable[InLine], room: Mapping[int, int | None], *, groups: str = "whole"
) -> list[int]:
    """The ids to offer a place to, in order; `room` is what is free in each pool (None: no limit).

    A party is served whole or not at all. With groups "whole" nobody overtakes: a party too
    large for a pool keeps what is free there for itself until more comes. With "skip" a smaller
    party behind it may go first. Somebody who lacks another pool never blocks this one.
    Source: the organiser's choice, shown to those who wait.
    """
    left = dict(room)
    chosen = []
    for person in line:
        lacking = [
            pool
            for pool, seats in person.seats.items()
            if (free := left[pool]) is not None and free < seats
        ]
        if not lacking:
            chosen.append(person.id)
            for pool, seats in person.seats.items():
                free = left[pool]
                left[pool] = None if free is None else free - seats
        elif groups == "whole":
            left.update(dict.fromkeys(lacking, 0))
    return chosen


def releasable(capacity: int | None, *, taken: int, waiting: int) -> int:
    """How many reserved seats go to another pool once their instant has come.

    Those that are free, but for as many as people in line lack here. A pool without limit keeps
    none from anybody.
    """
    return 0 if capacity is None else max(capacity - taken - waiting, 0)


def offer_ends_at(
    now: datetime,
    *,
    hours: float,
    working_hours: bool,
    starts_at: datetime | None,
    timezone: str,
) -> datetime:
    """Until when an offered place is kept.

    `hours` from now, counted from 9:00 to 18:00 on weekdays of the event's zone when
    `working_hours`. Nearer to the event it is shorter: never more than half of the time left,
    but an hour at least, and never past the start.
    """
    length = timedelta(hours=hours)
    ends = _in_working_hours(now, length, ZoneInfo(timezone)) if working_hours else now + length
    if starts_at is None:
        return ends
    half = max((starts_at - now) / 2, SHORTEST)
    return min(ends, now + half, starts_at)


def _in_working_hours(now: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """`length` of weekday hours after `now`; public holidays are not known."""
    at = now.astimezone(zone)
    while True:
        opening = datetime.combine(at.date(), MORNING, zone)
        evening = datetime.combine(at.date(), EVENING, zone)
        if at.weekday() < SATURDAY and at < evening:
            at = max(at, opening)
            if length <= evening - at:
                return (at + length).astimezone(now.tzinfo)
            length -= evening - at
        at = datetime.combine(at.date() + timedelta(days=1), MORNING, zone)
