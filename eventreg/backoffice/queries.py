"""Reads of organiser pages. Events are only found through the account that asks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, true

from eventreg.audit.models import AuditEntry
from eventreg.backoffice.rules import PAGE_SIZE, EventLine
from eventreg.events.models import Event, Pool
from eventreg.events.queries import SIGNUP_FACTS
from eventreg.mailing.models import OutboxMessage
from eventreg.organisers.models import Organiser
from eventreg.organisers.rules import Account
from eventreg.registration import queries as registrations
from eventreg.registration.models import ACTIVE, Registration
from eventreg.registration.queries import Page
from eventreg.registration.queries.selection import to_decide
from eventreg.registration.rules import SignupFacts
from eventreg.shared.db import db
from eventreg.shared.text import fold

SEARCH_WORDS = 6
EVENTS_SHOWN = 200


def _visible_to(account: Account) -> ColumnElement[bool]:
    return true() if account.everywhere else Event.id.in_(account.event_ids)


def event(account: Account, slug: str) -> Event | None:
    """An event on which the account holds a role; a foreign one looks like a missing one."""
    return db.session.execute(
        select(Event).where(Event.slug == slug, _visible_to(account))
    ).scalar_one_or_none()


def events(account: Account) -> list[EventLine]:
    """The account's events, latest first, with seats and figures, in two statements."""
    query = (
        select(
            Event.title,
            Event.day_only,
            *(column.label(name) for name, column in SIGNUP_FACTS.items()),
        )
        .join(Pool, (Pool.event_id == Event.id) & (Pool.kind == "event"))
        .where(_visible_to(account))
        .order_by(Event.starts_at.desc().nulls_last(), Event.id.desc())
        .limit(EVENTS_SHOWN)
    )
    rows = [dict(row._mapping) for row in db.session.execute(query)]
    counts = registrations.figures_of_all(row["event_id"] for row in rows)
    return [
        EventLine(
            title=row.pop("title"),
            day_only=row.pop("day_only"),
            counts=counts.get(row["event_id"], {}),
            facts=SignupFacts(**row),
        )
        for row in rows
    ]


def signups_by_day(event_id: int) -> list[tuple[date, int]]:
    """How many people signed up on each day (UTC)."""
    day = func.date(Registration.registered_at)
    query = (
        select(day, func.count())
        .where(Registration.event_id == event_id)
        .group_by(day)
        .order_by(day)
    )
    found = db.session.execute(query).all()
    return [(date.fromisoformat(str(value)), count) for value, count in found]


_ORDERS: Mapping[str, Sequence[Any]] = {
    "name": (Registration.search, Registration.id),
    "-name": (Registration.search.desc(), Registration.id.desc()),
    "date": (Registration.registered_at, Registration.id),
    "-date": (Registration.registered_at.desc(), Registration.id.desc()),
}


def attendees(event_id: int, *, search: str, state: str, sort: str, page: int) -> Page:
    """One page of people, in two statements; `search` looks in names and addresses."""
    wanted = [Registration.event_id == event_id]
    if state:
        wanted.append(Registration.state == state)
    wanted += [
        Registration.search.contains(word, autoescape=True)
        for word in fold(search).split()[:SEARCH_WORDS]
    ]
    counting = select(func.count()).select_from(Registration).where(*wanted)
    columns = (
        Registration.public_id,
        Registration.given_name,
        Registration.family_name,
        Registration.email,
        Registration.organisation,
        Registration.state,
        Registration.registered_at,
    )
    query = select(*columns).where(*wanted).order_by(*_ORDERS[sort])
    return _page(counting, query, page)


def requests(event_id: int, *, page: int, shortlist: bool = False) -> Page:
    """One page of people who await a decision, with what is known of each.

    The oldest first; on the shortlist the best score first.
    """
    wanted: list[Any] = [to_decide(event_id)]
    order: list[Any] = [Registration.registered_at, Registration.id]
    if shortlist:
        wanted.append(Registration.shortlisted)
        order.insert(0, Registration.score.desc().nulls_last())
    counting = select(func.count()).select_from(Registration).where(*wanted)
    columns = (
        Registration.public_id,
        Registration.given_name,
        Registration.family_name,
        Registration.email,
        Registration.email_key,
        Registration.organisation,
        Registration.registered_at,
        Registration.justification,
        Registration.eligibility_outcome,
        Registration.eligibility_reason,
        Registration.eligibility_rule,
        Registration.eligibility_body,
        Registration.eligibility_category,
        Registration.eligibility_method,
        Registration.state,
        Registration.score,
        Registration.shortlisted,
    )
    query = select(*columns).where(*wanted).order_by(*order)
    return _page(counting, query, page)


def families(event_id: int) -> dict[tuple[str, str], int]:
    """How many active people of each category of bodies and outcome."""
    query = (
        select(Registration.eligibility_category, Registration.eligibility_outcome, func.count())
        .where(Registration.event_id == event_id, ACTIVE)
        .group_by(Registration.eligibility_category, Registration.eligibility_outcome)
    )
    return {(category, outcome): count for category, outcome, count in db.session.execute(query)}


def mails(event_id: int, *, state: str, page: int) -> Page:
    """One page of the letters owed for an event, latest first."""
    wanted = [OutboxMessage.event_id == event_id]
    if state:
        wanted.append(OutboxMessage.state == state)
    counting = select(func.count()).select_from(OutboxMessage).where(*wanted)
    query = (
        select(
            OutboxMessage.kind,
            OutboxMessage.recipient,
            OutboxMessage.state,
            OutboxMessage.attempts,
            OutboxMessage.created_at,
            OutboxMessage.due_at,
            OutboxMessage.sent_at,
            OutboxMessage.last_error,
            Registration.public_id,
        )
        .outerjoin(Registration, Registration.id == OutboxMessage.registration_id)
        .where(*wanted)
        .order_by(OutboxMessage.id.desc())
    )
    return _page(counting, query, page)


def history(event_id: int, *, page: int) -> Page:
    """One page of the trace of an event and of its registrations, latest first."""
    counting = select(func.count()).select_from(AuditEntry).where(AuditEntry.event_id == event_id)
    query = (
        select(
            AuditEntry.at,
            AuditEntry.actor,
            AuditEntry.action,
            AuditEntry.old_state,
            AuditEntry.new_state,
            AuditEntry.details,
            Registration.public_id,
        )
        .outerjoin(Registration, Registration.id == AuditEntry.registration_id)
        .where(AuditEntry.event_id == event_id)
        .order_by(AuditEntry.id.desc())
    )
    return _page(counting, query, page)


def _page(counting: Any, query: Any, number: int) -> Page:
    total = db.session.execute(counting).scalar_one()
    last = max(1, -(-total // PAGE_SIZE))
    number = min(max(number, 1), last)
    rows: Sequence[Row[Any]] = db.session.execute(
        query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    ).all()
    return Page(rows=rows, total=total, number=number, size=PAGE_SIZE)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Names of the organisers among the actors of a trace, in one statement."""
    keys = {
        int(actor.removeprefix("organiser:"))
        for actor in actors
        if actor.removeprefix("organiser:").isdecimal()
    }
    query = select(Organiser.id, Organiser.name).where(Organiser.id.in_(sorted(keys)))
    return {f"organiser:{key}": name for key, name in db.session.execute(query)}
