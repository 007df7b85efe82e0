"""Holds that ended: the seat goes back, the person is told by the page."""

from datetime import datetime

from sqlalchemy import select

from eventreg.registration import queries
from eventreg.registration.models import Registration
from eventreg.registration.queries import line
from eventreg.registration.rules import Act, State
from eventreg.registration.services import waiting_list
from eventreg.registration.services.moves import move
from eventreg.shared.db import db, transaction

BATCH = 50


def expire_due(now: datetime) -> int:
    """Expires every hold and offer that ended before `now`; then the waiting lists are served.

    In short transactions; answers how many ended.
    """
    expired = _expire_holds(now) + _expire_offers(now)
    waiting_list.serve_due(now)
    return expired


def _expire_offers(now: datetime) -> int:
    expired = 0
    while True:
        with transaction():
            due = line.due_offers(now, BATCH)
            for registration in due:
                page = queries.signup_page_of(registration.event_id)
                waiting_list.lapse(registration, page, now)
        expired += len(due)
        if len(due) < BATCH:
            return expired


def _expire_holds(now: datetime) -> int:
    events = list(queries.events_with_holds())
    db.session.rollback()
    expired = 0
    for event_id, starts_at, hours in events:
        while True:
            with transaction():
                done = _expire_batch(event_id, starts_at, hours, now)
            expired += done
            if done < BATCH:
                break
    return expired


def _expire_batch(event_id: int, starts_at: datetime | None, hours: float, now: datetime) -> int:
    due = queries.due_holds(event_id, starts_at=starts_at, hours=hours, now=now, limit=BATCH)
    if not due:
        return 0
    rows = db.session.execute(
        select(Registration)
        .where(Registration.id.in_(due), Registration.state.in_((State.UNCONFIRMED, State.WAITING)))
        .order_by(Registration.id)
        .with_for_update()
    ).scalars()
    facts = queries.signup_facts_of(event_id)
    done = 0
    for registration in rows:
        move(registration, Act.EXPIRE, facts=facts, actor="system", now=now)
        done += 1
    waiting_list.serve_later(facts)
    return done
