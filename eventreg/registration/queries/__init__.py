"""Reads of registrations: facts of an event's sign-ups, lists, figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, String, and_, bindparam, cast, func, literal, or_, select

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.events.queries import SIGNUP_FACTS
from eventreg.mailing.models import OutboxMessage
from eventreg.registration.models import ACTIVE as ACTIVE_ROW
from eventreg.registration.models import Closing, Receipt, Registration
from eventreg.registration.rules import ACTIVE, SignupFacts
from eventreg.shared.db import db, run

ACTIVE_STATES = sorted(ACTIVE)
_FACTS = tuple(column.label(name) for name, column in SIGNUP_FACTS.items())
PROVING = ("confirm_address", "waiting")  # letters whose link proves the address
UNPROVEN = or_(
    Registration.state == "unconfirmed",
    and_(
        Registration.state == "waiting",
        Registration.proven_at.is_(None),
        Registration.source == "form",
    ),
)
_WORDS = (
    Event.title,
    Event.venue,
    Event.address,
    Event.city,
    Event.online,
    Event.day_only,
    Event.contact_email,
    Event.retention_days,
    Event.title_en,
    Event.venue_en,
    Event.state_message,
    Event.closed_message,
    Event.closed_message_en,
    Event.closed_message_from,
)
_KNOWN = (
    Receipt.id.label("known_id"),
    Receipt.receipt.label("known_receipt"),
    Receipt.request_hash.label("known_request_hash"),
    Receipt.shown_state.label("known_shown_state"),
    Receipt.created_at.label("known_created_at"),
)
# Built once: a sign-up runs these with its own parameters and pays no compiling.
_facts_query = select(*_FACTS).join(Pool, and_(Pool.event_id == Event.id, Pool.kind == "event"))
_facts_by_slug = _facts_query.where(Event.slug == bindparam("slug"))
_facts_by_id = _facts_query.where(Event.id == bindparam("event_id"))
_page_by_slug = _facts_by_slug.add_columns(*_WORDS)
_page_by_id = _facts_by_id.add_columns(*_WORDS)
_locked = (
    select(Event.version, Pool.capacity, Pool.taken, Pool.waiting, *_KNOWN)
    .join(Pool, and_(Pool.event_id == Event.id, Pool.kind == "event"))
    .outerjoin(Receipt, Receipt.key_hash == bindparam("key_hash"))
    .where(Event.id == bindparam("event_id"))
)
_known_key = select(*_KNOWN).where(Receipt.key_hash == bindparam("key_hash"))
_FACT_KEYS = tuple(SIGNUP_FACTS)
_WORD_KEYS = tuple(column.key for column in _WORDS)


@dataclass(frozen=True)
class SignupPage:
    """What the form and its letters show of an event, with the facts of its sign-ups."""

    facts: SignupFacts
    title: str
    venue: str
    address: str
    city: str
    online: bool
    day_only: bool
    contact_email: str
    retention_days: int
    title_en: str = ""
    venue_en: str = ""
    state_message: str = ""
    closed_message: str = ""
    closed_message_en: str = ""
    closed_message_from: datetime | None = None
    pool_ids: Mapping[str, int] = field(default_factory=dict)  # by key, where they were read

    def in_locale(self, locale: str) -> "SignupPage":
        """The same with the organisers' English words where there are some."""
        if locale != "en" or not (self.title_en or self.venue_en):
            return self
        return replace(self, title=self.title_en or self.title, venue=self.venue_en or self.venue)

    def once_closed(self, locale: str, now: datetime) -> str:
        """What the organisers say once sign-ups are closed, from the instant that they chose."""
        if self.closed_message_from is not None and now < self.closed_message_from:
            return ""
        return (locale == "en" and self.closed_message_en) or self.closed_message

    @property
    def place(self) -> str:
        """Venue, address and city on one line, the city once."""
        city = "" if self.city and self.city in self.address else self.city
        return ", ".join(part for part in (self.venue, self.address, city) if part)


@dataclass(frozen=True)
class Page:
    """One page of a list and how many rows there are in all."""

    rows: Sequence[Row[Any]]
    total: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True)
class Known:
    """The receipt that an idempotency key already has."""

    id: int
    receipt: str
    request_hash: str
    shown_state: str
    created_at: datetime


@dataclass(frozen=True)
class Locked:
    """The event and its own pool as the transaction sees them; each change makes a version."""

    version: int
    capacity: int | None
    taken: int
    waiting: int

    def onto(self, facts: SignupFacts) -> SignupFacts:
        """The facts with the seats as they are now."""
        return replace(facts, capacity=self.capacity, taken=self.taken, waiting=self.waiting)


def signup_facts(slug: str) -> SignupFacts | None:
    """One statement; the cost does not grow with the number of registrations."""
    row = run(_facts_by_slug, {"slug": slug}).one_or_none()
    return _facts(row) if row else None


