"""A person changes what they said: who they are, their answers, the seats they ask for."""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from eventreg.audit import services as audit
from eventreg.eligibility import services as eligibility
from eventreg.files import queries as stored_files
from eventreg.files import services as files
from eventreg.questionnaire import queries as forms
from eventreg.questionnaire import services as questionnaire
from eventreg.registration import errors, mails, queries, rules
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import Act, SignupFacts, State
from eventreg.registration.rules import own as own_rules
from eventreg.registration.services import (
    beside,
    eligible,
    letters,
    moves,
    pools,
    preparing,
    self_service,
    terms,
    waiting_list,
    wording,
)
from eventreg.registration.services.applicants import Wishes
from eventreg.registration.services.pools import Change
from eventreg.shared import clock, tokens
from eventreg.shared.db import db
from eventreg.shared.text import fold

IDENTITY = ("given_name", "family_name", "organisation", "job_title", "phone")


@dataclass(frozen=True)
class Edit:
    """What the form sent. `seen`: the mark of what stood in it when it was drawn.

    Without `wishes`, answers and seats stay as they are. `needs`: access needs, kept apart.
    """

    identity: Mapping[str, str]
    seen: str
    wishes: Wishes | None = None
    needs: Mapping[str, str] = field(default_factory=dict, repr=False)


def mark(registration: Registration) -> str:
    """Stands for what a person can change: two people who edit do not overwrite each other.

    Not the row's version, which grows with each link asked for.
    """
    content = [getattr(registration, name) for name in IDENTITY]
    content += [registration.population, registration.companions, registration.answers]
    content.append(_needs(registration))
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hmac.new(tokens.secret(), text.encode(), hashlib.sha256).hexdigest()[:32]


def modify(registration: Registration, edit: Edit) -> State:
    """Writes the changes, all or none: conditions, eligibility and seats are looked at again.

    A seat of another pool is taken before the old one is given back, in one transaction. Raises
    Stale when something else was written since the form was drawn, Closed after the limit,
    NotPossible, NotEligible, Full (naming the pools; nothing is lost).
    """
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    if self_service.expire_if_over(registration, page, now):
        return State.EXPIRED
    state = State(registration.state)
    limits = terms.of(page.facts, registration.population)
    _refuse_if_too_late(state, limits, now)
    keys = changed_keys(registration, edit)
    if not keys:
        return state
    if not tokens.same(mark(registration), edit.seen):
        raise errors.ChangedMeanwhile
    wishes = edit.wishes or _wishes_of(registration)
    facts = terms.of(page.facts, wishes.population)
    doubtful = _look_again(registration, wishes, facts, now)
    reset = state is State.CONFIRMED and (facts.reset_on_edit or doubtful)
    changes = {}
    if reset or edit.wishes:
        changes = _reseat(registration, wishes, facts, now, reset=reset)
    needs = _changed_needs(registration, edit)
    _write(registration, edit, now)
    _trace(registration, keys, now)
    if needs:
        beside.tell_needs(registration.id, now=now, changed=needs)
    if reset:
        _reset(registration, page, facts, now)
    _apply(changes, limits, state)
    return State(registration.state)


def _apply(changes: dict[int, Change], facts: SignupFacts, state: State) -> None:
    """The pools, all or none; then the instant that decides."""
    done, instant = pools.apply(changes, waited=state is State.WAITING)
    if not done:
        raise errors.Full
    _refuse_if_too_late(state, facts, instant)
    if changes:
        waiting_list.serve_later(facts)


def _refuse_if_too_late(state: State, facts: SignupFacts, now: datetime) -> None:
    if state not in rules.ACTIVE:
        raise errors.NotPossible
    if not own_rules.may_modify(state, facts, now):
        raise errors.TooLateToModify


def _look_again(
    registration: Registration, wishes: Wishes, facts: SignupFacts, now: datetime
) -> bool:
    """Eligibility where the population changed; whether a person must decide now."""
    if wishes.population == registration.population:
        return False
    decision = eligible.ask_again(registration, facts)
    if decision is None:
        return False
    eligible.keep(registration, eligibility.evidence(decision, at=now))
    return decision.outcome == "review"


def changed_keys(registration: Registration, edit: Edit) -> list[str]:
    """The names of what would change, for the trace: never a value."""
    keys = [key for key in IDENTITY if edit.identity.get(key, "") != getattr(registration, key)]
    wishes = edit.wishes
    if wishes is None:
        return keys
    before, after = registration.answers, wishes.answers
    keys += [
        f"q_{key}" for key in sorted(before | dict(after)) if before.get(key) != after.get(key)
    ]
    keys += [f"q_{key}" for key in _changed_needs(registration, edit)]
    for name in ("population", "companions"):
        if getattr(wishes, name) != getattr(registration, name):
            keys.append(name)
    if _asked(registration, wishes) != _others(registration):
        keys.append("pools")
    return keys


def _changed_needs(registration: Registration, edit: Edit) -> list[str]:
    if edit.wishes is None:
        return []
    before, after = _needs(registration), dict(edit.needs)
    return [key for key in sorted(before | after) if before.get(key) != after.get(key)]


def _needs(registration: Registration) -> dict[str, str]:
    return forms.needs_of(registration.id) if registration.form_version else {}


def _wishes_of(registration: Registration) -> Wishes:
    """What is stored, as wishes."""
    names = {pool: key for key, pool in line.pool_ids(registration.event_id).items()}
    return Wishes(
        population=registration.population,
        form_version=registration.form_version,
        answers=registration.answers,
        pools={names[pool]: seats for pool, seats in _others(registration).items()},
        companions=registration.companions,
    )


