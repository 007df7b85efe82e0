"""The oracle: what must always be true of the stored data (goals I1-I9), and what must not stay.

`eventreg doctor` runs it on a live instance, the tests after every load, race and kill.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, not_, or_, select

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import queries, rules
from eventreg.registration.models import PoolSeats, Receipt, Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import ACTIVE, ALWAYS_HOLDING
from eventreg.registration.services import waiting_list
from eventreg.shared.db import db

MAIL_STATES = ("queued", "sending", "sent", "retrying", "failed", "cancelled")
SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One check: its stable name, whether it holds, and what was counted."""

    check: str
    ok: bool
    message: str


def all_findings(now: datetime) -> list[Finding]:
    """Every invariant that the database alone can show."""
    return [
        seats_match_rows(),
        lines_match_rows(),
        seats_match_states(),
        each_registration_has_its_letter(),
        letters_are_accounted_for(now),
        nobody_is_active_twice(),
        nobody_was_late(),
        trace_replays(),
        nobody_waits_beside_a_free_seat(now),
    ]


def seats_match_rows() -> Finding:
    """I2: the counter of each pool is the number of seats held by rows, and never negative."""
    own = _sum(Registration.seats, Registration.event_id == Pool.event_id)
    others = _sum(PoolSeats.seats, PoolSeats.pool_id == Pool.id, PoolSeats.held)
    held = case((Pool.kind == "event", own), else_=others)
    query = select(Pool.id, Pool.taken, held.label("held")).where(
        or_(Pool.taken != held, Pool.taken < 0)
    )
    rows = [f"pool {r.id}: {r.taken} counted, {r.held} held" for r in db.session.execute(query)]
    return _finding("seats", rows, "seats = rows")


def lines_match_rows() -> Finding:
    """The counter of those who wait for a pool is what rows say, and all of them do wait."""
    lacking = _sum(PoolSeats.seats, PoolSeats.pool_id == Pool.id, PoolSeats.lacking)
    query = select(Pool.id, Pool.waiting, lacking.label("rows")).where(Pool.waiting != lacking)
    rows = [f"pool {r.id}: {r.waiting} counted, {r.rows} rows" for r in db.session.execute(query)]
    strange = (
        select(PoolSeats.registration_id)
        .join(Registration, Registration.id == PoolSeats.registration_id)
        .where(PoolSeats.lacking, Registration.state != "waiting")
        .limit(SHOWN)
    )
    rows += [f"registration {key} does not wait" for key in db.session.execute(strange).scalars()]
    asked = exists().where(PoolSeats.registration_id == Registration.id)
    for_nothing = select(Registration.id).where(Registration.state == "waiting", not_(asked))
    found = db.session.execute(for_nothing.limit(SHOWN)).scalars()
    rows += [f"registration {key} waits for nothing" for key in found]
    return _finding("lines", rows, "those who wait = rows")


def _sum(column: Any, *wanted: Any) -> Any:
    query = select(func.coalesce(func.sum(column), 0)).where(*wanted)
    return query.correlate(Pool).scalar_subquery()


def seats_match_states() -> Finding:
    """I2: a row holds a seat exactly when its state says so.

    Not asked of pending ones: they hold what their event said when they became so.
    """
    party = 1 + Registration.companions
    wanted = case((Registration.state.in_(sorted(ALWAYS_HOLDING)), party), else_=0)
    query = select(Registration.id).where(
        Registration.seats != wanted, Registration.state != "pending"
    )
    return _ids("seat_states", query, "each state holds what it should")


def each_registration_has_its_letter() -> Finding:
    """I3: whoever signed up by the form is owed the letter that answers."""
    letter = exists().where(OutboxMessage.registration_id == Registration.id)
    query = select(Registration.id).where(Registration.source == "form", not_(letter))
    return _ids("letters", query, "each sign-up has its letter")


def letters_are_accounted_for(now: datetime) -> Finding:
    """Mails owed = sent + failed + waiting; none is stuck under a lease that ended."""
    query = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    counts: Mapping[str, int] = dict(db.session.execute(query).tuples().all())
    strange = sorted(set(counts) - set(MAIL_STATES))
    lost = db.session.execute(
        select(func.count()).where(
            OutboxMessage.state == "sending", OutboxMessage.lease_until.is_(None)
        )
    ).scalar_one()
    unsent = db.session.execute(
        select(func.count()).where(OutboxMessage.state == "sent", OutboxMessage.sent_at.is_(None))
    ).scalar_one()
    oldest = db.session.execute(
        select(func.min(OutboxMessage.due_at)).where(
            OutboxMessage.state.in_(("queued", "retrying")), OutboxMessage.due_at <= now
        )
    ).scalar_one()
    words = ", ".join(f"{counts[s]} {s}" for s in MAIL_STATES if s in counts) or "none owed"
    if oldest:
        words += f"; the oldest has been due for {int((now - oldest).total_seconds())} s"
    return Finding("mails", not (strange or lost or unsent), words)


def nobody_is_active_twice() -> Finding:
    """I6: one active registration per event and address."""
    query = (
        select(func.min(Registration.id))
        .where(Registration.state.in_(sorted(ACTIVE)))
        .group_by(Registration.event_id, Registration.email_key)
        .having(func.count() > 1)
    )
    return _ids("twins", query, "no one is active twice")


