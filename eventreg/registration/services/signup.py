"""Signing up: from a valid form to a receipt, in at most eight statements."""

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import Decision
from eventreg.mailing import services as mailing
from eventreg.mailing.services import Mail
from eventreg.registration import errors, links, mails, queries, rules
from eventreg.registration.models import Receipt, Registration
from eventreg.registration.rules import SignupFacts, SignupState, State
from eventreg.registration.services import pools, wording
from eventreg.shared import clock, tokens
from eventreg.shared.addresses import Address, canonical
from eventreg.shared.db import db, insert_or_none, run
from eventreg.shared.text import fold

KEY_LIFE = timedelta(hours=24)
_TABLE = Registration.__table__
_DECIDE = (
    update(_TABLE)  # type: ignore[arg-type]  # __table__ is a FromClause to mypy
    .where(_TABLE.c.id == bindparam("key"))
    .values(decided_at=bindparam("at"), confirmed_at=bindparam("confirmed"))
)


@dataclass(frozen=True)
class Applicant:
    """What a person typed, already of the right shape. `address` is the canonical reading."""

    address: Address
    given_name: str
    family_name: str
    organisation: str = ""
    job_title: str = ""
    phone: str = ""

    @classmethod
    def from_text(cls, email: str, given_name: str, family_name: str, **rest: str) -> "Applicant":
        """Raises InvalidAddress."""
        return cls(canonical(email), given_name, family_name, **rest)

    def columns(self) -> dict[str, str]:
        """The columns of a registration that say who it is."""
        return {
            "email": self.address.typed,
            "email_key": self.address.canonical,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "organisation": self.organisation,
            "job_title": self.job_title,
            "phone": self.phone,
            "search": fold(f"{self.family_name} {self.given_name} {self.address.canonical}"),
        }


@dataclass(frozen=True)
class Answer:
    """What the result page needs."""

    receipt: str
    state: str


@dataclass(frozen=True)
class Prepared:
    """Everything that can be worked out before the transaction: the lock is held for less."""

    page: queries.SignupPage
    applicant: Applicant
    locale: str
    decision: Decision
    state: State
    public_id: str
    nonce: str
    letter: Mail
    now: datetime

    @property
    def facts(self) -> SignupFacts:
        return self.page.facts


def prepare(page: queries.SignupPage, applicant: Applicant, *, locale: str) -> Prepared:
    """Decides eligibility and writes the letter. Raises what `refuse_if_shut` raises, NotEligible."""
    facts = page.facts
    now = clock.utc_now()
    refuse_if_unoffered(facts)
    decision = eligibility.decide(applicant.address, audience=facts.audience)
    if decision.outcome == "refused":
        refuse_if_shut(facts, clock.deciding_instant(db.session))
        refusal = errors.NotEligible(decision.message, **decision.params)
        if decision.suggestion:
            refusal.suggestion = f"{applicant.address.local}@{decision.suggestion}"
        raise refusal
    state = rules.first_state(
        outcome=decision.outcome,
        approval=facts.approval,
        proof_asked=facts.confirmation_hours > 0,
    )
    public_id, nonce = tokens.random_id(), tokens.random_id(9)
    url = links.url(
        "confirm" if state is State.UNCONFIRMED else "manage",
        public_id=public_id,
        nonce=nonce,
        locale=locale,
    )
    letter = mails.first_letter(
        state,
        to=applicant.address.canonical,
        locale=locale,
        page=page,
        review=decision.outcome == "review",
        url=url,
        public_id=public_id,
    )
    return Prepared(page, applicant, locale, decision, state, public_id, nonce, letter, now)


def refuse_if_unoffered(facts: SignupFacts) -> None:
    """Raises NoSignUp for a draft, an external event, one that takes none or has no date."""
    offered = facts.event_state == "published" and facts.mode == "internal" and facts.closing
    if not offered:
        if facts.event_state in {"cancelled", "archived"} and facts.mode == "internal":
            raise errors.Closed
        raise errors.NoSignUp


def refuse_if_shut(facts: SignupFacts, now: datetime) -> None:
    """Raises NotOpen before the opening, Closed from the deadline on."""
    state = rules.window(opens_at=facts.opens_at, closes_at=facts.closing, now=now)
    if facts.closing is None or state is SignupState.CLOSED:
        raise errors.Closed
    if state is SignupState.NOT_OPEN:
        raise errors.NotOpen


def register(prepared: Prepared, *, key: str, payload: dict[str, str]) -> Answer:
    """Writes registration, receipt, trace and letter, takes the seat, then decides on the clock.

    The same key gives the same answer; with another payload it raises KeyReused. A twin (same
    address, active) gets the answer of a new sign-up and a letter that tells. Raises Closed,
    NotOpen, Full, NotPossible (settings changed under the form): the caller rolls back.
    """
    event_id = prepared.facts.event_id
    key_hash, request_hash = _keyed(f"key:{event_id}:{key}"), _keyed(_canonical(payload))
    found, known = queries.locked_facts(event_id, key_hash)
    if known is not None and known.created_at > prepared.now - KEY_LIFE:
        return _same_answer(known, request_hash)
    if known is not None:
        _retire(known)
    facts = _unmoved(found, prepared)
    registration_id = _insert_registration(prepared)
    twin = None
    if registration_id is None:
        twin = queries.active_of(event_id, prepared.applicant.address.canonical)
        if twin is None:  # it ended between the two statements: nothing is written, try again
            raise errors.NotPossible
    receipt = _insert_receipt(
        prepared, key_hash, request_hash, twin.id if twin else registration_id
    )
    if receipt is None:  # the same key won a moment ago
        known = queries.receipt_of_key(key_hash)
        return _same_answer(known, request_hash) if known else _try_again()
    if twin is not None:
        _answer_twin(prepared, facts, twin)
    else:
        _seat(prepared, facts, registration_id or 0)
    return Answer(receipt, prepared.state)


