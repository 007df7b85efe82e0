"""People entered from a list: decided like a sign-up, written by the dozen in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import Decision
from eventreg.mailing import services as mailing
from eventreg.mailing.services import Owed
from eventreg.questionnaire import services as forms
from eventreg.registration import errors, links, mails, queries, rules
from eventreg.registration.models import Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import SignupFacts, State
from eventreg.registration.rules.rooms import Room, Rooms
from eventreg.registration.services import beside, moves, pools, terms, waiting_list
from eventreg.registration.services.applicants import Applicant, Wishes
from eventreg.registration.services.pools import Change
from eventreg.registration.services.preparing import DECIDED
from eventreg.shared import clock, tokens
from eventreg.shared.db import db
from eventreg.shared.rows import Ready, ready, write

ADDABLE = ("draft", "published")
SOURCE = "imported"


@dataclass(frozen=True)
class Terms:
    """How a list is entered. `reason`: an organiser vouches for everybody in it."""

    actor: str
    reason: str = ""
    locale: str = "fr"
    wait: bool = False  # whoever does not fit joins the waiting list, where there is one
    letters: bool = True


@dataclass(frozen=True)
class Judged:
    """Somebody who may come. `chosen`: by the organiser, where the rules alone would not do."""

    applicant: Applicant
    wishes: Wishes
    needs: Mapping[str, str]
    decision: Decision
    chosen: bool
    state: State
    facts: SignupFacts
    seats: Mapping[int, int]

    @property
    def holds(self) -> bool:
        return rules.holds_seat(self.state, pending_holds_seat=self.facts.pending_holds_seat)


@dataclass(frozen=True)
class Entry:
    """A person ready to be written: made before the transaction."""

    judged: Judged
    row: Ready = field(repr=False)
    trace: Ready
    letter: Owed | None


def refuse_if_over(facts: SignupFacts) -> None:
    """Raises EventOver for an event that is cancelled or archived."""
    if facts.event_state not in ADDABLE:
        raise errors.EventOver


def judge(  # noqa: PLR0913 - one person's facts
    page: queries.SignupPage,
    pool_ids: Mapping[str, int],
    applicant: Applicant,
    wishes: Wishes,
    needs: Mapping[str, str],
    how: Terms,
    *,
    pending: bool,
) -> Judged:
    """The one decision of every door. Raises NotEligible; NotPossible for a pool that is gone."""
    facts = terms.of(page.facts, wishes.population)
    decision = eligibility.decide(
        applicant.address, audience=facts.audience, policy=facts.policy, event_id=facts.event_id
    )
    sure = decision.outcome == "eligible" and facts.approval != "manual"
    chosen = bool(how.reason) and not (sure and not pending)
    if decision.outcome == "refused" and not chosen:
        raise errors.NotEligible(decision.message, **decision.params)
    state = State.CONFIRMED if chosen or (sure and not pending) else State.PENDING
    if not set(wishes.pools) <= set(pool_ids):
        raise errors.NotPossible
    seats = {facts.pool_id: rules.party(wishes.companions)}
    seats |= {pool_ids[key]: count for key, count in wishes.pools.items()}
    return Judged(applicant, wishes, needs, decision, chosen, state, facts, seats)


def rooms_of(facts: SignupFacts) -> Rooms:
    """The seats of each pool as they are now."""
    return Rooms(
        {
            row.id: Room(
                None if row.capacity is None else row.capacity - row.taken,
                row.waiting,
                facts.waiting_list if row.id == facts.pool_id else row.waiting_list,
            )
            for row in line.pool_rows(facts.event_id)
        }
    )


def place(judged: Judged, rooms: Rooms, *, wait: bool) -> Judged:
    """Takes their seats of `rooms`, or their place in line. Raises Full."""
    own = {judged.facts.pool_id: judged.seats[judged.facts.pool_id]}
    asked = judged.seats if judged.holds else own
    # Somebody who awaits a decision and holds nothing needs no more than one free place.
    full = bool(rooms.lacking(asked if judged.holds else {judged.facts.pool_id: 1}))
    if not full:
        if judged.holds:
            rooms.take(asked)
        return judged
    if not (wait and judged.facts.waiting_list and rooms.may_wait(judged.seats)):
        raise errors.Full
    rooms.wait(judged.seats)
    return replace(judged, state=State.WAITING)


def prepare(page: queries.SignupPage, judged: Judged, how: Terms, now: datetime) -> Entry:
    """The row, its trace and its letter in the database's words."""
    public_id, nonce = tokens.random_id(), tokens.random_id(9)
    row = _row(judged, how, now) | {"public_id": public_id, "nonce": nonce}
    trace = audit.ready(
        "imported",
        at=now,
        actor=how.actor,
        event_id=judged.facts.event_id,
        states=(None, judged.state),
        outcome=judged.decision.outcome,
        reason="organiser_decision" if judged.chosen else judged.decision.reason,
    )
    letter = None
    if how.letters:
        url = links.url("manage", public_id=public_id, nonce=nonce, locale=how.locale)
        about: mails.About = {
            "to": judged.applicant.address.canonical,
            "locale": how.locale,
            "page": page,
            "public_id": public_id,
            "url": url,
        }
        letter = mailing.ready(_letter(judged, about), now=now)
    return Entry(judged, ready(Registration, row, answer="id", late=DECIDED), trace, letter)


