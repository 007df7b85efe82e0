"""Back again: a cancelling undone for half an hour, or a fresh start with what is stored.

`in_line`: for the waiting list, where a try without it raised Full. The door tries one, then the
other, each in its own transaction.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from eventreg.eligibility import services as eligibility
from eventreg.mailing.services import Mail
from eventreg.registration import errors, mails, queries, rules
from eventreg.registration.models import Registration
from eventreg.registration.queries import SignupPage, line, own
from eventreg.registration.rules import Act, SignupFacts, State
from eventreg.registration.rules import own as own_rules
from eventreg.registration.services import (
    eligible,
    letters,
    moves,
    preparing,
    self_service,
    terms,
    waiting_list,
    wording,
)
from eventreg.registration.services.moves import move
from eventreg.shared import clock
from eventreg.shared.db import db

_ACTS = {
    State.CONFIRMED: Act.RESTORE,
    State.PENDING: Act.RESTORE_PENDING,
    State.WAITING: Act.RETURN_TO_LINE,
}
_LETTERS: dict[State, Callable[..., Mail]] = {
    State.CONFIRMED: mails.confirmed,
    State.PENDING: mails.pending,
    State.WAITING: mails.waiting,
}


def restore(registration: Registration, *, in_line: bool = False) -> State:
    """Undoes one's own cancelling: the state before, when the places are still free.

    Somebody who was in line returns to it with the rank of before; so does whoever finds the
    place gone and a list kept (their sign-up was earlier than everybody's in it). Twice is once.
    Raises NotPossible after half an hour, Full, Closed.
    """
    if registration.state in rules.ACTIVE:
        return State(registration.state)
    page = queries.signup_page_of(registration.event_id)
    facts = page.facts
    now = clock.deciding_instant(db.session)
    before = undoable(registration, facts, now)
    if before is None:
        raise errors.TooLateToUndo
    in_line = in_line or before in own_rules.IN_LINE
    if in_line and not waiting_list.may_offer(facts, now):
        raise errors.Full  # after the closing nobody is served any more
    if in_line:
        first = registration.decided_at or registration.registered_at
        registration.queue_rank = registration.queue_rank or first.timestamp()
    after = State.WAITING if in_line else _as_before(before, registration, facts)
    return _back(registration, page, after, now)


def undoable(registration: Registration, facts: SignupFacts, now: datetime) -> State | None:
    """The state that an undo would bring back, or None: too late, or cancelled by others."""
    if registration.state != State.CANCELLED:
        return None
    step = own.last_step(registration.id, (Act.CANCEL.value,))
    by_person = (
        step is not None and step.actor == "registrant" and not step.details.get("handed_over")
    )
    if step is None or not own_rules.may_undo(
        registration.cancelled_at, facts, now, by_person=by_person
    ):
        return None
    return State(step.old_state or State.CONFIRMED)


def _as_before(before: State, registration: Registration, facts: SignupFacts) -> State:
    if before is State.UNCONFIRMED:  # the link that opened the page came by mail: it is proven
        return rules.after_proof(outcome=registration.eligibility_outcome, approval=facts.approval)
    return before


def may_come_back(registration: Registration) -> bool:
    """Whether a fresh start is offered: not against organisers who cancelled."""
    if registration.state == State.EXPIRED:
        return True
    step = own.last_step(registration.id, (Act.CANCEL.value,))
    by_person = step is not None and step.actor == "registrant"
    return registration.state == State.CANCELLED and by_person


def come_back(registration: Registration, *, in_line: bool = False) -> State:
    """Signs up anew with the stored data, under the rules of a new sign-up. Twice is once.

    The page was opened by a mailed link, so the mailbox is proven. Raises what a sign-up raises:
    NotOpen, Closed, NoSignUp, NotEligible, Full; NotPossible after an organiser's cancelling, or
    when the address has signed up again.
    """
    page = queries.signup_page_of(registration.event_id)
    facts = terms.of(page.facts, registration.population)
    now = clock.deciding_instant(db.session)
    self_service.expire_if_over(registration, page, now)
    if registration.state in rules.ACTIVE:
        return State(registration.state)
    preparing.refuse_if_unoffered(facts)
    preparing.refuse_if_shut(facts, now)
    if not may_come_back(registration):
        raise errors.NotPossible
    decision = eligible.ask_again(registration, facts)
    if decision is not None:
        eligible.keep(registration, eligibility.evidence(decision, at=now))
    outcome = registration.eligibility_outcome
    after = rules.after_proof(outcome=outcome, approval=facts.approval)
    registration.cleared = after is State.CONFIRMED
    if after is State.PENDING and facts.places_left == 0 and not in_line:
        raise errors.Full
    registration.queue_rank = now.timestamp() if in_line else 0.0
    after = _back(registration, page, State.WAITING if in_line else after, now)
    decided = clock.deciding_instant(db.session)  # the seats are ours: what the clock says now
    preparing.refuse_if_shut(facts, decided)
    registration.decided_at = decided
    db.session.flush()
    return after


def may_wait(registration: Registration, facts: SignupFacts) -> bool:
    """Whether whoever found no place may wait for one."""
    return moves.may_wait(facts, asked(registration, facts))


def asked(registration: Registration, facts: SignupFacts) -> dict[int, int]:
    """The seats that a person asks of each pool, the event's own included."""
    seats = {row.pool_id: row.seats for row in line.pool_seats(registration.id)}
    return seats | {facts.pool_id: rules.party(registration.companions)}


def _back(registration: Registration, page: SignupPage, after: State, now: datetime) -> State:
    """The move, its letter, and the refusal when the same address is active again."""
    registration.proven_at = registration.proven_at or now
    registration.cancelled_at = None
    registration.decision_reason = ""
    registration.offer_ends_at = None
    if after is State.CONFIRMED:
        registration.confirmed_at = now
    if after is State.WAITING:
        waiting_list.serve_later(page.facts)

    def tell() -> None:
        letter = _LETTERS[after](**wording.about(registration, page))
        letters.owe(letter, registration, now)

    try:
        return move(
            registration,
            _ACTS[after],
            facts=page.facts,
            actor="registrant",
            now=now,
            owing=tell,
        )
    except IntegrityError as twin:  # the index decides, also against a sign-up of this instant
        raise errors.SignedUpAgain from twin
