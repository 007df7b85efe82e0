"""Where a registration stands, and the one table of how it moves. Pure."""

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


class Act(StrEnum):
    """What happens to a registration; `TABLE` says from where to where."""

    PROVE = "prove"  # the mailbox answered
    AWAIT = "await"  # proven, and a person must decide
    ACCEPT = "accept"
    ACCEPT_IN_LINE = "accept_in_line"  # accepted while no place is free
    REFUSE = "refuse"
    OFFER = "offer"
    TAKE = "take"  # the offered place
    CANCEL = "cancel"
    EXPIRE = "expire"
    RESET = "reset"  # changed answers are decided again
    RESTORE = "restore"  # a cancelling undone
    RESTORE_PENDING = "restore_pending"
    RETURN_TO_LINE = "return_to_line"
    WITHDRAW = "withdraw"  # an offer, by an organiser


ACTIVE = frozenset(
    {State.UNCONFIRMED, State.PENDING, State.WAITING, State.OFFERED, State.CONFIRMED}
)
ALWAYS_HOLDING = frozenset({State.UNCONFIRMED, State.OFFERED, State.CONFIRMED})


@dataclass(frozen=True)
class Transition:
    """One line of the table: from where, by what, to where; who may and what follows, in words."""

    before: State
    act: Act
    after: State
    guard: str
    then: str


def _lines() -> tuple[Transition, ...]:
    unconfirmed, pending, waiting = State.UNCONFIRMED, State.PENDING, State.WAITING
    offered, confirmed, cancelled = State.OFFERED, State.CONFIRMED, State.CANCELLED
    rejected, expired = State.REJECTED, State.EXPIRED
    lines = (
        (unconfirmed, Act.PROVE, confirmed, "the mailbox answers within the hold", "confirmed"),
        (unconfirmed, Act.AWAIT, pending, "the same, and a person must decide", "pending"),
        (unconfirmed, Act.EXPIRE, expired, "the hold ended", "seats freed"),
        (unconfirmed, Act.CANCEL, cancelled, "the person, an organiser", "seats freed"),
        (pending, Act.ACCEPT, confirmed, "an organiser, a place is free", "accepted"),
        (pending, Act.ACCEPT_IN_LINE, waiting, "an organiser, no place, waiting list", "waiting"),
        (pending, Act.REFUSE, rejected, "an organiser, with a reason", "rejected; seats freed"),
        (pending, Act.CANCEL, cancelled, "the person, an organiser", "cancelled; seats freed"),
        (waiting, Act.OFFER, offered, "its places are free and it comes first", "offer"),
        (waiting, Act.REFUSE, rejected, "an organiser, with a reason", "rejected"),
        (waiting, Act.CANCEL, cancelled, "the person leaves, an organiser", "cancelled"),
        (waiting, Act.EXPIRE, expired, "its address was not proven in time", "none"),
        (offered, Act.TAKE, confirmed, "the person, before the offer ends", "confirmed"),
        (offered, Act.CANCEL, cancelled, "the person declines, an organiser", "next in line"),
        (offered, Act.EXPIRE, expired, "the offer ended", "offer_ended; next in line"),
        (offered, Act.WITHDRAW, waiting, "an organiser, with a reason", "offer_withdrawn; next"),
        (confirmed, Act.CANCEL, cancelled, "the person, an organiser", "cancelled; next in line"),
        (confirmed, Act.RESET, pending, "answers changed and the event asks so", "pending"),
        (cancelled, Act.RESTORE, confirmed, "by its person, places are free", "confirmed"),
        (cancelled, Act.RESTORE_PENDING, pending, "the same, and a person must decide", "pending"),
        (cancelled, Act.RETURN_TO_LINE, waiting, "by its person, no place is free", "waiting"),
        (expired, Act.RESTORE, confirmed, "by its person, places are free", "confirmed"),
        (expired, Act.RESTORE_PENDING, pending, "the same, and a person must decide", "pending"),
        (expired, Act.RETURN_TO_LINE, waiting, "by its person, no place is free", "waiting"),
    )
    return tuple(Transition(*line) for line in lines)


TABLE = _lines()
TRANSITIONS: dict[tuple[State, Act], State] = {(t.before, t.act): t.after for t in TABLE}


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


def party(companions: int) -> int:
    """How many seats of the event a person takes: their own and one for each companion."""
    return 1 + max(companions, 0)


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


def may_cancel(
    state: State,
    *,
    starts_at: datetime | None,
    now: datetime,
    cancel_until: datetime | None = None,
) -> bool:
    """A person gives the place back until the event's own limit, at the latest until it starts.

    Whoever holds no confirmed place may always leave before the start.
    """
    if state not in ACTIVE or (starts_at is not None and now >= starts_at):
        return False
    return state is not State.CONFIRMED or cancel_until is None or now < cancel_until
