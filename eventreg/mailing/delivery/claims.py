"""Taking letters, one worker at a time, and noting what became of them: short transactions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, func, select, update

from eventreg.mailing import queries, rules
from eventreg.mailing.delivery.envelope import Owed
from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.rules import CLAIMABLE, LEASE, WAITING, MailState, Outcome, Verdict
from eventreg.shared import clock
from eventreg.shared.db import db, is_sqlite, transaction

_COLUMNS = [getattr(OutboxMessage, field.name) for field in fields(Owed)]
_BACK = {
    "state": case((OutboxMessage.attempts > 1, MailState.RETRYING), else_=MailState.QUEUED),
    "attempts": OutboxMessage.attempts - 1,
    "lease_until": None,
    "lease_owner": None,
}
_FREE = {"lease_until": None, "lease_owner": None}


_CORE = {"synchronize_session": False}
_OUTBOX = OutboxMessage.metadata.tables["outbox"]
# Made once: they run for every letter.
_DONE = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("key"), _OUTBOX.c.state.in_(CLAIMABLE))
    .values(state=MailState.SENT, last_error=None, **_FREE)
)
_SENT = _DONE.values(sent_at=bindparam("instant"))
_SENT_NOW = _DONE.values(sent_at=func.clock_timestamp())


@dataclass
class Claim:
    """What one worker took: letters to send now, and how many were put aside while taking."""

    letters: list[Owed] = field(default_factory=list)
    taken: int = 0
    cancelled: int = 0
    postponed: int = 0


def take(*, owner: str, batch: int, now: datetime | None, budgets: bool) -> Claim:
    """Claims up to `batch` letters that are due, lane 0 first, for LEASE.

    Those that would lie by now are cancelled; those over a recipient's budget are postponed.
    """
    with transaction() as session:
        queries.one_claim_at_a_time()
        now = now or clock.deciding_instant(session)
        due = (
            select(OutboxMessage.id)
            .where(OutboxMessage.state.in_(CLAIMABLE), OutboxMessage.due_at <= now)
            .order_by(OutboxMessage.lane, OutboxMessage.due_at, OutboxMessage.id)
            .limit(batch)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        rows = session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(select(due.c.id)))
            .values(
                state=MailState.SENDING,
                attempts=OutboxMessage.attempts + 1,
                lease_owner=owner,
                lease_until=now + LEASE,
                due_at=now + LEASE,  # when the lease ends, the letter is due again
            )
            .returning(*_COLUMNS),
            execution_options=_CORE,
        ).all()
        claim = Claim(taken=len(rows))
        claim.letters = sorted((_owed(row) for row in rows), key=lambda o: (o.lane, o.id))
        _drop_untrue(claim)
        if budgets:
            _respect_budgets(claim, now)
    return claim


def renew(ids: Sequence[int], *, owner: str, now: datetime | None) -> Claim:
    """Keeps a claim for another LEASE: ids that are still ours (`letters` stay as they were)."""
    with transaction() as session:
        now = now or clock.deciding_instant(session)
        rows = session.execute(
            update(OutboxMessage)
            .where(*_ours(ids, owner))
            .values(lease_until=now + LEASE, due_at=now + LEASE)
            .returning(*_COLUMNS),
            execution_options=_CORE,
        ).all()
        claim = Claim(taken=len(rows))
        claim.letters = sorted((_owed(row) for row in rows), key=lambda o: (o.lane, o.id))
        _drop_untrue(claim)
    return claim


def release(ids: Sequence[int], *, owner: str, due_at: datetime | None) -> None:
    """Gives letters back untried, to be due at `due_at`, or at once."""
    if not ids:
        return
    with transaction() as session:
        due_at = due_at or clock.deciding_instant(session)
        _set(_ours(ids, owner), **_BACK, due_at=due_at)


def note(
    owed: Owed, outcome: Outcome, *, owner: str, now: datetime | None, chance: float
) -> Verdict:
    """Writes what became of an attempt; answers how it stands now (a retry may be the last).

    That the server took it is true whoever holds the lease; anything else is ours to say only
    while it is. `sent_at` is read here: a hold starts to run at it.
    """
    verdict = outcome.verdict
    if verdict is Verdict.SENT:
        _note_sent(owed.id)
        return verdict
    with transaction() as session:
        instant = clock.deciding_instant(session)
        at = now or instant
        if verdict is Verdict.RETRY and rules.gives_up(created_at=owed.created_at, now=at):
            verdict = Verdict.FAILED
        if verdict is Verdict.FAILED:
            values: dict[str, Any] = {"state": MailState.FAILED, "failed_at": instant}
        else:
            attempts = 1 if outcome.server_away else owed.attempts
            due_at = rules.retry_at(attempts=attempts, now=at, chance=chance)
            values = {"state": MailState.RETRYING, "due_at": due_at}
        reason = outcome.reason[:200]
        _set(_ours([owed.id], owner), **values, last_error=reason, **_FREE)
    return verdict


def _note_sent(key: int) -> None:
    """`sent_at` is the database's instant, without asking for it first: this is the busy path."""
    with transaction() as session:
        if is_sqlite() or clock.is_frozen():
            session.execute(_SENT, {"key": key, "instant": clock.utc_now()})
        else:
            session.execute(_SENT_NOW, {"key": key})