def _unmoved(facts: SignupFacts | None, prepared: Prepared) -> SignupFacts:
    """The facts, still those that the sign-up was prepared with. Raises NotPossible, NoSignUp."""
    if facts is None or facts.version != prepared.facts.version:
        raise errors.NotPossible
    refuse_if_unoffered(facts)
    return facts


def _seat(prepared: Prepared, facts: SignupFacts, registration_id: int) -> None:
    """Trace and letter first, the contended row last, then the instant that decides."""
    audit.record(
        "registered",
        at=prepared.now,
        actor="registrant",
        event_id=facts.event_id,
        registration_id=registration_id,
        states=(None, prepared.state),
        outcome=prepared.decision.outcome,
        reason=prepared.decision.reason,
    )
    key = f"{registration_id}:{prepared.letter.kind}:1"
    mailing.queue(
        replace(prepared.letter, registration_id=registration_id, dedupe_key=key), now=prepared.now
    )
    holding = rules.holds_seat(prepared.state, pending_holds_seat=facts.pending_holds_seat)
    if holding:
        taken, now = pools.take(facts.pool_id)
    else:
        taken, now = facts.places_left != 0, clock.deciding_instant(db.session)
    refuse_if_shut(facts, now)
    if not taken:
        raise errors.Full
    confirmed_at = now if prepared.state is State.CONFIRMED else None
    run(_DECIDE, {"key": registration_id, "at": now, "confirmed": confirmed_at})


def _answer_twin(prepared: Prepared, facts: SignupFacts, twin: Registration) -> None:
    """The screen says what it would say to a stranger; only the mailbox learns the rest."""
    now = clock.deciding_instant(db.session)
    refuse_if_shut(facts, now)
    if facts.places_left == 0:
        raise errors.Full
    audit.record(
        "signed_up_again",
        at=prepared.now,
        actor="registrant",
        event_id=facts.event_id,
        registration_id=twin.id,
    )
    hour = f"{prepared.now:%Y%m%d%H}"  # one an hour at most, however often it is tried
    unproven = twin.state == State.UNCONFIRMED
    letter = mails.already_registered(
        to=twin.email_key,
        locale=prepared.locale,
        page=prepared.page,
        url=wording.url(twin, "confirm" if unproven else "manage", prepared.locale),
        unproven=unproven,
    )
    mailing.queue(
        replace(letter, registration_id=twin.id, dedupe_key=f"{twin.id}:already:{hour}"),
        now=prepared.now,
    )


def _same_answer(known: queries.Known, request_hash: str) -> Answer:
    if not hmac.compare_digest(known.request_hash, request_hash):
        raise errors.KeyReused
    return Answer(known.receipt, known.shown_state)


def _try_again() -> Answer:
    raise errors.NotPossible


def _retire(known: queries.Known) -> None:
    """A key older than a day is forgotten; its result page stays."""
    db.session.execute(
        update(Receipt).where(Receipt.id == known.id).values(key_hash=f"retired:{known.id}")
    )


def _insert_registration(prepared: Prepared) -> int | None:
    """The new row's id, or None when the address is active already (the index decides)."""
    decision = prepared.decision
    holding = rules.holds_seat(prepared.state, pending_holds_seat=prepared.facts.pending_holds_seat)
    values = {
        "public_id": prepared.public_id,
        "event_id": prepared.facts.event_id,
        "state": prepared.state,
        "seats": int(holding),
        "nonce": prepared.nonce,
        "locale": prepared.locale,
        **prepared.applicant.columns(),
        "eligibility_outcome": decision.outcome,
        "eligibility_reason": decision.reason,
        "eligibility_rule": decision.rule,
        "eligibility_body": decision.organisation or "",
        "registry_version": decision.registry_version,
        "registered_at": prepared.now,
    }
    key: int | None = insert_or_none(Registration, values, Registration.id)
    return key


def _insert_receipt(
    prepared: Prepared, key_hash: str, request_hash: str, registration_id: int | None
) -> str | None:
    values = {
        "receipt": tokens.random_id(),
        "key_hash": key_hash,
        "request_hash": request_hash,
        "event_id": prepared.facts.event_id,
        "registration_id": registration_id,
        "shown_state": prepared.state,
        "shown_outcome": prepared.decision.outcome,
        "created_at": prepared.now,
    }
    receipt: str | None = insert_or_none(Receipt, values, Receipt.receipt)
    return receipt


def _canonical(payload: dict[str, str]) -> str:
    return json.dumps(payload, sort_keys=True, ensure_ascii=True)


def _keyed(text: str) -> str:
    return hmac.new(tokens.secret(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
