"""Who gets a seat and when: states, deadlines, holds. Pure: facts and `now` in, answers out."""

from datetime import datetime, timedelta
from enum import StrEnum

from eventreg.events.rules import (
    SignupFacts,
    SignupState,
    closing,
    is_open,
    next_change,
    signup_state,
    window,
)

__all__ = [
    "ACTIVE",
    "TRANSITIONS",
    "Act",
    "SignupFacts",
    "SignupState",
    "State",
    "after_proof",
    "closing",
    "first_state",
    "hold_ends_at",
    "holds_seat",
    "is_open",
    "may_cancel",
    "next_change",
    "signup_state",
    "window",
]


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


class Act(StrEnum):
    """What happens to a registration; `TRANSITIONS` says from where to where."""

    PROVE = "prove"  # the mailbox answered
    AWAIT = "await"  # proven, and a person must decide
    ACCEPT = "accept"
    REFUSE = "refuse"
    CANCEL = "cancel"
    EXPIRE = "expire"


ACTIVE = frozenset(
    {State.UNCONFIRMED, State.PENDING, State.WAITING, State.OFFERED, State.CONFIRMED}
)
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
