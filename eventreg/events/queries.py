"""Reads of events."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from eventreg.events.models import Event, Pool, ProgrammeSession
from eventreg.events.rules import SignupFacts
from eventreg.shared.db import db

# Where each of the facts of sign-ups is read, in one statement with the event's own pool.
SIGNUP_FACTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "event_id": Event.id,
    "slug": Event.slug,
    "version": Event.version,
    "event_state": Event.state,
    "mode": Event.registration_mode,
    "starts_at": Event.starts_at,
    "ends_at": Event.ends_at,
    "timezone": Event.timezone,
    "opens_at": Event.opens_at,
    "closes_at": Event.closes_at,
    "pool_id": Pool.id,
    "capacity": Pool.capacity,
    "taken": Pool.taken,
    "waiting": Pool.waiting,
    "external_url": Event.external_url,
    "audience": Event.audience,
    "policy": Event.policy,
    "approval": Event.approval,
    "pending_holds_seat": Event.pending_holds_seat,
    "confirmation_hours": Event.confirmation_hours,
    "show_places": Event.show_places,
    "waiting_list": Event.waiting_list,
    "form_version": Event.form_version,
    "groups": Event.groups,
    "offer_hours": Event.offer_hours,
    "offer_working_hours": Event.offer_working_hours,
    "offers_after_closing": Event.offers_after_closing,
    "modify_until": Event.modify_until,
    "cancel_until": Event.cancel_until,
    "reset_on_edit": Event.reset_on_edit,
    "transfers": Event.transfers,
}


def by_slug(slug: str) -> Event | None:
    """The event of a short name, whatever its state."""
    return db.session.execute(select(Event).where(Event.slug == slug)).scalar_one_or_none()


def programme(event_id: int) -> Sequence[ProgrammeSession]:
    """The visible sessions, in order."""
    wanted = (ProgrammeSession.event_id == event_id, ProgrammeSession.hidden.is_(False))
    order = (ProgrammeSession.position, ProgrammeSession.id)
    return (
        db.session.execute(select(ProgrammeSession).where(*wanted).order_by(*order)).scalars().all()
    )


def pool(event_id: int) -> Pool:
    """The pool of the whole event."""
    wanted = (Pool.event_id == event_id, Pool.kind == "event")
    return db.session.execute(select(Pool).where(*wanted)).scalar_one()


def around(event: Event, limit: int = 200) -> Sequence[Event]:
    """Other events of the same day (without a start: those that have none), oldest first."""
    wanted = [Event.id != event.id]
    if event.starts_at is None:
        wanted.append(Event.starts_at.is_(None))
    else:
        zone = ZoneInfo(event.timezone)
        midnight = datetime.combine(event.starts_at.astimezone(zone), time(), zone)
        wanted += [Event.starts_at >= midnight, Event.starts_at < midnight + timedelta(days=1)]
    query = select(Event).where(*wanted).order_by(Event.id).limit(limit)
    return db.session.execute(query).scalars().all()


def whole_programme(event_id: int) -> Sequence[ProgrammeSession]:
    """Every session, hidden ones too."""
    wanted = ProgrammeSession.event_id == event_id
    return db.session.execute(select(ProgrammeSession).where(wanted)).scalars().all()


def with_pools() -> Sequence[tuple[Event, Pool]]:
    """Every event with its pool, next first, in one statement."""
    query = (
        select(Event, Pool)
        .join(Pool, (Pool.event_id == Event.id) & (Pool.kind == "event"))
        .order_by(Event.starts_at, Event.id)
    )
    return [(event, pool) for event, pool in db.session.execute(query)]


def facts_of(event: Event, pool: Pool) -> SignupFacts:
    """The facts of an event's sign-ups, from rows already read."""
    values = {
        name: getattr(pool if column.class_ is Pool else event, column.key)
        for name, column in SIGNUP_FACTS.items()
    }
    return SignupFacts(**values)
