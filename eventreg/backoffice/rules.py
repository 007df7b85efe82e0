"""What organiser pages work out from facts. Pure."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from eventreg.registration.rules import ACTIVE, TRANSITIONS, Act, SignupFacts, State

PAGE_SIZE = 50
SORTS = ("name", "-name", "date", "-date")
DEFAULT_SORT = "name"
WEEKS_SHOWN = 26
UPLOAD_LIMIT = 1024 * 1024
UPLOAD_ENDINGS = (".md", ".markdown")
# Why a list leaves the service: codes, so that the trace holds no free text (audit, docstring).
EXPORT_REASONS = ("welcome", "badges", "building_access", "follow_up", "statistics", "other")


@dataclass(frozen=True, kw_only=True)
class EventLine:
    """One event in the organiser's list."""

    title: str
    day_only: bool
    facts: SignupFacts
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def active(self) -> int:
        """People who hold or await a place."""
        return sum(self.counts.get(state, 0) for state in ACTIVE)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One setting that two people changed: what I typed, what is stored now."""

    key: str
    mine: str
    theirs: str


def overbooked(capacity: int | None, taken: int) -> int:
    """By how many places an event is overbooked."""
    return 0 if capacity is None else max(taken - capacity, 0)


def pack(raw: bytes) -> str:
    """A document as the hidden field of the report carries it: line ends survive."""
    return base64.b64encode(raw).decode()


def weeks(days: Iterable[tuple[date, int]]) -> list[tuple[date, int]]:
    """Counts by day as counts by week (its Monday), weeks without any included, latest 26."""
    totals: dict[date, int] = {}
    for day, count in days:
        monday = day - timedelta(days=day.weekday())
        totals[monday] = totals.get(monday, 0) + count
    if not totals:
        return []
    last = max(totals)
    first = max(min(totals), last - timedelta(weeks=WEEKS_SHOWN - 1))
    steps = (last - first).days // 7 + 1
    mondays = [first + timedelta(weeks=step) for step in range(steps)]
    return [(monday, totals.get(monday, 0)) for monday in mondays]


def possible_acts(state: str, *, cleared: bool = True) -> list[Act]:
    """What an organiser may do with a registration in this state, in the order of the page.

    Somebody in line is accepted or refused as long as a person must decide (not `cleared`).
    """
    acts = (Act.ACCEPT, Act.REFUSE, Act.CANCEL)
    if State(state) is State.WAITING:
        return [Act.CANCEL] if cleared else list(acts)
    return [act for act in acts if (State(state), act) in TRANSITIONS]


def local_text(value: datetime | None, zone: str) -> str:
    """An instant as a date-time input writes it, seconds only when there are some."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if local.microsecond:
        return local.isoformat(timespec="milliseconds")
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def with_fold(text: str, zone: str, fold: int) -> str:
    """A local date-time that happens twice, with the offset of its first (0) or second (1) time."""
    moment = datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return moment.isoformat()