def signup_facts_of(event_id: int) -> SignupFacts:
    return _facts(run(_facts_by_id, {"event_id": event_id}).one())


def locked(event_id: int, key_hash: str) -> tuple[Locked | None, Known | None]:
    """What may have moved since a sign-up was prepared, and the receipt of its key, at once.

    (None, None) when the event is no longer there.
    """
    row = run(_locked, {"event_id": event_id, "key_hash": key_hash}).one_or_none()
    if row is None:
        return None, None
    return Locked(row.version, row.capacity, row.taken, row.waiting), _known(row)


def receipt_of_key(key_hash: str) -> Known | None:
    row = run(_known_key, {"key_hash": key_hash}).one_or_none()
    return _known(row) if row else None


def signup_page(slug: str) -> SignupPage | None:
    """The facts and the words of the sign-up form, in one statement."""
    row = run(_page_by_slug, {"slug": slug}).one_or_none()
    return _page(row) if row else None


def signup_page_of(event_id: int) -> SignupPage:
    return _page(run(_page_by_id, {"event_id": event_id}).one())


def _facts(row: Row[Any]) -> SignupFacts:
    values = row._mapping
    return SignupFacts(**{key: values[key] for key in _FACT_KEYS})


def _page(row: Row[Any]) -> SignupPage:
    values = row._mapping
    return SignupPage(facts=_facts(row), **{key: values[key] for key in _WORD_KEYS})


def _known(row: Row[Any]) -> Known | None:
    if row.known_id is None:
        return None
    return Known(
        row.known_id,
        row.known_receipt,
        row.known_request_hash,
        row.known_shown_state,
        row.known_created_at,
    )