def owed_of(message: OutboxMessage) -> Owed:
    """The part of a row that is sent."""
    values = {column.name: getattr(message, column.name) for column in fields(Owed)}
    return Owed(**{**values, "attachments": tuple(message.attachments or ())})


def _owed(row: Row[Any]) -> Owed:
    values = row._asdict()
    values["attachments"] = tuple(values["attachments"] or ())
    return Owed(**values)


def _ours(ids: Sequence[int], owner: str) -> tuple[Any, ...]:
    return (
        OutboxMessage.id.in_(ids),
        OutboxMessage.lease_owner == owner,
        OutboxMessage.state == MailState.SENDING,
    )


def _set(wanted: tuple[Any, ...], **values: Any) -> None:
    db.session.execute(
        update(OutboxMessage).where(*wanted).values(**values),
        execution_options=_CORE,
    )


def _drop_untrue(claim: Claim) -> None:
    """A letter that came too late to be true is cancelled (security.md, B)."""
    asked = [o for o in claim.letters if o.registration_id and o.kind in rules.TRUE_WHILE]
    if not asked:
        return
    states = queries.states_of({o.registration_id for o in asked if o.registration_id})
    untrue = {
        o.id for o in asked if states.get(o.registration_id or 0) not in rules.TRUE_WHILE[o.kind]
    }
    _cancel(claim, untrue, "no longer true")


def _cancel(claim: Claim, ids: set[int], reason: str) -> None:
    if ids:
        wanted = (OutboxMessage.id.in_(sorted(ids)),)
        _set(wanted, state=MailState.CANCELLED, last_error=reason, **_FREE)
        claim.cancelled += len(ids)
        claim.letters = [o for o in claim.letters if o.id not in ids]


def _respect_budgets(claim: Claim, now: datetime) -> None:
    """At most 3 an hour and 10 a day to an address that nobody has proven (R44)."""
    unproven = [o for o in claim.letters if o.kind in rules.UNPROVEN_KINDS]
    if not unproven:
        return
    known = queries.unproven_to({o.recipient_key for o in unproven}, now=now)
    mine = {o.id for o in unproven}
    _cancel(claim, _replaced(unproven, known), "replaced by a newer one")
    spent: dict[str, list[datetime]] = {}
    for row in known:
        if row.id not in mine and row.state not in WAITING:  # sent, or leaving now
            spent.setdefault(row.recipient_key, []).append(row.sent_at or now)
    for owed in [o for o in claim.letters if o.kind in rules.UNPROVEN_KINDS]:
        sent = spent.setdefault(owed.recipient_key, [])
        room_at = rules.room_at(sent, now=now)
        if room_at is None:
            sent.append(now)
            continue
        _set((OutboxMessage.id == owed.id,), **_BACK, due_at=room_at)
        claim.postponed += 1
        claim.letters.remove(owed)


def _replaced(unproven: list[Owed], known: Sequence[Row[Any]]) -> set[int]:
    """Of several letters that say the same to the same person, the newest is enough."""
    newest: dict[tuple[str, str, int | None], int] = {}
    for row in known:
        if row.state in CLAIMABLE:
            key = (row.kind, row.recipient_key, row.registration_id)
            newest[key] = max(row.id, newest.get(key, 0))
    return {o.id for o in unproven if o.id < newest[(o.kind, o.recipient_key, o.registration_id)]}
