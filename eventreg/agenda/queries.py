"""Reads of the public agenda: one page of cards, one event, one calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, union_all

from eventreg.agenda.rules import Filters
from eventreg.events.models import Event, Pool, ProgrammeSession
from eventreg.registration.rules import SignupFacts
from eventreg.shared.db import db

LEAD_READ = 320  # characters of the lead that a card may need
FEED_LIMIT = 200
_FACTS = {
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
    "external_url": Event.external_url,
    "audience": Event.audience,
}
_WORDS = {
    "title": Event.title,
    "kind": Event.kind,
    "lead": func.substr(Event.lead, 1, LEAD_READ),
    "day_only": Event.day_only,
    "venue": Event.venue,
    "city": Event.city,
    "online": Event.online,
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


@dataclass(frozen=True)
class AgendaPage:
    """Cards of one page, upcoming first, and how many there are in all."""

    upcoming: Sequence[Card]
    past: Sequence[Card]
    upcoming_count: int
    past_count: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-(self.upcoming_count + self.past_count) // self.size))


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


def kinds(limit: int = 60) -> Sequence[str]:
    """The kinds of the events shown, by name."""
    query = (
        select(Event.kind)
        .where(Event.state == "published", Event.kind != "")
        .distinct()
        .order_by(Event.kind)
        .limit(limit)
    )
    return db.session.execute(query).scalars().all()


def agenda(filters: Filters, *, now: datetime, today: datetime, size: int) -> AgendaPage:
    """One page: upcoming events by start, then the past, latest first. Two statements.

    `today` is the instant at which the present day began: an event that states no end is not over
    before its day is.
    """
    wanted = _wanted(filters)
    coming, gone = _coming(now, today), _gone(now, today)
    counts = select(_count(coming, wanted), _count(_SHOWN, wanted))
    upcoming_count, shown_count = db.session.execute(counts).one()
    past_count = shown_count - upcoming_count
    offset = (filters.page - 1) * size
    upcoming: Sequence[Card] = ()
    past: Sequence[Card] = ()
    if offset < upcoming_count:
        upcoming = _cards(coming, wanted, offset=offset, limit=size)
    room = size - len(upcoming)
    if room and past_count:
        first = max(offset - upcoming_count, 0)
        past = _cards(gone, wanted, offset=first, limit=room, latest_first=True)
    return AgendaPage(upcoming, past, upcoming_count, past_count, filters.page, size)


def calendar(*, now: datetime, today: datetime) -> Sequence[Any]:
    """The next events as the calendar file needs them, cancelled ones included."""
    chosen = _chosen(_coming(now, today), [], limit=FEED_LIMIT)
    columns = (
        Event.id,
        Event.slug,
        Event.state,
        Event.version,
        Event.title,
        Event.lead,
        Event.starts_at,
        Event.ends_at,
        Event.day_only,
        Event.timezone,
        Event.venue,
        Event.address,
        Event.city,
        Event.online,
        Event.updated_at,
    )
    query = select(*columns).where(Event.id.in_(chosen)).order_by(Event.starts_at, Event.id)
    return db.session.execute(query).all()


def calendar_version(*, now: datetime, today: datetime) -> Sequence[Any]:
    """(id, version) of the events of the calendar."""
    chosen = _chosen(_coming(now, today), [], limit=FEED_LIMIT)
    query = select(Event.id, Event.version).where(Event.id.in_(chosen)).order_by(Event.id)
    return db.session.execute(query).all()


Arms = list[ColumnElement[bool]]
# Counted by the index alone; what is not to come is past.
_SHOWN: Arms = [
    and_(Event.state == state, Event.starts_at.is_not(None))
    for state in ("published", "cancelled", "archived")
]


def _coming(now: datetime, today: datetime) -> Arms:
    """Events not over, as disjoint ranges of one index (state, starts_at, ends_at, day_only)."""
    arms = []
    for state in ("published", "cancelled"):
        begun = and_(Event.state == state, Event.starts_at <= now)
        arms += [
            and_(Event.state == state, Event.starts_at > now),
            and_(begun, Event.ends_at > now),
            and_(begun, Event.ends_at.is_(None), Event.starts_at >= today),
            and_(begun, Event.day_only.is_(True), Event.ends_at >= today, Event.ends_at <= now),
        ]
    return arms


def _gone(now: datetime, today: datetime) -> Arms:
    """Events that are over, and the archived ones."""
    still = or_(
        Event.ends_at > now,
        and_(Event.ends_at.is_(None), Event.starts_at >= today),
        and_(Event.day_only.is_(True), Event.ends_at.is_not(None), Event.ends_at >= today),
    )
    # `ends_at > now` is null, not false, without an end: say what is meant.
    over = or_(
        and_(Event.ends_at.is_(None), Event.starts_at < today),
        and_(Event.ends_at.is_not(None), not_(still)),
    )
    arms = [
        and_(Event.state == state, Event.starts_at <= now, over)
        for state in ("published", "cancelled")
    ]
    return [*arms, and_(Event.state == "archived", Event.starts_at.is_not(None))]


def _wanted(filters: Filters) -> Arms:
    wanted: Arms = []
    for word in filters.words.split()[:6]:
        # SQLite's lower() knows no accents: « été » finds « Été » by its second spelling.
        spellings = {word.lower(), word.capitalize()}
        wanted.append(
            or_(
                *(
                    column.icontains(spelling, autoescape=True)
                    for spelling in sorted(spellings)
                    for column in (Event.title, Event.lead)
                )
            )
        )
    if filters.kind:
        wanted.append(Event.kind == filters.kind)
    if filters.participation == "en-ligne":
        wanted.append(Event.online.is_(True))
    elif filters.participation == "sur-place":
        wanted.append(or_(Event.address != "", Event.city != "", Event.online.is_(False)))
    return wanted


def _count(arms: Arms, wanted: Arms) -> ColumnElement[int]:
    parts = [
        select(func.count()).select_from(Event).where(arm, *wanted).scalar_subquery()
        for arm in arms
    ]
    total: ColumnElement[int] = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _chosen(
    arms: Arms, wanted: Arms, *, limit: int, offset: int = 0, latest_first: bool = False
) -> Select[tuple[int]]:
    """Ids of one page: each arm gives its first rows by index, the best of them are kept."""
    order = Event.starts_at.desc() if latest_first else Event.starts_at.asc()
    firsts = []
    for arm in arms:
        part = (
            select(Event.id, Event.starts_at)
            .where(arm, *wanted)
            .order_by(order, Event.id)
            .limit(limit + offset)
            .subquery()
        )
        firsts.append(select(part.c.id, part.c.starts_at))
    union = union_all(*firsts).subquery()
    by = union.c.starts_at.desc() if latest_first else union.c.starts_at.asc()
    page = select(union.c.id).order_by(by, union.c.id).limit(limit).offset(offset).subquery()
    return select(page.c.id)


def _cards(
    arms: Arms, wanted: Arms, *, offset: int, limit: int, latest_first: bool = False
) -> Sequence[Card]:
    chosen = _chosen(arms, wanted, limit=limit, offset=offset, latest_first=latest_first)
    order = Event.starts_at.desc() if latest_first else Event.starts_at.asc()
    columns = [column.label(f"f_{name}") for name, column in _FACTS.items()]
    columns += [column.label(f"w_{name}") for name, column in _WORDS.items()]
    query = (
        select(*columns)
        .join(Pool, and_(Pool.event_id == Event.id, Pool.kind == "event"))
        .where(Event.id.in_(chosen))
        .order_by(order, Event.id)
    )
    return [_card(row._mapping) for row in db.session.execute(query)]


def _card(row: Any) -> Card:
    facts = {name: row[f"f_{name}"] for name in _FACTS}
    return Card(facts=SignupFacts(**facts), **{name: row[f"w_{name}"] for name in _WORDS})
