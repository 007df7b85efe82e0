"""Another address for a registration: the new one proves itself, the old one can stop it."""

from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import Decision
from eventreg.registration import errors, mails, queries
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.queries import SignupPage, own
from eventreg.registration.rules import ACTIVE, SignupFacts, State
from eventreg.registration.rules import own as own_rules
from eventreg.registration.services import eligible, letters, proposals, terms, wording
from eventreg.registration.services.applicants import Applicant
from eventreg.shared import clock, tokens
from eventreg.shared.addresses import Address, canonical
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.text import fold


def ask(registration: Registration, address: Address) -> Proposal:
    """Writes to both addresses; nothing changes until the new one answers.

    Whether the new address has a sign-up of its own is told to its mailbox alone. Raises
    NotPossible, NotEligible, NeedsOrganiser, Invalid, TooManyProposals.
    """
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    _refuse_if_not_allowed(registration, page.facts, now)
    if address.canonical == registration.email_key:
        raise Invalid(N_("This is already your address."), field="email")
    _decide(registration, address, page.facts)
    person = Applicant(address, registration.given_name, registration.family_name)
    ends = own_rules.answer_by(now, own_rules.ADDRESS_ANSWERS, page.facts.starts_at)
    proposal = proposals.make(registration, "address", person, now=now, ends=ends)
    _trace(registration, "address_asked", now)
    taken = queries.active_of(registration.event_id, address.canonical) is not None
    asking = mails.address_asked(
        to=address.canonical,
        locale=registration.locale,
        page=page,
        public_id=registration.public_id,
        url=proposals.url(proposal, "address"),
        until=ends,
        already=taken,
    )
    letters.owe_of(asking, registration, f"proposal:{proposal.public_id}", now)
    _warn(proposal, registration, page, now, done=False)
    return proposal


def prove(proposal: Proposal, registration: Registration) -> Registration:
    """The new mailbox answered: address, evidence, and fresh links in place of all older ones.

    Raises OfferEnded, NotPossible, NotEligible, NeedsOrganiser, AlreadyRegistered (told to the
    mailbox it is about).
    """
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    if not proposals.is_open(proposal, now):
        raise errors.OfferEnded
    _refuse_if_not_allowed(registration, page.facts, now)
    address = canonical(proposal.email)
    evidence = _decide(registration, address, page.facts)
    eligible.keep(registration, eligibility.evidence(evidence, at=now) if evidence else {})
    proposals.end(proposal, "accepted", now)
    _set(registration, address, "address_changed", now)
    _warn(proposal, registration, page, now, done=True)
    _fresh_letter(registration, page, now)
    return registration


def stop(proposal: Proposal, registration: Registration) -> Registration:
    """The old mailbox says no: the change ends, or is undone for three days. Twice is once.

    Whatever was asked for with the same link ends too, other changes and offers of the place.
    Raises OfferEnded when it is too late, AlreadyRegistered when the old address signed up again.
    """
    now = clock.deciding_instant(db.session)
    if not may_stop(proposal, registration, now):
        raise errors.OfferEnded
    if proposal.outcome == "":
        proposals.end(proposal, "withdrawn", now)
        # Whoever asked had a link: none of those mailed before opens anything any more.
        _renew(registration, "address_stopped", now)
    elif proposal.outcome == "accepted":
        for one in _since(proposal):
            proposals.end(one, "withdrawn", now)
        _set(registration, canonical(proposal.previous), "address_restored", now)
    else:
        return registration
    for one in own.open_proposals(registration.id, now):
        proposals.end(one, "withdrawn", now)
    if registration.state in ACTIVE:
        _fresh_letter(registration, queries.signup_page_of(registration.event_id), now)
    return registration


def may_stop(proposal: Proposal, registration: Registration, now: datetime) -> bool:
    """Whether the old address still has its word: while the present one comes from this change.

    A thief changes it twice in a row: each later change of the chain is undone with the first.
    """
    if now >= proposal.made_at + own_rules.STOPPABLE:
        return False
    if proposal.outcome == "accepted":
        return registration.email_key in {one.email_key for one in _since(proposal)}
    return proposal.outcome in {"", "withdrawn"}


def _since(proposal: Proposal) -> list[Proposal]:
    """This change of address and those made after it that stand, oldest first."""
    return [
        one
        for one in own.proposals(proposal.registration_id)
        if one.kind == "address" and one.outcome == "accepted" and one.id >= proposal.id
    ]


def _decide(registration: Registration, address: Address, facts: SignupFacts) -> Decision | None:
    """Eligibility of the new address; an organiser's own decision about the person stands."""
    if registration.eligibility_method == "organiser":
        return None
    decision = eligible.ask(address, terms.of(facts, registration.population))
    if registration.state != State.PENDING:
        eligible.refuse_doubtful(decision)
    return decision


def _refuse_if_not_allowed(registration: Registration, facts: SignupFacts, now: datetime) -> None:
    if not own_rules.may_change_address(State(registration.state), facts, now):
        raise errors.NotPossible


def _set(registration: Registration, address: Address, act: str, now: datetime) -> None:
    registration.email = address.typed
    registration.email_key = address.canonical
    registration.search = fold(
        f"{registration.family_name} {registration.given_name} {address.canonical}"
    )
    registration.proven_at = now
    try:
        _renew(registration, act, now)
    except IntegrityError as twin:
        raise errors.AlreadyRegistered(field="") from twin


def _renew(registration: Registration, act: str, now: datetime) -> None:
    """A new nonce: every link mailed before opens nothing any more."""
    registration.nonce = tokens.random_id(9)
    registration.version += 1
    db.session.flush()
    _trace(registration, act, now)


def _warn(
    proposal: Proposal, registration: Registration, page: SignupPage, now: datetime, *, done: bool
) -> None:
    letter = mails.address_warning(
        to=canonical(proposal.previous).canonical,
        locale=registration.locale,
        page=page,
        public_id=registration.public_id,
        url=proposals.url(proposal, "stop"),
        done=done,
        until=proposal.made_at + own_rules.STOPPABLE,
    )
    key = f"proposal:{proposal.public_id}:{'done' if done else 'asked'}"
    letters.owe_of(letter, registration, key, now)


def _fresh_letter(registration: Registration, page: SignupPage, now: datetime) -> None:
    """The state of the registration once more, with its new links."""
    about = wording.about(registration, page)
    if registration.state == State.CONFIRMED:
        letters.owe(mails.confirmed(**about), registration, now)
        return
    entry = (page.title, page.facts.starts_at, page.facts.timezone, about["url"])
    if registration.state == State.OFFERED:
        entry = (*entry[:3], wording.url(registration, "confirm", registration.locale))
    letter = mails.my_links(to=registration.email_key, locale=registration.locale, entries=[entry])
    letters.owe(letter, registration, now)


def _trace(registration: Registration, act: str, now: datetime, **details: Any) -> None:
    audit.record(
        act,
        at=now,
        actor="registrant",
        event_id=registration.event_id,
        registration_id=registration.id,
        **details,
    )