def nobody_was_late() -> Finding:
    """I7: decided strictly before the deadline, as long as the event was not changed since."""
    closing = func.coalesce(Event.closes_at, Event.starts_at)
    query = (
        select(Registration.id)
        .join(Event, Event.id == Registration.event_id)
        .where(
            Registration.source == "form",
            Event.updated_at <= Registration.decided_at,
            or_(Registration.decided_at >= closing, Registration.decided_at < Event.opens_at),
        )
    )
    return _ids("deadlines", query, "no one was let in late or early")


def trace_replays() -> Finding:
    """I8: one trace per change of state, in an order that replays to the present state."""
    steps = (
        select(
            AuditEntry.registration_id,
            AuditEntry.old_state,
            AuditEntry.new_state,
            func.lag(AuditEntry.new_state)
            .over(partition_by=AuditEntry.registration_id, order_by=AuditEntry.id)
            .label("before"),
            func.lead(AuditEntry.id)
            .over(partition_by=AuditEntry.registration_id, order_by=AuditEntry.id)
            .label("next"),
        )
        .where(AuditEntry.registration_id.is_not(None), AuditEntry.new_state.is_not(None))
        .subquery()
    )
    broken = select(steps.c.registration_id).where(
        or_(
            and_(steps.c.before.is_(None), steps.c.old_state.is_not(None)),
            steps.c.before != steps.c.old_state,
        )
    )
    last = (
        select(Registration.id)
        .outerjoin(steps, and_(steps.c.registration_id == Registration.id, steps.c.next.is_(None)))
        .where(or_(steps.c.new_state.is_(None), steps.c.new_state != Registration.state))
    )
    rows = [str(k) for k in db.session.execute(broken.limit(SHOWN)).scalars()]
    rows += [str(k) for k in db.session.execute(last.limit(SHOWN)).scalars()]
    return _finding("trace", [f"registration {key}" for key in rows], "the trace replays")


def nobody_waits_beside_a_free_seat(now: datetime) -> Finding:
    """I9: no free seats while somebody waits to whom they may be offered (within a minute)."""
    rows = []
    for event_id in list(line.events_with_lines()):
        facts = queries.signup_facts_of(event_id)
        if not waiting_list.may_offer(facts, now):
            continue
        people = waiting_list.people(line.in_line(event_id, fitting=facts.groups == "skip"))
        first = rules.next_in_line(people, line.rooms(event_id), groups=facts.groups)[:1]
        rows += [f"registration {key} of event {event_id}" for key in first]
    return _finding("waiting", rows, "no one waits beside a free seat")


def acknowledged(receipts: Iterable[str]) -> Finding:
    """I1: each receipt that a client read is there and belongs to a registration."""
    wanted = set(receipts)
    found: set[str] = set()
    listed = sorted(wanted)
    for start in range(0, len(listed), 500):
        query = select(Receipt.receipt).where(
            Receipt.receipt.in_(listed[start : start + 500]), Receipt.registration_id.is_not(None)
        )
        found |= set(db.session.execute(query).scalars())
    return _finding("acknowledged", sorted(wanted - found), f"{len(wanted)} acknowledged")


def within_capacity() -> Finding:
    """I2 for tests in which nobody lowers a capacity."""
    query = select(Pool.id).where(Pool.taken > Pool.capacity)
    return _ids("capacity", query, "taken <= capacity")


def delivered(messages: Sequence[EmailMessage], *, surplus_allowed: int = 0) -> Finding:
    """I4, I5: each sent row reached the sink, copies are alike, surplus is explained, none is unknown."""
    copies: dict[str, list[EmailMessage]] = defaultdict(list)
    for message in messages:
        copies[str(message["Message-ID"])].append(message)
    columns = (OutboxMessage.message_id, OutboxMessage.state)
    rows: dict[str, str] = dict(db.session.execute(select(*columns)).tuples().all())
    faults = [f"unknown {key}" for key in copies if key not in rows]
    faults += [f"not delivered {k}" for k, s in rows.items() if s == "sent" and k not in copies]
    for key, group in copies.items():
        if len({_fingerprint(message) for message in group}) > 1:
            faults.append(f"copies differ {key}")
    surplus = sum(len(group) - 1 for group in copies.values())
    if surplus > surplus_allowed:
        faults.append(f"{surplus} second copies, {surplus_allowed} explained")
    return _finding("delivered", faults, f"{len(messages)} messages, {surplus} second copies")


def _fingerprint(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    return hashlib.sha256(f"{message['Date']}\0{text}".encode()).hexdigest()


def _ids(check: str, query: Select[Any], good: str) -> Finding:
    rows = [f"id {key}" for key in db.session.execute(query.limit(SHOWN)).scalars()]
    return _finding(check, rows, good)


def _finding(check: str, faults: Sequence[str], good: str) -> Finding:
    if not faults:
        return Finding(check, True, good)
    more = f" (and {len(faults) - SHOWN} more)" if len(faults) > SHOWN else ""
    return Finding(check, False, "; ".join(faults[:SHOWN]) + more)
