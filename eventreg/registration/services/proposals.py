"""Proposals to an address that must agree first: made, found, ended."""

from datetime import datetime, timedelta

from eventreg.audit import services as audit
from eventreg.registration import errors, links, queries
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.queries import own
from eventreg.registration.services.applicants import Applicant
from eventreg.shared import tokens
from eventreg.shared.db import db
from eventreg.shared.letters import writer

MOST_A_DAY = 5  # of one registration: nobody fills other people's mailboxes with it
# To one mailbox, whoever asks: many registrations fill no mailbox either (R44).
TO_ONE = ((3, timedelta(hours=1)), (10, timedelta(days=1)))
ASKING = ("place_offered", "address_asked")


def make(
    registration: Registration, kind: str, person: Applicant, *, now: datetime, ends: datetime
) -> Proposal:
    """A new proposal in place of the one before. Raises TooManyProposals."""
    if own.proposals_since(registration.id, now) >= MOST_A_DAY:
        raise errors.TooManyProposals
    _refuse_if_flooded(person.address.canonical, now)
    for older in own.open_proposals(registration.id, now, kind=kind):
        end(older, "replaced", now)
    proposal = Proposal(
        public_id=tokens.random_id(),
        registration_id=registration.id,
        kind=kind,
        nonce=tokens.random_id(9),
        stop_nonce=tokens.random_id(9),
        locale=registration.locale,
        email=person.address.typed,
        email_key=person.address.canonical,
        given_name=person.given_name,
        family_name=person.family_name,
        previous=registration.email,
        made_at=now,
        expires_at=ends,
    )
    db.session.add(proposal)
    db.session.flush()
    return proposal


def _refuse_if_flooded(recipient: str, now: datetime) -> None:
    key = writer().recipient_key(recipient)
    for most, span in TO_ONE:
        if sum(queries.letters_since(key, kind, now - span) for kind in ASKING) >= most:
            raise errors.TooManyProposals


def end(proposal: Proposal, outcome: str, now: datetime) -> None:
    """No answer is taken any more."""
    proposal.outcome = outcome
    proposal.ended_at = now
    db.session.flush()


def url(proposal: Proposal, purpose: str) -> str:
    """The link to mail: `stop` for the old address, else for the one that must agree."""
    nonce = proposal.stop_nonce if purpose == "stop" else proposal.nonce
    return links.url(purpose, public_id=proposal.public_id, nonce=nonce, locale=proposal.locale)


def opened(public_id: str, nonce: str, purpose: str) -> Proposal | None:
    """The proposal that a grant opens, whatever became of it."""
    proposal = own.proposal(public_id)
    if proposal is None or (proposal.kind == "colleague") != (purpose == "take"):
        return None
    known = proposal.stop_nonce if purpose == "stop" else proposal.nonce
    return proposal if tokens.same(known, nonce) else None


def held(public_id: str, nonce: str, purpose: str) -> tuple[Proposal, Registration]:
    """The proposal and its registration, both locked, registration first. Raises ExpiredLink."""
    found = opened(public_id, nonce, purpose)
    registration = queries.by_key(found.registration_id, lock=True) if found else None
    proposal = own.proposal(public_id, lock=True)
    if found is None or registration is None or proposal is None:
        raise errors.ExpiredLink
    return proposal, registration


def is_open(proposal: Proposal, now: datetime) -> bool:
    """Whether it still awaits its answer."""
    return proposal.ended_at is None and now < proposal.expires_at


def withdraw(registration: Registration, now: datetime) -> None:
    """Whoever asked takes it back; the links sent open nothing any more. Twice is once."""
    for proposal in own.open_proposals(registration.id, now):
        end(proposal, "withdrawn", now)
        audit.record(
            f"{proposal.kind}_withdrawn",
            at=now,
            actor="registrant",
            event_id=registration.event_id,
            registration_id=registration.id,
        )