def _letter(judged: Judged, about: mails.About) -> mailing.Mail:
    if judged.state is State.WAITING:
        return mails.waiting(**about)
    return mails.confirmed(**about) if judged.state is State.CONFIRMED else mails.pending(**about)


def _row(judged: Judged, how: Terms, now: datetime) -> dict[str, Any]:
    facts, wishes, decision = judged.facts, judged.wishes, judged.decision
    asks_a_person = decision.outcome == "review" or facts.approval == "manual"
    return {
        "event_id": facts.event_id,
        "state": judged.state,
        "seats": rules.party(wishes.companions) if judged.holds else 0,
        "population": wishes.population,
        "form_version": wishes.form_version,
        "answers": dict(wishes.answers),
        "companions": wishes.companions,
        "cleared": judged.chosen or (not asks_a_person and judged.state is not State.PENDING),
        **judged.applicant.columns(),
        "decision_reason": how.reason if judged.chosen else "",
        **eligibility.evidence(
            decision, at=now, by=how.actor if judged.chosen else "", organiser=judged.chosen
        ),
        "source": SOURCE,
        "locale": how.locale,
        "registered_at": now,
    }


def enter(entries: Sequence[Entry], *, version: int) -> list[int]:
    """Writes people of one event; the places in `entries` of those who were there already.

    All take seats, or all wait. Raises Full when they do not fit any more, NotPossible when the
    event changed since `version` or a place was freed meanwhile: the caller rolls back.
    """
    facts = entries[0].judged.facts
    locked, _known = queries.locked(facts.event_id, "")
    if locked is None or locked.version != version:
        raise errors.EventChanged
    now = clock.deciding_instant(db.session)
    written, twins = [], []
    for number, entry in enumerate(entries):
        key = write(entry.row, **_decided(entry.judged.state, now))
        if key is None:
            twins.append(number)
        else:
            written.append((key, entry))
    for key, entry in written:
        audit.write(entry.trace, registration_id=key)
        if entry.letter is not None:
            dedupe = f"{key}:{entry.letter.kind}:1"
            mailing.owe(entry.letter, registration_id=key, dedupe_key=dedupe)
        if entry.judged.needs:
            forms.keep_needs(key, facts.event_id, entry.judged.needs, now=now)
            beside.tell_needs(key, now=now)
    changes = _changes(written)
    taken, _instant = pools.apply(changes)
    if not taken:
        raise errors.Full
    waiting_list.mark_later(facts)
    return twins


def _decided(state: State, now: datetime) -> dict[str, Any]:
    return {
        "decided_at": now,
        "confirmed_at": now if state is State.CONFIRMED else None,
        "queue_rank": now.timestamp() if state is State.WAITING else 0.0,
    }


def _changes(written: Iterable[tuple[int, Entry]]) -> dict[int, Change]:
    """What all of them change in the pools, each row noted."""
    changes: dict[int, Change] = {}
    for key, entry in written:
        judged = entry.judged
        own = judged.facts.pool_id
        others = {pool: count for pool, count in judged.seats.items() if pool != own}
        if others:
            moves.ask(key, others, held=judged.holds)
        if judged.state is State.WAITING:
            if not moves.join_line(key, {own: judged.seats[own]}, changes):
                raise errors.NotPossible
        elif judged.holds:
            for pool, count in judged.seats.items():
                changes[pool] = changes.get(pool, Change()).plus(seats=count)
    return changes
