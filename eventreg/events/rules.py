"""What an event may be told, and whether it takes sign-ups at an instant. Pure."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from eventreg.shared.errors import N_

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LIMIT = 200  # that of the column; titles of the site make names of 140 and more
TITLE_LIMIT = 300
EVENT_STATES = ("draft", "published", "cancelled", "archived")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "audience": ("anyone", "public_agents"),
    "approval": ("none", "manual"),
    "registration_mode": ("internal", "external", "none"),
    "groups": ("whole", "skip"),
}


def is_slug(text: str) -> bool:
    """Whether a text may be the short name of an event, in addresses."""
    return bool(SLUG.fullmatch(text)) and len(text) <= SLUG_LIMIT


def date_faults(
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    opens_at: datetime | None,
    closes_at: datetime | None,
) -> list[tuple[str, str]]:
    """(key, English sentence) for each pair of instants that cannot both be true."""
    faults = []
    if starts_at and ends_at and ends_at < starts_at:
        faults.append(("ends_at", N_("The end comes before the start.")))
    if opens_at and closes_at and closes_at <= opens_at:
        faults.append(("closes_at", N_("Sign-ups would close before they open.")))
    if closes_at and ends_at and closes_at > ends_at:
        faults.append(("closes_at", N_("Sign-ups would close after the event has ended.")))
    if opens_at and not closes_at and starts_at and opens_at >= starts_at:
        faults.append(("opens_at", N_("Sign-ups would open after the event has started.")))
    return faults


def publish_faults(*, title: str, starts_at: datetime | None) -> list[tuple[str, str]]:
    """What is missing before an event may be shown to everybody."""
    faults = []
    if not title.strip():
        faults.append(("title", N_("An event needs a title before it is published.")))
    if starts_at is None:
        faults.append(("starts_at", N_("An event needs a start before it is published.")))
    return faults


def proof_fault(*, audience: str, confirmation_hours: float) -> bool:
    """A public-agents event always proves the mailbox. Source: contract, section 5."""
    return audience == "public_agents" and confirmation_hours == 0


class SignupState(StrEnum):
    """What a visitor may do with a published event, always computed, never stored."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    WAITING_LIST = "waiting_list"
    FULL = "full"
    CLOSED = "closed"
    EXTERNAL = "external"
    NONE = "none"


def meant_for(audience: str, policy: Mapping[str, Any] | None) -> str:
    """anyone, public_agents, or chosen: people whom the organiser lists or invites alone."""
    who = (policy or {}).get("who")
    if not who or "public_agents" in who or "anyone" in who:
        return audience
    return "chosen"


@dataclass(frozen=True)
class SignupFacts:
    """What sign-ups of one event depend on, read in one statement. Instants are UTC."""

    event_id: int
    slug: str
    version: int
    event_state: str
    mode: str
    starts_at: datetime | None
    ends_at: datetime | None
    timezone: str
    opens_at: datetime | None
    closes_at: datetime | None
    pool_id: int
    capacity: int | None
    taken: int
    external_url: str = ""
    audience: str = "anyone"
    approval: str = "none"
    pending_holds_seat: bool = False
    confirmation_hours: float = 24.0
    policy: Mapping[str, Any] | None = None
    show_places: bool = True
    waiting: int = 0
    waiting_list: bool = False
    form_version: int = 0
    groups: str = "whole"
    offer_hours: float = 24.0
    offer_working_hours: bool = False
    offers_after_closing: bool = False
    modify_until: datetime | None = None
    cancel_until: datetime | None = None
    reset_on_edit: bool = False
    transfers: bool = True

    @property
    def meant_for(self) -> str:
        return meant_for(self.audience, self.policy)

    @property
    def closing(self) -> datetime | None:
        return closing(starts_at=self.starts_at, closes_at=self.closes_at)

    @property
    def places_left(self) -> int | None:
        """None when there is no limit; never negative (an over-booked event has 0).

        What is freed while somebody waits is theirs, not the public's.
        """
        if self.waiting:
            return 0
        return None if self.capacity is None else max(self.capacity - self.taken, 0)


