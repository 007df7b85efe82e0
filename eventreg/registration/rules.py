"""Who gets a seat and when: states, deadlines, holds. Pure: facts and `now` in, answers out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a registration stands (contract, section 5)."""

    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    WAITING = "waiting"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


class SignupState(StrEnum):
    """What a visitor may do with a published event, always computed, never stored."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    WAITING_LIST = "waiting_list"
    FULL = "full"
    CLOSED = "closed"
    EXTERNAL = "external"
    NONE = "none"


class Act(StrEnum):
    """What happens to a registration; `TRANSITIONS` says from where to where."""

    PROVE = "prove"  # the mailbox answered
    AWAIT = "await"  # proven, and a person must decide
    ACCEPT = "accept"
    REFUSE = "refuse"
    CANCEL = "cancel"
    EXPIRE = "expire"


ACTIVE = frozenset({State.UNCONFIRMED, State.PENDING, State.WAITING, State.OFFERED, State.CONFIRMED})
ALWAYS_HOLDING = frozenset({State.UNCONFIRMED, State.OFFERED, State.CONFIRMED})

TRANSITIONS: dict[tuple[State, Act], State] = {
    (State.UNCONFIRMED, Act.PROVE): State.CONFIRMED,
    (State.UNCONFIRMED, Act.AWAIT): State.PENDING,
    (State.UNCONFIRMED, Act.EXPIRE): State.EXPIRED,
    (State.UNCONFIRMED, Act.CANCEL): State.CANCELLED,
    (State.PENDING, Act.ACCEPT): State.CONFIRMED,
    (State.PENDING, Act.REFUSE): State.REJECTED,
    (State.PENDING, Act.CANCEL): State.CANCELLED,
    (State.WAITING, Act.CANCEL): State.CANCELLED,
    (State.OFFERED, Act.CANCEL): State.CANCELLED,
    (State.CONFIRMED, Act.CANCEL): State.CANCELLED,
}


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

    @property
    def closing(self) -> datetime | None:
        return closing(starts_at=self.starts_at, closes_at=self.closes_at)

    @property
    def places_left(self) -> int | None:
        """None when there is no limit; never negative (an over-booked event has 0)."""
        return None if self.capacity is None else max(self.capacity - self.taken, 0)


def closing(*, starts_at: datetime | None, closes_at: datetime | None) -> datetime | None:
    """The instant sign-ups close: the stated one, else the start. Source: contract, section 2."""
    return closes_at if closes_at is not None else starts_at


def is_open(*, opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> bool:
    """True from `opens_at` and strictly before `closes_at`. Source: contract, deadlines."""
    return (opens_at is None or opens_at <= now) and (closes_at is None or now < closes_at)


def signup_state(facts: SignupFacts, now: datetime) -> SignupState:
    """What the page and the form say now. An event without a date takes no sign-ups."""
    if facts.mode == "external":
        return SignupState.EXTERNAL
    if facts.mode == "none" or facts.event_state != "published" or facts.closing is None:
        over = facts.event_state in {"cancelled", "archived"} and facts.mode == "internal"
        return SignupState.CLOSED if over else SignupState.NONE
    if now >= facts.closing:
        return SignupState.CLOSED
    if facts.opens_at is not None and now < facts.opens_at:
        return SignupState.NOT_OPEN
    return SignupState.FULL if facts.places_left == 0 else SignupState.OPEN


def next_change(facts: SignupFacts, now: datetime) -> datetime | None:
    """The next instant at which a page about this event says something else."""
    instants = (facts.opens_at, facts.closing, facts.starts_at, facts.ends_at)
    return min((i for i in instants if i is not None and i > now), default=None)


def first_state(*, outcome: str, approval: str, proof_asked: bool) -> State:
    """The state right after an accepted sign-up.

    A mailbox is proven before anybody is asked to decide, so that strangers cannot fill an
    organiser's queue with other people's addresses.
    """
    if proof_asked:
        return State.UNCONFIRMED
    return after_proof(outcome=outcome, approval=approval)


def after_proof(*, outcome: str, approval: str) -> State:
    """The state once the mailbox is proven: doubtful cases reach a human instead of a wall."""
    return State.PENDING if outcome == "review" or approval == "manual" else State.CONFIRMED


def holds_seat(state: State, *, pending_holds_seat: bool) -> bool:
    """Source: contract, section 5."""
    return state in ALWAYS_HOLDING or (state is State.PENDING and pending_holds_seat)


def hold_ends_at(
    *,
    delivered_at: datetime | None,
    failed_at: datetime | None,
    hours: float,
    starts_at: datetime | None,
) -> datetime | None:
    """When an unproven seat is given back; None while its mail is still on its way.

    It runs from the first delivery accepted by the mail server (or from its final failure, which
    leaves the organiser the same time to help), never past the start of the event.
    Source: contract, section 5.
    """
    begun = delivered_at or failed_at
    ends = begun + timedelta(hours=hours) if begun else None
    if starts_at is None:
        return ends
    return min(ends, starts_at) if ends else starts_at


def may_cancel(state: State, *, starts_at: datetime | None, now: datetime) -> bool:
    """A person gives the place back until the event starts."""
    return state in ACTIVE and (starts_at is None or now < starts_at)
