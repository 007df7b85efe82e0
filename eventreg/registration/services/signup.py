"""Signing up: from a valid form to a receipt, in seven statements (eight on PostgreSQL)."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import Decision, Identity
from eventreg.mailing import services as mailing
from eventreg.mailing.services import Owed
from eventreg.registration import errors, links, mails, queries, rules
from eventreg.registration.models import Receipt, Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import Pass, SignupFacts, SignupState, State
from eventreg.registration.services import invitations, moves, pools, terms, wording
from eventreg.registration.services.pools import Change
from eventreg.shared import clock, tokens
from eventreg.shared.addresses import Address, canonical
from eventreg.shared.db import Ready, db, is_sqlite, ready, run, write
from eventreg.shared.text import fold

KEY_LIFE = timedelta(hours=24)
DECIDED = ("decided_at", "confirmed_at", "queue_rank")  # told by the lock
_TABLE = Registration.__table__
_DECIDE = (
    update(_TABLE)  # type: ignore[arg-type]  # __table__ is a FromClause to mypy
    .where(_TABLE.c.id == bindparam("key"))
    .values(
        decided_at=bindparam("at"),
        confirmed_at=bindparam("confirmed"),
        queue_rank=bindparam("rank"),
    )
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
    justification: str = ""  # why an exception is asked for
    identity: Identity | None = None  # not typed: who a fresh sign-in says that they are

    @classmethod
    def from_text(cls, email: str, given_name: str, family_name: str, **rest: Any) -> "Applicant":
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
            "justification": self.justification,
            "search": fold(f"{self.family_name} {self.given_name} {self.address.canonical}"),
        }


@dataclass(frozen=True)
class Answer:
    """What the result page needs."""

    receipt: str
    state: str
    registration_id: int | None = None  # of a new registration; never of a twin's


@dataclass(frozen=True)
class Wishes:
    """What a person asked for beside a place: answers of that version of the form, other pools.

    `pools`: seats by the key of the pool; `companions` take seats of the event's own.
    """

    population: str = ""
    form_version: int = 0
    answers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pools: Mapping[str, int] = field(default_factory=dict)
    companions: int = 0


@dataclass(frozen=True)
class Prepared:
    """Everything that can be worked out before the transaction: the lock is held for less.

    `seats`: what is asked of each pool id, the event's own included.
    """

    page: queries.SignupPage
    applicant: Applicant
    locale: str
    wishes: Wishes
    state: State
    seats: Mapping[int, int]
    letter: Owed
    row: Ready = field(repr=False)
    receipt: Ready
    trace: Ready
    allowed: Pass | None
    now: datetime

    @property
    def facts(self) -> SignupFacts:
        return self.page.facts


def prepare(
    page: queries.SignupPage,
    applicant: Applicant,
    *,
    locale: str,
    wishes: Wishes = Wishes(),
    in_line: bool = False,
    allowed: Pass | None = None,
) -> Prepared:
    """Decides eligibility and writes the letter; `in_line` for the waiting list.

    `allowed`: the invitation that the person shows. Raises what `refuse_if_shut` raises,
    NotEligible, OtherAddress.
    """
    facts = terms.of(page.facts, wishes.population, allowed)
    now = clock.utc_now()
    refuse_if_unoffered(facts)
    if allowed is not None and not allowed.fits(applicant.address):
        raise errors.OtherAddress
    decision = eligibility.decide(
        applicant.address,
        audience=facts.audience,
        policy=facts.policy,
        identity=applicant.identity,
        event_id=facts.event_id,
    )
    chosen = _is_chosen(decision, facts, applicant, allowed)
    if decision.outcome == "refused" and not chosen:
        decision = _asked_or_refused(facts, applicant, decision)
    outcome = "eligible" if chosen else decision.outcome
    proven = allowed is not None and allowed.proves(applicant.address)
    proof_asked = facts.confirmation_hours > 0 and not proven
    state = State.WAITING
    if not in_line:
        state = rules.first_state(outcome=outcome, approval=facts.approval, proof_asked=proof_asked)
    public_id, nonce = tokens.random_id(), tokens.random_id(9)
    proves = state is State.UNCONFIRMED or (in_line and proof_asked)
    url = links.url(
        "confirm" if proves else "manage", public_id=public_id, nonce=nonce, locale=locale
    )
    letter = mails.first_letter(
        state,
        to=applicant.address.canonical,
        locale=locale,
        page=page,
        review=outcome == "review",
        url=url,
        public_id=public_id,
    )
    row = _row(facts, applicant, wishes, state=state, asks_a_person=outcome == "review") | {
        **eligibility.evidence(
            decision,
            at=now,
            by=allowed.invited_by if allowed and chosen else "",
            organiser=chosen,
        ),
        "source": "form" if allowed is None else "invitation",
        "proven_at": now if proven else None,
        "public_id": public_id,
        "nonce": nonce,
        "locale": locale,
        "registered_at": now,
    }
    return Prepared(
        page=page,
        applicant=applicant,
        locale=locale,
        wishes=wishes,
        state=state,
        seats=_asked(facts, wishes),
        letter=mailing.ready(letter, now=now),
        row=ready(Registration, row, answer="id", late=DECIDED),
        receipt=_receipt(facts, state, outcome, now),
        trace=audit.ready(
            "registered",
            at=now,
            actor="registrant",
            event_id=facts.event_id,
            states=(None, state),
            outcome=outcome,
            reason="organiser_decision" if chosen else decision.reason,
        ),
        allowed=allowed,
        now=now,
    )


def _is_chosen(
    decision: Decision, facts: SignupFacts, applicant: Applicant, allowed: Pass | None
) -> bool:
    """An organiser invited this very person, and nobody needs to decide again."""
    if allowed is None:
        return False
    if allowed.skips_approval or decision.reason == "not_invited":
        return True
    if decision.outcome == "eligible" or decision.reason == "event_refused":
        return False
    guest = allowed.proves(applicant.address)
    return guest and eligibility.takes_guests(facts.audience, facts.policy)


def _asked_or_refused(facts: SignupFacts, applicant: Applicant, decision: Decision) -> Decision:
    """A request for an exception where the person gave reasons and the event takes them.

    Raises NotEligible otherwise.
    """
    asked = eligibility.exception(decision, audience=facts.audience, policy=facts.policy)
    if asked is not None and applicant.justification:
        return asked
    refuse_if_shut(facts, clock.deciding_instant(db.session))
    refusal = errors.NotEligible(decision.message, **decision.params)
    refusal.reason, refusal.may_ask = decision.reason, asked is not None
    if decision.suggestion:
        refusal.suggestion = f"{applicant.address.local}@{decision.suggestion}"
    raise refusal


def _row(
    facts: SignupFacts,
    applicant: Applicant,
    wishes: Wishes,
    *,
    state: State,
    asks_a_person: bool,
) -> dict[str, Any]:
    holding = rules.holds_seat(state, pending_holds_seat=facts.pending_holds_seat)
    return {
        "event_id": facts.event_id,
        "state": state,
        "seats": rules.party(wishes.companions) if holding else 0,
        "population": wishes.population,
        "form_version": wishes.form_version,
        "answers": dict(wishes.answers),
        "companions": wishes.companions,
        "cleared": not asks_a_person and facts.approval != "manual",
        **applicant.columns(),
    }


def _receipt(facts: SignupFacts, state: State, outcome: str, now: datetime) -> Ready:
    values = {
        "receipt": tokens.random_id(),
        "event_id": facts.event_id,
        "shown_state": state,
        "shown_outcome": outcome,
        "created_at": now,
    }
    late = ("key_hash", "request_hash", "registration_id")
    return ready(Receipt, values, answer="receipt", late=late)


def _asked(facts: SignupFacts, wishes: Wishes) -> dict[int, int]:
    """Raises NotPossible for a pool that is no longer there: the caller starts afresh."""
    seats = {facts.pool_id: rules.party(wishes.companions)}
    if wishes.pools:
        known = line.pool_ids(facts.event_id)
        if not set(wishes.pools) <= set(known):
            raise errors.NotPossible
        seats |= {known[key]: count for key, count in wishes.pools.items()}
    return seats


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


def register(prepared: Prepared, *, key: str, payload: Mapping[str, Any]) -> Answer:
    """Writes registration, receipt, trace and letter, takes the seats, then decides on the clock.

    The same key gives the same answer; with another payload it raises KeyReused. A twin (same
    address, active) gets the answer of a new sign-up and a letter that tells. Raises Closed,
    NotOpen, Full, NotPossible (settings changed under the form): the caller rolls back.
    """
    event_id = prepared.facts.event_id
    key_hash, request_hash = _keyed(f"key:{event_id}:{key}"), _keyed(_canonical(payload))
    locked, known = queries.locked(event_id, key_hash)
    if known is not None and known.created_at > prepared.now - KEY_LIFE:
        return _same_answer(known, request_hash)
    if known is not None:
        _retire(known)
    if locked is None or locked.version != prepared.facts.version:
        raise errors.NotPossible  # the settings changed: prepare afresh
    registration_id, decided_at = _insert_registration(prepared)
    twin = None
    if registration_id is None:
        twin = queries.active_of(event_id, prepared.applicant.address.canonical)
        if twin is None:  # it ended between the two statements: nothing is written, try again
            raise errors.NotPossible
    keys = {"key_hash": key_hash, "request_hash": request_hash}
    receipt: str | None = write(
        prepared.receipt, registration_id=twin.id if twin else registration_id, **keys
    )
    if receipt is None:  # the same key won a moment ago
        known = queries.receipt_of_key(key_hash)
        return _same_answer(known, request_hash) if known else _try_again()
    facts = terms.of(prepared.facts, prepared.wishes.population, prepared.allowed)
    facts = replace(facts, capacity=locked.capacity, taken=locked.taken, waiting=locked.waiting)
    if twin is not None:
        _answer_twin(prepared, facts, twin)
    else:
        _seat(prepared, facts, registration_id or 0, decided_at)
    return Answer(receipt, prepared.state, registration_id)


def _seat(
    prepared: Prepared, facts: SignupFacts, registration_id: int, decided_at: datetime | None
) -> None:
    """Trace and letter first, the contended rows last, then the instant that decides."""
    audit.write(prepared.trace, registration_id=registration_id)
    key = f"{registration_id}:{prepared.letter.kind}:1"
    mailing.owe(prepared.letter, registration_id=registration_id, dedupe_key=key)
    beyond = False
    if prepared.allowed is not None:
        invitations.spend(prepared.allowed, registration_id)
        beyond = prepared.allowed.beyond_capacity
    changes = _changes(prepared, facts, registration_id)
    taken, now = pools.apply(changes, over_capacity=beyond)
    refuse_if_shut(facts, decided_at or now)
    unheld = prepared.state is State.PENDING and facts.places_left == 0 and not beyond
    if not taken or unheld:
        raise errors.Full
    if decided_at is None:
        _decide(prepared.state, registration_id, now)


def _changes(prepared: Prepared, facts: SignupFacts, registration_id: int) -> dict[int, Change]:
    """What the sign-up changes in the pools; the rows of those beside the event's own."""
    holding = rules.holds_seat(prepared.state, pending_holds_seat=facts.pending_holds_seat)
    others = {pool: n for pool, n in prepared.seats.items() if pool != facts.pool_id}
    if others:
        moves.ask(registration_id, others, held=holding)
    if prepared.state is State.WAITING:
        changes: dict[int, Change] = {}
        own = {facts.pool_id: prepared.seats[facts.pool_id]}
        lacking = moves.join_line(registration_id, own, changes)
        if not lacking:
            raise errors.NotPossible  # a place was freed and nobody waits: start afresh
        if others and line.keep_no_list(lacking):
            raise errors.Full  # the event keeps a list, a pool that is full keeps none
        return changes
    return {pool: Change(n) for pool, n in prepared.seats.items()} if holding else {}