def closing(*, starts_at: datetime | None, closes_at: datetime | None) -> datetime | None:
    """The instant sign-ups close: the stated one, else the start. Source: contract, section 2."""
    return closes_at if closes_at is not None else starts_at


def window(*, opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> SignupState:
    """OPEN from `opens_at` and strictly before `closes_at`, else NOT_OPEN or CLOSED.

    The one place where the instants of an event meet the clock: pages, forms and the decision
    under the seat lock all ask it. Source: contract, deadlines.
    """
    if closes_at is not None and now >= closes_at:
        return SignupState.CLOSED
    if opens_at is not None and now < opens_at:
        return SignupState.NOT_OPEN
    return SignupState.OPEN


def is_open(*, opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> bool:
    """Whether `window` says OPEN."""
    return window(opens_at=opens_at, closes_at=closes_at, now=now) is SignupState.OPEN


def signup_state(facts: SignupFacts, now: datetime) -> SignupState:
    """What the page and the form say now. An event without a date takes no sign-ups."""
    if facts.mode == "external":
        return SignupState.EXTERNAL
    if facts.mode == "none" or facts.event_state != "published" or facts.closing is None:
        over = facts.event_state in {"cancelled", "archived"} and facts.mode == "internal"
        return SignupState.CLOSED if over else SignupState.NONE
    state = window(opens_at=facts.opens_at, closes_at=facts.closing, now=now)
    if state is SignupState.OPEN and facts.places_left == 0:
        return SignupState.WAITING_LIST if facts.waiting_list else SignupState.FULL
    return state


def next_change(facts: SignupFacts, now: datetime) -> datetime | None:
    """The next instant at which a page about this event says something else."""
    instants = (facts.opens_at, facts.closing, facts.starts_at, facts.ends_at)
    return min((i for i in instants if i is not None and i > now), default=None)


@dataclass(frozen=True)
class Planned:
    """When and where an event takes place, as people read it."""

    starts_at: datetime | None
    ends_at: datetime | None
    timezone: str
    day_only: bool
    place: str
    online: bool

    @property
    def over(self) -> datetime | None:
        return self.ends_at or self.starts_at

    def as_json(self) -> dict[str, Any]:
        instants = {key: getattr(self, key) for key in ("starts_at", "ends_at")}
        texts = {key: value and value.isoformat() for key, value in instants.items()}
        return {**asdict(self), **texts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Planned":
        instants = {key: data.get(key) for key in ("starts_at", "ends_at")}
        read = {key: datetime.fromisoformat(text) for key, text in instants.items() if text}
        return cls(**{**data, **read})


@dataclass(frozen=True)
class Move:
    """What of an event moved: its day, else its hours alone; its place."""

    day: bool = False
    hours: bool = False
    place: bool = False

    def __bool__(self) -> bool:
        return self.day or self.hours or self.place


def move_of(before: Planned, after: Planned) -> Move:
    """What people must be told; spaces and capitals of a place say nothing new."""
    days = [
        [moment and moment.astimezone(ZoneInfo(plan.timezone)).date() for moment in _span(plan)]
        for plan in (before, after)
    ]
    clocks = [(_span(plan), plan.timezone, plan.day_only) for plan in (before, after)]
    places = [(" ".join(plan.place.casefold().split()), plan.online) for plan in (before, after)]
    day = days[0] != days[1]
    return Move(day=day, hours=not day and clocks[0] != clocks[1], place=places[0] != places[1])


def _span(plan: Planned) -> tuple[datetime | None, datetime | None]:
    return plan.starts_at, plan.ends_at


def must_tell(state: str, before: Planned, after: Planned, now: datetime) -> bool:
    """Whether a change is news to people signed up: it moved, and was or is to come."""
    coming = any(plan.over is None or plan.over > now for plan in (before, after))
    return state in ("draft", "published") and coming and bool(move_of(before, after))
