"""What organisers decide: accept, refuse, add by hand, cancel for somebody."""

from datetime import datetime
from typing import Any

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.events.models import Event
from eventreg.mailing import services as mailing
from eventreg.registration import errors, mails, queries
from eventreg.registration.models import Registration
from eventreg.registration.rules import Act, State
from eventreg.registration.services import letters, pools, self_service, waiting_list, wording
from eventreg.registration.services.applicants import Applicant
from eventreg.registration.services.moves import move
from eventreg.shared import clock, tokens
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.rows import insert_or_none

ADDABLE = ("draft", "published")


def decide(registration: Registration, *, accept: bool, reason: str, actor: str) -> State:
    """Accepts or refuses somebody who awaits a decision; the capacity is checked again.

    With a waiting list, whoever is accepted while no place is free waits in line. A refusal
    needs a reason: the person reads it. Raises NotPossible when somebody else decided first,
    Full when no place is left, Invalid without a reason.
    """
    if not accept and not reason:
        raise Invalid(N_("Write the reason: the person will read it."), field="reason")
    in_line = registration.state == State.WAITING and not registration.cleared
    if registration.state != State.PENDING and not in_line:
        raise errors.NotPossible
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    registration.decision_reason = reason
    # What the address said stays; from now on this is a person's decision.
    registration.eligibility_method = "organiser"
    registration.eligibility_by, registration.eligibility_at = actor, now
    if accept:
        self_service.refuse_if_over(page.facts)
        registration.cleared = True
    if accept and in_line:
        return _clear(registration, page, actor=actor, now=now)
    act = Act.ACCEPT if accept else Act.REFUSE
    if (
        accept
        and not registration.seats
        and page.facts.waiting_list
        and page.facts.places_left == 0
    ):
        act = Act.ACCEPT_IN_LINE
        registration.queue_rank = now.timestamp()
    if act is Act.ACCEPT:
        registration.confirmed_at = now
    if act is Act.REFUSE:
        waiting_list.serve_later(page.facts)
    return move(
        registration,
        act,
        facts=page.facts,
        actor=actor,
        now=now,
        owing=lambda: letters.owe(_answer(act, registration, page), registration, now),
        with_reason=bool(reason),
    )


def _answer(act: Act, registration: Registration, page: queries.SignupPage) -> mailing.Mail:
    about = wording.about(registration, page)
    if act is Act.ACCEPT_IN_LINE:
        return mails.waiting(**about, accepted=True)
    write = mails.accepted if act is Act.ACCEPT else mails.rejected
    return write(**about, reason=registration.decision_reason)


def _clear(
    registration: Registration, page: queries.SignupPage, *, actor: str, now: datetime
) -> State:
    """Accepted while in line: the rank stays, and a free place may now be offered."""
    registration.version += 1
    db.session.flush()
    audit.record(
        "cleared",
        at=now,
        actor=actor,
        event_id=registration.event_id,
        registration_id=registration.id,
    )
    letter = mails.waiting(**wording.about(registration, page), accepted=True)
    letters.owe(letter, registration, now)
    waiting_list.serve_later(page.facts)
    return State.WAITING


def take_back(registration: Registration, *, reason: str, actor: str) -> State:
    """An organiser cancels for somebody. Raises Invalid without a reason."""
    if not reason:
        raise Invalid(N_("Write the reason: the person will read it."), field="reason")
    return self_service.cancel(registration, actor=actor, reason=reason)


def add_by_hand(
    event: Event,
    applicant: Applicant,
    *,
    reason: str,
    actor: str,
    locale: str,
    over_capacity: bool = False,
) -> Registration:
    """A confirmed registration, also after the deadline; the reason is traced.

    Raises Invalid without a reason or when the event is over, AlreadyRegistered, Full unless
    `over_capacity`.
    """
    if not reason:
        raise Invalid(N_("Write why this person is added by hand."), field="reason")
    if event.state not in ADDABLE:
        raise Invalid(N_("This event is cancelled or archived: nobody can be added to it."))
    page = queries.signup_page_of(event.id)
    now = clock.deciding_instant(db.session)
    row = _row(event, applicant, reason=reason, locale=locale, now=now, actor=actor)
    registration_id = insert_or_none(Registration, row, Registration.id)
    if registration_id is None:
        raise errors.AlreadyRegistered
    registration = db.session.get_one(Registration, registration_id)
    audit.record(
        "added_by_hand",
        at=now,
        actor=actor,
        event_id=event.id,
        registration_id=registration_id,
        states=(None, State.CONFIRMED),
        over_capacity=over_capacity,
    )
    letter = mails.confirmed(**wording.about(registration, page))
    letters.owe(letter, registration, now)
    taken, _instant = pools.take({page.facts.pool_id: 1}, over_capacity=over_capacity)
    if not taken:
        raise errors.Full
    waiting_list.mark_later(page.facts)
    return registration


def _row(
    event: Event, applicant: Applicant, *, reason: str, locale: str, now: datetime, actor: str
) -> dict[str, Any]:
    decision = eligibility.decide(
        applicant.address, audience=event.audience, policy=event.policy, event_id=event.id
    )
    return {
        "public_id": tokens.random_id(),
        "event_id": event.id,
        "state": State.CONFIRMED,
        "seats": 1,
        "nonce": tokens.random_id(9),
        "locale": locale,
        "source": "organiser",
        **applicant.columns(),
        "decision_reason": reason,
        **eligibility.evidence(decision, at=now, by=actor, organiser=True),
        "registered_at": now,
        "confirmed_at": now,
    }


def locked(event_id: int, public_id: str) -> Registration | None:
    """A registration of this event, locked for a decision."""
    registration = queries.by_public_id(public_id, lock=True)
    return registration if registration and registration.event_id == event_id else None
