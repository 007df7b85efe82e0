"""Signing up under the lock: rows, trace, letter, seats, then the clock.

Six statements on SQLite, seven on PostgreSQL.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update

from eventreg.audit import services as audit
from eventreg.mailing import services as mailing
from eventreg.registration import errors, mails, queries, rules
from eventreg.registration.models import Receipt, Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import SignupFacts, State
from eventreg.registration.services import invitations, moves, pools, terms, waiting_list, wording
from eventreg.registration.services.pools import Change
from eventreg.registration.services.preparing import Prepared, refuse_if_shut
from eventreg.shared import clock, tokens
from eventreg.shared.db import db, is_sqlite, run
from eventreg.shared.rows import write

KEY_LIFE = timedelta(hours=24)
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
class Answer:
    """What the result page needs."""

    receipt: str
    state: str
    registration_id: int | None = None  # of a new registration; never of a twin's


def refuse_at_sight(facts: SignupFacts, key: str) -> None:
    """Raises Full when no place is left just now and the key is a new one.

    No lock, nothing prepared, nothing written: what most people get in a rush for few places.
    Whoever passes is decided on under the lock.
    """
    seen, known = queries.locked(facts.event_id, _key_hash(facts.event_id, key))
    if seen is None or seen.version != facts.version or known is not None:
        return
    if seen.onto(facts).places_left == 0:
        raise errors.Full


def register(prepared: Prepared, *, key: str, payload: Mapping[str, Any]) -> Answer:
    """Writes registration, receipt, trace and letter, takes the seats, then decides on the clock.

    The same key gives the same answer; with another payload it raises KeyReused. A twin (same
    address, active) gets the answer of a new sign-up and a letter that tells. Raises Closed,
    NotOpen, Full, NotPossible (settings changed under the form): the caller rolls back.
    """
    event_id = prepared.facts.event_id
    key_hash, request_hash = _key_hash(event_id, key), _keyed(_canonical(payload))
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
    facts = locked.onto(facts)
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
    if prepared.state is not State.WAITING:
        waiting_list.mark_later(prepared.facts)
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


def _key_hash(event_id: int, key: str) -> str:
    return _keyed(f"key:{event_id}:{key}")


def _canonical(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, sort_keys=True, ensure_ascii=True)


def _keyed(text: str) -> str:
    return hmac.new(tokens.secret(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