def by_public_id(public_id: str, *, lock: bool = False) -> Registration | None:
    query = select(Registration).where(Registration.public_id == public_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(query).scalar_one_or_none()


def by_key(registration_id: int, *, lock: bool = False) -> Registration | None:
    query = select(Registration).where(Registration.id == registration_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(query).scalar_one_or_none()


def receipt(text: str) -> Receipt | None:
    return db.session.execute(select(Receipt).where(Receipt.receipt == text)).scalar_one_or_none()


def active_of(event_id: int, email_key: str) -> Registration | None:
    """The one active registration of an address (the index of the table sees to it).

    In the words of the partial index: with the states as parameters SQLite would read every
    active person of the event, under the write lock.
    """
    wanted = (
        Registration.event_id == event_id,
        Registration.email_key == email_key,
        ACTIVE_ROW,
    )
    return db.session.execute(select(Registration).where(*wanted)).scalar_one_or_none()


def active_keys(event_id: int, email_keys: Sequence[str]) -> set[str]:
    """Which of these addresses have an active registration (few at a time)."""
    wanted = (
        Registration.event_id == event_id,
        Registration.email_key.in_(email_keys),
        ACTIVE_ROW,
    )
    return set(db.session.execute(select(Registration.email_key).where(*wanted)).scalars())


def first_delivery(registration_id: int) -> tuple[datetime | None, datetime | None]:
    """(accepted by the mail server, given up) of the letter that asks to prove the address."""
    wanted = (
        OutboxMessage.registration_id == registration_id,
        OutboxMessage.kind.in_(PROVING),
    )
    columns = (func.min(OutboxMessage.sent_at), func.min(OutboxMessage.failed_at))
    row = db.session.execute(select(*columns).where(*wanted)).one()
    return row[0], row[1]


def to_remind(email_key: str, now: datetime) -> Sequence[Registration]:
    """The registrations of an address for events not over yet, locked."""
    query = (
        select(Registration)
        .join(Event, Event.id == Registration.event_id)
        .where(
            Registration.email_key == email_key,
            Registration.state.in_(ACTIVE_STATES),
            or_(Event.starts_at.is_(None), func.coalesce(Event.ends_at, Event.starts_at) > now),
        )
        .order_by(Registration.id)
        .limit(20)
        .with_for_update(of=Registration)
    )
    return db.session.execute(query).scalars().all()


def letters_since(recipient_key: str, kind: str, since: datetime) -> int:
    """How many letters of a kind an address was owed since then."""
    wanted = (
        OutboxMessage.recipient_key == recipient_key,
        OutboxMessage.created_at >= since,
        OutboxMessage.kind == kind,
    )
    query = select(func.count()).select_from(OutboxMessage).where(*wanted)
    return int(db.session.execute(query).scalar_one())


def figures(event_id: int) -> dict[str, int]:
    """How many registrations in each state."""
    query = (
        select(Registration.state, func.count())
        .where(Registration.event_id == event_id)
        .group_by(Registration.state)
    )
    return dict(db.session.execute(query).tuples().all())


def figures_of_all(event_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """`figures` of several events in one statement."""
    query = (
        select(Registration.event_id, Registration.state, func.count())
        .where(Registration.event_id.in_(list(event_ids)))
        .group_by(Registration.event_id, Registration.state)
    )
    result: dict[int, dict[str, int]] = {}
    for event_id, state, count in db.session.execute(query):
        result.setdefault(event_id, {})[state] = count
    return result


def attendee(event_id: int, public_id: str) -> Registration | None:
    """A registration, only when it is this event's."""
    wanted = (Registration.event_id == event_id, Registration.public_id == public_id)
    return db.session.execute(select(Registration).where(*wanted)).scalar_one_or_none()


def trace(registration_id: int) -> Sequence[AuditEntry]:
    """What happened to a registration, oldest first."""
    wanted = AuditEntry.registration_id == registration_id
    query = select(AuditEntry).where(wanted).order_by(AuditEntry.id)
    return db.session.execute(query).scalars().all()


def mails_of(registration_id: int) -> Sequence[Row[Any]]:
    """Kind, state and instants of the letters owed for a registration."""
    columns = (
        OutboxMessage.kind,
        OutboxMessage.state,
        OutboxMessage.created_at,
        OutboxMessage.sent_at,
        OutboxMessage.last_error,
    )
    wanted = OutboxMessage.registration_id == registration_id
    return db.session.execute(select(*columns).where(wanted).order_by(OutboxMessage.id)).all()


def to_close(now: datetime) -> Sequence[int]:
    """Published events whose deadline has passed since they were published, not yet handled."""
    closing = func.coalesce(Event.closes_at, Event.starts_at)
    handled = select(Closing.id).where(Closing.event_id == Event.id, Closing.closes_at == closing)
    query = select(Event.id).where(
        Event.state == "published",
        Event.registration_mode == "internal",
        closing <= now,
        closing > Event.published_at,
        ~handled.exists(),
    )
    return db.session.execute(query).scalars().all()


def events_with_holds() -> Sequence[Row[Any]]:
    """Events that have unproven registrations, with what a hold depends on."""
    holding = select(Registration.id).where(Registration.event_id == Event.id, UNPROVEN)
    query = select(Event.id, Event.starts_at, Event.confirmation_hours).where(holding.exists())
    return db.session.execute(query).all()


def due_holds(
    event_id: int, *, starts_at: datetime | None, hours: float, now: datetime, limit: int
) -> Sequence[int]:
    """Ids of unproven registrations, those in line too, whose time has ended; oldest first."""
    asked = UNPROVEN if hours > 0 else Registration.state == "unconfirmed"
    wanted = [Registration.event_id == event_id, asked]
    if starts_at is None or starts_at > now:
        cutoff = now - timedelta(hours=hours)
        mail = select(OutboxMessage.id).where(
            OutboxMessage.registration_id == Registration.id,
            OutboxMessage.kind.in_(PROVING),
            or_(OutboxMessage.sent_at <= cutoff, OutboxMessage.failed_at <= cutoff),
        )
        wanted.append(mail.exists())
        if hours <= 0:  # nobody in line was asked to prove anything
            wanted.append(Registration.state == "unconfirmed")
    query = select(Registration.id).where(*wanted).order_by(Registration.id).limit(limit)
    return db.session.execute(query).scalars().all()


def latest_hold_end(event_id: int, *, hours: float, starts_at: datetime | None) -> datetime | None:
    """Until when unproven people may still confirm, as far as their mail has left."""
    sent = (
        select(func.max(func.coalesce(OutboxMessage.sent_at, OutboxMessage.created_at)))
        .join(Registration, Registration.id == OutboxMessage.registration_id)
        .where(
            OutboxMessage.event_id == event_id,
            OutboxMessage.kind == "confirm_address",
            Registration.state == "unconfirmed",
        )
    )
    latest = db.session.execute(sent).scalar_one()
    if latest is None:
        return None
    ends: datetime = latest + timedelta(hours=hours)
    return min(ends, starts_at) if starts_at else ends


def to_tell(
    event_id: int, *, key: str, until: datetime, after_id: int, limit: int
) -> Sequence[Registration]:
    """Active people of an event, signed up before `until`, to whom no letter of `key` is owed."""
    owed = select(OutboxMessage.id).where(
        OutboxMessage.dedupe_key == literal(f"{key}:").concat(cast(Registration.id, String))
    )
    query = (
        select(Registration)
        .where(
            Registration.event_id == event_id,
            Registration.id > after_id,
            Registration.state.in_(ACTIVE_STATES),
            Registration.registered_at <= until,
            ~owed.exists(),
        )
        .order_by(Registration.id)
        .limit(limit)
    )
    return db.session.execute(query).scalars().all()


def active_count(event_id: int) -> int:
    """How many people hold or await a place."""
    wanted = (Registration.event_id == event_id, Registration.state.in_(ACTIVE_STATES))
    query = select(func.count()).select_from(Registration).where(*wanted)
    return int(db.session.execute(query).scalar_one())
