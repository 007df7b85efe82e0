"""What a person may do with a registration of their own, and until when. Pure."""

from datetime import datetime, timedelta

from eventreg.events.rules import SignupFacts
from eventreg.registration.rules.states import ACTIVE, State

UNDO = timedelta(minutes=30)
COLLEAGUE_ANSWERS = timedelta(hours=48)
ADDRESS_ANSWERS = timedelta(hours=24)
STOPPABLE = timedelta(hours=72)  # a change of address, also once it is done
IN_LINE = frozenset({State.WAITING, State.OFFERED})
REACHED = frozenset({State.PENDING, State.WAITING, State.OFFERED, State.CONFIRMED})


def modify_until(facts: SignupFacts) -> datetime | None:
    """The organisers' own limit, else the closing; never past the start. None without a date."""
    limit = facts.modify_until or facts.closing
    if limit is None or facts.starts_at is None:
        return limit
    return min(limit, facts.starts_at)


def may_modify(state: State, facts: SignupFacts, now: datetime) -> bool:
    """Whether answers may still be changed."""
    until = modify_until(facts)
    return state in ACTIVE and _takes_place(facts) and until is not None and now < until


def may_undo(
    cancelled_at: datetime | None, facts: SignupFacts, now: datetime, *, by_person: bool
) -> bool:
    """For half an hour, by whoever cancelled for themselves, before the event begins.

    After the closing too: that brings back somebody who was in, while their place has gone to
    nobody; it lets nobody new in.
    """
    begun = facts.starts_at is not None and now >= facts.starts_at
    if not by_person or cancelled_at is None or begun or not _takes_place(facts):
        return False
    return now < cancelled_at + UNDO


def may_hand_over(state: State, facts: SignupFacts, now: datetime) -> bool:
    """A confirmed place, as long as answers may be changed and nobody has to choose whom to take."""
    chosen = facts.approval == "manual"
    open_to_it = facts.transfers and not chosen
    return state is State.CONFIRMED and open_to_it and may_modify(state, facts, now)


def may_change_address(state: State, facts: SignupFacts, now: datetime) -> bool:
    """Until the event begins, once the first address has answered."""
    begun = facts.starts_at is not None and now >= facts.starts_at
    return state in REACHED and _takes_place(facts) and not begun


def answer_by(now: datetime, length: timedelta, limit: datetime | None) -> datetime:
    """When a proposal ends: after `length`, never past `limit`."""
    return min(now + length, limit) if limit else now + length


def _takes_place(facts: SignupFacts) -> bool:
    return facts.event_state == "published"