def _others(registration: Registration) -> dict[int, int]:
    """Seats asked of pools beside the event's own, by id."""
    own = line.pool_ids(registration.event_id).get("")
    rows = line.pool_seats(registration.id)
    return {row.pool_id: row.seats for row in rows if row.pool_id != own}


def _asked(registration: Registration, wishes: Wishes) -> dict[int, int]:
    """The same for wishes. Raises NotPossible for a pool that is no longer there."""
    known = line.pool_ids(registration.event_id)
    if not set(wishes.pools) <= set(known):
        raise errors.NotPossible
    return {known[key]: seats for key, seats in wishes.pools.items() if seats > 0}


def _reseat(
    registration: Registration, wishes: Wishes, facts: SignupFacts, now: datetime, *, reset: bool
) -> dict[int, Change]:
    """Rewrites the rows of what is asked for; answers what changes in each pool.

    Raises Full by the names of the pools that lack room, Closed for more seats of the event
    itself once sign-ups are closed.
    """
    party = rules.party(wishes.companions)
    asked = _asked(registration, wishes)
    if registration.state == State.WAITING:
        return _in_line_again(registration, asked, party, facts)
    holding = bool(registration.seats)
    if reset:
        holding = rules.holds_seat(State.PENDING, pending_holds_seat=facts.pending_holds_seat)
    held = {row.pool_id: row.seats for row in line.pool_seats(registration.id) if row.held}
    held[facts.pool_id] = registration.seats
    wanted = (asked | {facts.pool_id: party}) if holding else {}
    deltas = {pool: wanted.get(pool, 0) - held.get(pool, 0) for pool in {*held, *wanted}}
    if deltas[facts.pool_id] > 0:
        preparing.refuse_if_shut(facts, now)  # one person more is one person who comes late
    _refuse_if_full({pool: more for pool, more in deltas.items() if more > 0})
    _replace_rows(registration.id, asked, held=holding)
    registration.seats = wanted.get(facts.pool_id, 0)
    return {pool: Change(delta) for pool, delta in deltas.items() if delta}


def _in_line_again(
    registration: Registration, asked: dict[int, int], party: int, facts: SignupFacts
) -> dict[int, Change]:
    """Somebody in line asks for something else: the rank stays.

    Raises Full for more seats of a full pool that keeps no list.
    """
    before = {row.pool_id: row.seats for row in line.pool_seats(registration.id)}
    wanted = asked | {facts.pool_id: party}
    more = {pool: seats for pool, seats in wanted.items() if seats > before.get(pool, 0)}
    full = line.full_pools(more) | ({facts.pool_id: True} if facts.waiting_list else {})
    _name_full([pool for pool, listed in full.items() if not listed])
    changes: dict[int, Change] = {}
    moves.leave_line(registration.id, facts.pool_id, changes)
    _replace_rows(registration.id, asked, held=False)
    moves.return_to_line(registration.id, {facts.pool_id: party}, changes)
    return changes


def _replace_rows(registration_id: int, asked: dict[int, int], *, held: bool) -> None:
    wanted = PoolSeats.registration_id == registration_id
    db.session.execute(delete(PoolSeats).where(wanted))
    if asked:
        moves.ask(registration_id, asked, held=held)


def _refuse_if_full(more: dict[int, int]) -> None:
    _name_full(line.full_pools(more) if more else ())


def _name_full(full: Collection[int]) -> None:
    if full:
        names = line.labels(sorted(full))
        if names:
            raise errors.PoolsFull(pools=", ".join(names))
        raise errors.Full


def _write(registration: Registration, edit: Edit, now: datetime) -> None:
    for name in IDENTITY:
        setattr(registration, name, edit.identity.get(name, ""))
    person = f"{registration.family_name} {registration.given_name} {registration.email_key}"
    registration.search = fold(person)
    if edit.wishes:
        _exchange_files(registration, edit.wishes)
        questionnaire.keep_needs(registration.id, registration.event_id, edit.needs, now=now)
        registration.population = edit.wishes.population
        registration.form_version = edit.wishes.form_version
        registration.answers = dict(edit.wishes.answers)
        registration.companions = edit.wishes.companions
    registration.version += 1
    db.session.flush()


def _exchange_files(registration: Registration, wishes: Wishes) -> None:
    """New files become the person's, those replaced leave. Raises NotPossible for others' files."""
    before, after = _files(registration.answers), _files(wishes.answers)
    for public_id in sorted(after - before):
        if not files.adopt(public_id, registration.event_id, registration.id):
            raise errors.NotPossible
    gone = [stored_files.by_public_id(public_id) for public_id in sorted(before - after)]
    files.erase(one.id for one in gone if one and one.registration_id == registration.id)


def _files(answers: Mapping[str, Any]) -> set[str]:
    return {str(value.get("file")) for value in answers.values() if isinstance(value, dict)}


def _trace(registration: Registration, keys: list[str], now: datetime) -> None:
    audit.record(
        "modified",
        at=now,
        actor="registrant",
        event_id=registration.event_id,
        registration_id=registration.id,
        keys=keys,
    )


def _reset(
    registration: Registration, page: queries.SignupPage, facts: SignupFacts, now: datetime
) -> None:
    """Decided again: the rows say already what is held, so the move changes no pool."""
    registration.cleared = False

    def tell() -> None:
        letters.owe(mails.pending(**wording.about(registration, page)), registration, now)

    moves.move(registration, Act.RESET, facts=facts, actor="registrant", now=now, owing=tell)