def _decide(state: State, registration_id: int, now: datetime) -> None:
    """PostgreSQL tells the instant after the wait for the seat: it is noted last."""
    confirmed_at = now if state is State.CONFIRMED else None
    rank = now.timestamp() if state is State.WAITING else 0.0
    values = {"key": registration_id, "at": now, "confirmed": confirmed_at, "rank": rank}
    run(_DECIDE, values)


def _answer_twin(prepared: Prepared, facts: SignupFacts, twin: Registration) -> None:
    """The screen says what it would say to a stranger; only the mailbox learns the rest."""
    now = clock.deciding_instant(db.session)
    refuse_if_shut(facts, now)
    if facts.places_left == 0 and prepared.state is not State.WAITING:
        raise errors.Full
    audit.record(
        "signed_up_again",
        at=prepared.now,
        actor="registrant",
        event_id=facts.event_id,
        registration_id=twin.id,
    )
    hour = f"{prepared.now:%Y%m%d%H}"  # one an hour at most, however often it is tried
    unproven = twin.proven_at is None and twin.state in {State.UNCONFIRMED, State.WAITING}
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


def _insert_registration(prepared: Prepared) -> tuple[int | None, datetime | None]:
    """The new row's id, or None when the address is active already (the index decides).

    On SQLite the lock that decides is held from the first statement: the instant is known and
    written at once. On PostgreSQL the second is None: it is read under the seat's lock.
    """
    now = clock.deciding_instant(db.session) if is_sqlite() else None
    key: int | None = write(
        prepared.row,
        decided_at=now,
        confirmed_at=now if prepared.state is State.CONFIRMED else None,
        queue_rank=now.timestamp() if now and prepared.state is State.WAITING else 0.0,
    )
    return key, now


def _canonical(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, sort_keys=True, ensure_ascii=True)


def _keyed(text: str) -> str:
    return hmac.new(tokens.secret(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
