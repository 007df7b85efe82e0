"""Reads of the public agenda: one page of cards, one event, one calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from eventreg.agenda.filtering import ON_SITE, ONLINE, Entry, values_of
from eventreg.events.models import Event, EventIndex, Pool, ProgrammeSession
from eventreg.events.queries import SIGNUP_FACTS
from eventreg.registration.rules import SignupFacts
from eventreg.shared.db import db

LEAD_READ = 320  # characters of the lead that a card may need
_FACTS = SIGNUP_FACTS
_WORDS = {
    "title": Event.title,
    "kind": Event.kind,
    "lead": func.substr(Event.lead, 1, LEAD_READ),
    "day_only": Event.day_only,
    "venue": Event.venue,
    "city": Event.city,
    "online": Event.online,
    "title_en": Event.title_en,
    "lead_en": func.substr(Event.lead_en, 1, LEAD_READ),
    "venue_en": Event.venue_en,
}


@dataclass(frozen=True)
class Card:
    """What the agenda shows of an event."""

    facts: SignupFacts
    title: str
    kind: str
    lead: str
    day_only: bool
    venue: str
    city: str
    online: bool
    title_en: str = ""
    lead_en: str = ""  # Markdown
    venue_en: str = ""


def event(event_id: int) -> Event:
    """The whole event, for its own page."""
    return db.session.execute(select(Event).where(Event.id == event_id)).scalar_one()


def sessions(event_id: int) -> Sequence[Any]:
    """The visible sessions of the programme, in order, as columns."""
    columns = (
        ProgrammeSession.day,
        ProgrammeSession.starts_at,
        ProgrammeSession.ends_at,
        ProgrammeSession.track,
        ProgrammeSession.title,
        ProgrammeSession.organisations_text,
        ProgrammeSession.description,
        ProgrammeSession.speakers,
        ProgrammeSession.items,
    )
    query = (
        select(*columns)
        .where(ProgrammeSession.event_id == event_id, ProgrammeSession.hidden.is_(False))
        .order_by(ProgrammeSession.position, ProgrammeSession.id)
    )
    return db.session.execute(query).all()


SHOWN = ("published", "cancelled", "archived")


@dataclass(frozen=True)
class Stamp:
    """Differs after any change of an event that the agenda shows or showed."""

    number: int
    versions: int
    last: int
    changed: datetime | None


def stamp() -> Stamp:
    """Of the events now, by one index alone (ix_events_shown)."""
    columns = (
        func.count(),
        func.coalesce(func.sum(Event.version), 0),
        func.coalesce(func.max(Event.id), 0),
        func.max(Event.updated_at),
    )
    number, versions, last, changed = db.session.execute(
        select(*columns).where(Event.state.in_(SHOWN))
    ).one()
    return Stamp(number, int(versions), last, changed)


def entries() -> list[Entry]:
    """Everything that the agenda can show, by start, as filters see it."""
    columns = (
        Event.id,
        Event.starts_at,
        Event.ends_at,
        Event.day_only,
        Event.state,
        EventIndex.kind,
        EventIndex.themes,
        EventIndex.audience,
        EventIndex.month,
        EventIndex.online,
        EventIndex.on_site,
        EventIndex.town_key,
        EventIndex.town,
    )
    query = (
        select(*columns)
        .join(EventIndex, EventIndex.event_id == Event.id)
        .where(Event.state.in_(SHOWN), Event.starts_at.is_not(None))
        .order_by(Event.starts_at, Event.id)
    )
    return [_entry(row) for row in db.session.execute(query)]


def _entry(row: Any) -> Entry:
    places = (ONLINE if row.online else "", ON_SITE if row.on_site else "", row.town_key)
    values = values_of(
        kind=row.kind, themes=row.themes, places=places, audience=row.audience, month=row.month
    )
    return Entry(
        row.id,
        row.starts_at,
        row.ends_at,
        row.day_only,
        row.state == "archived",
        values,
        row.town,
    )


def holding(terms: Sequence[str]) -> frozenset[int]:
    """The events whose words hold all the terms (folded)."""
    held = [EventIndex.words.contains(term, autoescape=True) for term in terms]
    query = select(EventIndex.event_id).where(*held)
    return frozenset(db.session.execute(query).scalars())


def cards(ids: Sequence[int]) -> Sequence[Card]:
    """The cards of these events, in this order."""
    columns = [column.label(f"f_{name}") for name, column in _FACTS.items()]
    columns += [column.label(f"w_{name}") for name, column in _WORDS.items()]
    query = (
        select(*columns)
        .join(Pool, and_(Pool.event_id == Event.id, Pool.kind == "event"))
        .where(Event.id.in_(ids))
    )
    found = {row._mapping["f_event_id"]: _card(row._mapping) for row in db.session.execute(query)}
    return [found[key] for key in ids if key in found]


def listed(ids: Sequence[int]) -> Sequence[Any]:
    """The events of a feed, in this order, as its file needs them."""
    columns = (
        Event.id,
        Event.slug,
        Event.state,
        Event.version,
        Event.published_at,
        Event.title,
        Event.title_en,
        Event.kind,
        Event.lead,
        Event.lead_en,
        Event.starts_at,
        Event.ends_at,
        Event.day_only,
        Event.timezone,
        Event.venue,
        Event.venue_en,
        Event.address,
        Event.city,
        Event.online,
        Event.updated_at,
    )
    query = select(*columns).where(Event.id.in_(ids))
    found = {row.id: row for row in db.session.execute(query)}
    return [found[key] for key in ids if key in found]


def addresses(limit: int) -> Sequence[Any]:
    """(slug, updated_at) of the events shown, latest first: for the site map."""
    query = (
        select(Event.slug, Event.updated_at)
        .where(Event.state.in_(SHOWN), Event.starts_at.is_not(None))
        .order_by(Event.starts_at.desc(), Event.id)
        .limit(limit)
    )
    return db.session.execute(query).all()


def _card(row: Any) -> Card:
    facts = {name: row[f"f_{name}"] for name in _FACTS}
    return Card(facts=SignupFacts(**facts), **{name: row[f"w_{name}"] for name in _WORDS})
