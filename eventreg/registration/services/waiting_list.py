"""The waiting list: freed places are offered in order, in short transactions, once each.

Whoever frees a seat calls `serve_later`; the minute job serves what a stopped process left. In
between nobody overtakes: a newcomer takes no seat of a pool in which somebody waits.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from eventreg.audit import services as audit
from eventreg.registration import errors, mails, queries, rules
from eventreg.registration.models import Registration
from eventreg.registration.queries import SignupPage, line, waiting
from eventreg.registration.rules import Act, InLine, SignupFacts, State
from eventreg.registration.services import letters, pools, wording
from eventreg.registration.services.moves import may_wait, move
from eventreg.registration.services.pools import Change
from eventreg.registration.services.preparing import Prepared
from eventreg.shared import clock
from eventreg.shared.db import after_commit, db, transaction
from eventreg.shared.errors import N_, Invalid, Unavailable

logger = logging.getLogger(__name__)
BATCH = 50
MOST_CLASHES = 5
AT_ONCE = 2  # batches inside a request; the minute job does the rest


def serve_later(facts: SignupFacts) -> None:
    """Offers what was freed once the surrounding transaction is committed."""
    if facts.waiting_list or facts.waiting or facts.form_version:
        after_commit(partial(serve_now, facts.event_id))


def mark_later(facts: SignupFacts) -> None:
    """For a newcomer who took seats: whoever waits for another pool may lack one of these now."""
    if facts.form_version and line.lacking_beside(facts.event_id):
        after_commit(partial(_settle_quietly, facts.event_id))


def serve_due(now: datetime) -> int:
    """Serves every list that has somebody in it; answers how many places were offered."""
    events = list(line.events_lacking())
    db.session.rollback()
    return sum(serve(event_id, now) for event_id in events)


def serve(event_id: int, now: datetime, *, batches: int | None = None) -> int:
    """Offers free places in the order of the list, a batch in each transaction."""
    offered, clashes = 0, 0
    while batches is None or batches > 0:
        try:
            with transaction():
                done = _serve_batch(event_id, now)
        except errors.Full:  # another worker offered these places between two of our reads
            clashes += 1
            if clashes > MOST_CLASHES:
                break  # the minute job comes again
            continue
        offered += done
        if done == 0:
            settle(event_id)
            break
        batches = None if batches is None else batches - 1
    return offered


def settle(event_id: int) -> None:
    """Says again which pools each person in line lacks, once nobody more can be served.

    Whoever lacks a full workshop must not keep the public from free seats of the event itself;
    once the workshop has room, they must not be overtaken in the event either.
    """
    with transaction():
        if not line.several_pools(event_id):
            return
        changes: dict[int, Change] = {}
        for pool, seats in [*line.no_longer_lacking(event_id)]:
            changes[pool] = Change(0, changes.get(pool, Change()).line - seats)
        for pool, seats in [*line.newly_lacking(event_id)]:
            changes[pool] = Change(0, changes.get(pool, Change()).line + seats)
        pools.apply(changes)


def may_offer(facts: SignupFacts, now: datetime) -> bool:
    """Whether places are still offered: to the closing, or to the start when the event says so."""
    ends = facts.starts_at if facts.offers_after_closing else facts.closing
    if facts.event_state != "published" or ends is None:
        return False
    return now < ends and (facts.starts_at is None or now < facts.starts_at)


def keeps_line(prepared: Prepared) -> bool:
    """Whether whoever found no room may wait: each full pool asked for keeps a list."""
    return may_wait(prepared.facts, prepared.seats)


def offer(registration: Registration, *, actor: str, now: datetime, **details: Any) -> State:
    """Offers a place to somebody in line. Raises Full, NotPossible."""
    page = queries.signup_page_of(registration.event_id)
    return _offer(registration, page, actor=actor, now=now, **details)


def take_offer(registration: Registration) -> State:
    """The person takes the offered place; an offer that ended goes to the next one instead."""
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    if registration.offer_ends_at is not None and now >= registration.offer_ends_at:
        return lapse(registration, page, now)
    registration.proven_at = registration.proven_at or now
    registration.confirmed_at = now
    registration.offer_ends_at = None

    def tell() -> None:
        letters.owe(mails.confirmed(**wording.about(registration, page)), registration, now)

    return move(registration, Act.TAKE, facts=page.facts, actor="registrant", now=now, owing=tell)


def lapse(registration: Registration, page: SignupPage, now: datetime) -> State:
    """The offer ended: the seats go back, the person is told, the next one is served."""

    def tell() -> None:
        letters.owe(mails.offer_ended(**wording.about(registration, page)), registration, now)

    serve_later(page.facts)
    return move(registration, Act.EXPIRE, facts=page.facts, actor="system", now=now, owing=tell)


def reorder(
    registration: Registration, *, before: Registration | None, reason: str, actor: str
) -> None:
    """Moves somebody in line right before another person, or to the end, with a traced reason.

    Raises Invalid without a reason, NotPossible for somebody who does not wait.
    """
    if not reason.strip():
        raise Invalid(N_("Write the reason: the person will read it."), field="reason")
    others = [before] if before is not None else []
    for person in (registration, *others):
        if person.state != State.WAITING or person.event_id != registration.event_id:
            raise errors.NotPossible
    if before is not None and before.id == registration.id:
        return
    rank = line.rank_before(registration, before)
    if rank is None:
        waiting.renumber(registration.event_id)
        rank = line.rank_before(registration, before)
    registration.queue_rank = rank or 0.0
    registration.queue_reason = reason
    registration.version += 1
    db.session.flush()
    audit.record(
        "moved_in_line",
        at=clock.utc_now(),
        actor=actor,
        event_id=registration.event_id,
        registration_id=registration.id,
        with_reason=True,
    )
    serve_later(queries.signup_facts_of(registration.event_id))


def serve_now(event_id: int) -> int:
    """For a door, after its transaction: how many places were offered; never fails for it."""
    return _serve_quietly(event_id)


def _serve_quietly(event_id: int) -> int:
    """What was committed stays committed, whatever happens here: the minute job comes again."""
    try:
        return serve(event_id, clock.utc_now(), batches=AT_ONCE)
    except Unavailable:
        logger.info("event %s: its list is served by the next job", event_id)
        return 0


def _settle_quietly(event_id: int) -> None:
    try:
        settle(event_id)
    except Unavailable:
        logger.info("event %s: its list is looked at by the next job", event_id)


def _serve_batch(event_id: int, now: datetime) -> int:
    page = queries.signup_page_of(event_id)
    if not may_offer(page.facts, now):
        return 0
    rooms = line.rooms(event_id)
    waiting = people(line.in_line(event_id, fitting=page.facts.groups == "skip"))
    chosen = rules.next_in_line(waiting, rooms, groups=page.facts.groups)[:BATCH]
    rows = db.session.execute(
        select(Registration)
        .where(Registration.id.in_(chosen), Registration.state == State.WAITING)
        .order_by(Registration.id)
        .with_for_update()
    ).scalars()
    done = 0
    for registration in rows:
        _offer(registration, page, actor="system", now=now)
        done += 1
    return done


def people(rows: Sequence[Row[Any]]) -> list[InLine]:
    """Those of `line.in_line`, in their order."""
    asked: dict[int, dict[int, int]] = {}
    for row in rows:
        asked.setdefault(row.id, {})[row.pool_id] = row.seats
    return [InLine(key, seats) for key, seats in asked.items()]


def _offer(
    registration: Registration, page: SignupPage, *, actor: str, now: datetime, **details: Any
) -> State:
    facts = page.facts
    until = rules.offer_ends_at(
        now,
        hours=facts.offer_hours,
        working_hours=facts.offer_working_hours,
        starts_at=facts.starts_at,
        timezone=facts.timezone,
    )
    registration.offered_at, registration.offer_ends_at = now, until

    def tell() -> None:
        about = wording.about(registration, page)
        about["url"] = wording.url(registration, "confirm", registration.locale)
        letters.owe(mails.offer(**about, until=until), registration, now)

    return move(registration, Act.OFFER, facts=facts, actor=actor, now=now, owing=tell, **details)
