"""What a person's own page offers now. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from eventreg.registration import queries, rules
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.queries import own
from eventreg.registration.rules import Act, SignupFacts, SignupState, State
from eventreg.registration.rules import own as own_rules
from eventreg.registration.services import returning, terms


@dataclass(frozen=True)
class Possible:
    """The acts that a person may do, until when, and what awaits an answer."""

    modify: bool = False
    modify_until: datetime | None = None
    hand_over: bool = False
    change_address: bool = False
    undo_until: datetime | None = None
    come_back: bool = False
    handed_over: bool = False
    colleague: Proposal | None = None
    address: Proposal | None = None


def of(registration: Registration, state: State, facts: SignupFacts, now: datetime) -> Possible:
    """`state`: as the page shows it, a hold that ended included."""
    facts = terms.of(facts, registration.population)
    if state not in rules.ACTIVE:
        return _ended(registration, state, facts, now)
    waiting = {one.kind: one for one in own.open_proposals(registration.id, now)}
    return Possible(
        modify=own_rules.may_modify(state, facts, now),
        modify_until=own_rules.modify_until(facts),
        hand_over=own_rules.may_hand_over(state, facts, now),
        change_address=own_rules.may_change_address(state, facts, now),
        colleague=waiting.get("colleague"),
        address=waiting.get("address"),
    )


def _ended(registration: Registration, state: State, facts: SignupFacts, now: datetime) -> Possible:
    step = own.last_step(registration.id, (Act.CANCEL.value,))
    undoable = returning.undoable(registration, facts, now) is not None
    undo_until = (
        registration.cancelled_at + own_rules.UNDO
        if undoable and registration.cancelled_at
        else None
    )
    signups = rules.signup_state(facts, now)
    again = signups in {SignupState.OPEN, SignupState.WAITING_LIST}
    twin = queries.active_of(registration.event_id, registration.email_key)
    theirs = state is State.EXPIRED or returning.may_come_back(registration)
    return Possible(
        undo_until=undo_until if twin is None else None,
        come_back=again and theirs and not undoable and twin is None,
        handed_over=bool(step and step.details.get("handed_over")),
    )
