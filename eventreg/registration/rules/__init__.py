"""Who gets a seat and when: states, deadlines, holds, the waiting list. Pure."""

from eventreg.events.rules import (
    SignupFacts,
    SignupState,
    closing,
    is_open,
    next_change,
    signup_state,
    window,
)
from eventreg.registration.rules.invitations import Pass
from eventreg.registration.rules.states import (
    ACTIVE,
    ALWAYS_HOLDING,
    TABLE,
    TRANSITIONS,
    Act,
    State,
    Transition,
    after_proof,
    first_state,
    hold_ends_at,
    holds_seat,
    may_cancel,
    party,
)
from eventreg.registration.rules.waiting import InLine, next_in_line, offer_ends_at, releasable

__all__ = [
    "ACTIVE",
    "ALWAYS_HOLDING",
    "TABLE",
    "TRANSITIONS",
    "Act",
    "InLine",
    "Pass",
    "SignupFacts",
    "SignupState",
    "State",
    "Transition",
    "after_proof",
    "closing",
    "first_state",
    "hold_ends_at",
    "holds_seat",
    "is_open",
    "may_cancel",
    "next_change",
    "next_in_line",
    "offer_ends_at",
    "party",
    "releasable",
    "signup_state",
    "window",
]
