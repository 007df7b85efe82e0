"""A sign-up before its transaction: whether, as what, and its rows made ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import Decision
from eventreg.mailing import services as mailing
from eventreg.mailing.services import Owed
from eventreg.registration import errors, links, mails, queries, rules
from eventreg.registration.models import Receipt, Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import Pass, SignupFacts, SignupState, State
from eventreg.registration.services import terms
from eventreg.registration.services.applicants import NOTHING_MORE, Applicant, Wishes
from eventreg.shared import clock, tokens
from eventreg.shared.db import db
from eventreg.shared.rows import Ready, ready

DECIDED = ("decided_at", "confirmed_at", "queue_rank")  # told by the lock


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
    wishes: Wishes = NOTHING_MORE,
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
    names = {"public_id": tokens.random_id(), "nonce": tokens.random_id(9), "locale": locale}
    proves = state is State.UNCONFIRMED or (in_line and proof_asked)
    letter = mails.first_letter(
        state,
        to=applicant.address.canonical,
        locale=locale,
        page=page,
        review=outcome == "review",
        url=links.url("confirm" if proves else "manage", **names),
        public_id=names["public_id"],
    )
    by = allowed.invited_by if allowed and chosen else ""
    row = {
        **_row(facts, applicant, wishes, state=state, asks_a_person=outcome == "review"),
        **eligibility.evidence(decision, at=now, by=by, organiser=chosen),
        **names,
        "source": "form" if allowed is None else "invitation",
        "proven_at": now if proven else None,
        "registered_at": now,
    }
    return Prepared(
        page=page,
        applicant=applicant,
        locale=locale,
        wishes=wishes,
        state=state,
        seats=_asked(page, wishes),
        letter=mailing.ready(letter, now=now),
        row=ready(Registration, row, answer="id", late=DECIDED),
        receipt=_receipt(facts, state, outcome, now),
        trace=_trace(
            facts, state, outcome, "organiser_decision" if chosen else decision.reason, now
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


def _trace(facts: SignupFacts, state: State, outcome: str, reason: str, now: datetime) -> Ready:
    return audit.ready(
        "registered",
        at=now,
        actor="registrant",
        event_id=facts.event_id,
        states=(None, state),
        outcome=outcome,
        reason=reason,
    )


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


def _asked(page: queries.SignupPage, wishes: Wishes) -> dict[int, int]:
    """Raises NotPossible for a pool that is no longer there: the caller starts afresh."""
    seats = {page.facts.pool_id: rules.party(wishes.companions)}
    if wishes.pools:
        known = page.pool_ids or line.pool_ids(page.facts.event_id)
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
