"""What somebody who has read the promises expects of an event: a model without a database.

It knows people, seats and the clock, and nothing of how the engine keeps them. Each act is told
what was seen (a state, or the name of a refusal) and says so when that cannot be right.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

OWN = ""  # the key of the event's own pool
HOLDING = ("unconfirmed", "offered", "confirmed")
ACTIVE = (*HOLDING, "pending", "waiting")
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
UNDO = timedelta(minutes=30)


class Kept(NamedTuple):
    """Of what a newcomer asks for: pools that they cannot have, pools that may be others', and
    whether they are refused in any case."""

    sure: set[str]
    maybe: set[str]
    refused: bool


class Surprise(AssertionError):
    """The engine did what the model does not expect."""


@dataclass
class Row:
    """One sign-up of one person."""

    name: str
    party: int
    pools: dict[str, int]
    number: int
    state: str = ""
    held: bool = False
    proven: bool = False
    cleared: bool = True
    by_form: bool = True
    rank: float = 0.0
    first: float = 0.0  # the instant of the sign-up
    sent_at: datetime | None = None  # the letter that asks to prove the address
    offer_ends: datetime | None = None
    cancelled_at: datetime | None = None
    undo: str = ""  # the state that an undo brings back
    left_alone: bool = False  # cancelled by its person, who may come back
    letters: list[str] = field(default_factory=list)

    @property
    def asks(self) -> dict[str, int]:
        return {OWN: self.party, **self.pools}


@dataclass
class World:
    """An event with its settings, its people and the instant."""

    now: datetime
    starts_at: datetime
    capacity: dict[str, int | None]
    lists: dict[str, bool]  # which pools keep a waiting list
    hours: float = 24.0
    manual: bool = False
    pending_holds: bool = False
    groups: str = "whole"
    after_closing: bool = False
    reset: bool = False
    closes_at: datetime | None = None
    rows: list[Row] = field(default_factory=list)
    told_again: set[tuple[int, str]] = field(default_factory=set)

    # ------------------------------------------------------------ what is so

    @property
    def closed(self) -> bool:
        return self.now >= min(self.closes_at or self.starts_at, self.starts_at)

    @property
    def begun(self) -> bool:
        return self.now >= self.starts_at

    @property
    def offering(self) -> bool:
        return not self.begun and (self.after_closing or not self.closed)

    def last(self, name: str) -> Row | None:
        """The latest sign-up under this address."""
        return next((row for row in reversed(self.rows) if row.name == name), None)

    def active(self, name: str) -> Row | None:
        return next((r for r in self.rows if r.name == name and r.state in ACTIVE), None)

    def taken(self, pool: str) -> int:
        return sum(row.asks.get(pool, 0) for row in self.rows if row.held)

    def line(self) -> list[Row]:
        waiting = (row for row in self.rows if row.state == "waiting")
        return sorted(waiting, key=lambda row: (row.rank, row.number))

    def full(self, asks: dict[str, int]) -> set[str]:
        """The pools without room for so many."""
        found = set()
        for pool, seats in asks.items():
            capacity = self.capacity[pool]
            if capacity is not None and self.taken(pool) + seats > capacity:
                found.add(pool)
        return found

    def kept_from(self, asks: dict[str, int]) -> "Kept":
        """Whoever lacks nothing but what the newcomer asks for would be overtaken.

        Where somebody lacks something else too, either answer is fair.
        """
        sure, maybe, refused = self.full(asks), set(), False
        for one in self.line():
            missing = self.full(one.asks)
            if missing <= set(asks):
                sure |= missing if len(missing) == 1 else set()  # else one of them is enough
                refused = refused or bool(missing) or set(one.asks) <= set(asks)
            maybe |= set(one.asks) & set(asks)
        return Kept(sure, maybe - sure, refused or bool(sure))

    def must(self, seen: str, *allowed: str) -> str:
        if seen not in allowed:
            raise Surprise(f"{seen}, where {' or '.join(allowed)} was expected")
        return seen

    # ------------------------------------------------------------ the order of the line

    def serve(self) -> None:
        """Offers what is free, in order; nobody is overtaken by somebody behind."""
        while self.offering and self._serve_once():
            pass

    def _serve_once(self) -> bool:
        kept: set[str] = set()  # what is free there is kept for a party that is too large
        for one in self.line():
            if not one.cleared or self.full(dict.fromkeys(one.asks, 1)):
                continue
            missing = self.full(one.asks)
            if not missing and not kept & set(one.asks):
                self.offer(one)
                return True
            if self.groups == "whole":
                kept |= missing or kept & set(one.asks)
        return False

    def offer(self, row: Row) -> None:
        left = self.starts_at - self.now
        row.offer_ends = self.now + min(DAY, max(left / 2, HOUR), left)
        self.become(row, "offered", "offer")

    def become(self, row: Row, state: str, *letters: str) -> str:
        row.state = state
        row.held = state in HOLDING or (state == "pending" and self.pending_holds)
        row.letters += letters
        return state
