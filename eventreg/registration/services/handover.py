"""A place passes to a colleague, who accepts by the link sent to them; it is never free between."""

from datetime import datetime
from typing import Any

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.mailing.services import Mail
from eventreg.registration import errors, mails, queries
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.queries import SignupPage, line
from eventreg.registration.rules import Act, SignupFacts, State
from eventreg.registration.rules import own as own_rules
from eventreg.registration.services import eligible, letters, moves, proposals, terms, wording
from eventreg.registration.services.applicants import Applicant
from eventreg.shared import clock, tokens
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.rows import insert_or_none


def offer(registration: Registration, colleague: Applicant) -> Proposal:
    """Writes to the colleague; the place stays where it is until they accept.

    Whether they have a sign-up of their own is told to their mailbox alone. Raises NotPossible,
    NotEligible, NeedsOrganiser, Invalid for one's own address, TooManyProposals.
    """
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    facts = terms.of(page.facts, registration.population)
    _refuse_if_not_allowed(registration, facts, now)
    if colleague.address.canonical == registration.email_key:
        raise Invalid(N_("This is your own address: enter your colleague’s."), field="email")
    eligible.refuse_doubtful(eligible.ask(colleague.address, facts))
    ends = own_rules.answer_by(now, own_rules.COLLEAGUE_ANSWERS, own_rules.modify_until(facts))
    proposal = proposals.make(registration, "colleague", colleague, now=now, ends=ends)
    _trace(registration, "place_offered", now, actor="registrant")
    taken = queries.active_of(registration.event_id, colleague.address.canonical) is not None
    letter = mails.place_offered(
        to=proposal.email_key,
        locale=proposal.locale,
        page=page,
        public_id=proposal.public_id,
        url=proposals.url(proposal, "take"),
        until=ends,
        already=taken,
    )
    letters.owe_of(letter, registration, f"proposal:{proposal.public_id}", now)
    return proposal


def accept(proposal: Proposal, registration: Registration) -> Registration:
    """The colleague takes the place: a registration of their own, holding the seats of before.

    The other one ends, and its links with it. Raises ExpiredLink, NotPossible, NotEligible,
    NeedsOrganiser, AlreadyRegistered.
    """
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    if not proposals.is_open(proposal, now):
        raise errors.OfferEnded
    facts = terms.of(page.facts, registration.population)
    _refuse_if_not_allowed(registration, facts, now)
    colleague = Applicant.from_text(proposal.email, proposal.given_name, proposal.family_name)
    decision = eligible.ask(colleague.address, facts)
    eligible.refuse_doubtful(decision)
    row = _row(registration, colleague, now) | eligibility.evidence(decision, at=now)
    new_id = insert_or_none(Registration, row, Registration.id)
    if new_id is None:
        raise errors.AlreadyRegistered(field="")
    new = db.session.get_one(Registration, new_id)
    _pass_seats(registration, new, facts)
    proposals.end(proposal, "accepted", now)
    registration.cancelled_at = now
    moves.move(
        registration,
        Act.CANCEL,
        facts=facts,
        actor="registrant",
        now=now,
        owing=lambda: letters.owe(_told(registration, page, accepted=True), registration, now),
        handed_over=True,
    )
    _trace(new, "place_taken", now, actor="registrant", states=(None, State.CONFIRMED))
    letters.owe(mails.confirmed(**wording.about(new, page)), new, now)
    return new


def decline(proposal: Proposal, registration: Registration) -> None:
    """The colleague does not come: the person is told and keeps the place. Twice is once."""
    now = clock.deciding_instant(db.session)
    if not proposals.is_open(proposal, now):
        return
    proposals.end(proposal, "declined", now)
    registration.version += 1
    _trace(registration, "place_declined", now, actor="colleague")
    if registration.state == State.CONFIRMED:
        page = queries.signup_page_of(registration.event_id)
        letters.owe(_told(registration, page, accepted=False), registration, now)


def _told(registration: Registration, page: SignupPage, *, accepted: bool) -> Mail:
    return mails.place_answered(**wording.about(registration, page), accepted=accepted)


def _refuse_if_not_allowed(registration: Registration, facts: SignupFacts, now: datetime) -> None:
    state = State(registration.state)
    if state is not State.CONFIRMED:
        raise errors.NotPossible
    if not own_rules.may_hand_over(state, facts, now):
        raise errors.NoHandover


def _row(registration: Registration, colleague: Applicant, now: datetime) -> dict[str, Any]:
    """What passes over is the place; answers are the other person's and stay behind."""
    return {
        "public_id": tokens.random_id(),
        "event_id": registration.event_id,
        "state": State.CONFIRMED,
        "seats": registration.seats,
        "nonce": tokens.random_id(9),
        "locale": registration.locale,
        "source": "handover",
        "population": registration.population,
        "form_version": registration.form_version,
        "companions": registration.companions,
        **colleague.columns(),
        "registered_at": now,
        "decided_at": now,
        "proven_at": now,
        "confirmed_at": now,
    }


def _pass_seats(old: Registration, new: Registration, facts: SignupFacts) -> None:
    """Rows change hands, counters do not: no seat is free for an instant."""
    others = {
        row.pool_id: row.seats
        for row in line.pool_seats(old.id)
        if row.held and row.pool_id != facts.pool_id
    }
    if others:
        moves.ask(new.id, others, held=True)
        moves.let_go(old.id)
    old.seats = 0


def _trace(
    registration: Registration, act: str, now: datetime, *, actor: str, **details: Any
) -> None:
    audit.record(
        act,
        at=now,
        actor=actor,
        event_id=registration.event_id,
        registration_id=registration.id,
        **details,
    )
