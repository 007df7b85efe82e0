"""Use cases of events: create, change, publish. They take part in the caller's transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from eventreg.audit import services as audit
from eventreg.events import columns, notices, queries, rules, written
from eventreg.events.errors import BadValue, SlugTaken, UnknownEvent
from eventreg.events.jekyll import city_of
from eventreg.events.models import Event, Pool
from eventreg.shared import bell
from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.db import after_commit, db
from eventreg.shared.errors import N_, Stale
from eventreg.shared.fields import clean_line, clean_text, has_unprintable, parse_local

INSTANTS = (
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
    "modify_until",
    "cancel_until",
    "closed_message_from",
)
LINES = {"title": 300, "venue": 300, "address": 500, "contact_name": 75, "kind": 80}
FLAGS = (
    "online",
    "pending_holds_seat",
    "waiting_list",
    "offer_working_hours",
    "offers_after_closing",
    "reset_on_edit",
    "show_places",
    "transfers",
)
CANCELLABLE = ("draft", "published")
NONE = "none"


def create(
    slug: str,
    *,
    title: str,
    actor: str,
    now: datetime,
    starts_at: datetime | None = None,
    **values: Any,
) -> Event:
    """A draft with its pool. Raises SlugTaken, BadValue."""
    if not rules.is_slug(slug):
        raise BadValue(
            N_("Use lower-case letters, digits and hyphens only, for example: journee-design."),
            field="slug",
        )
    capacity = values.pop("capacity", None)
    event = Event(
        slug=slug, title=title, starts_at=starts_at, created_at=now, updated_at=now, state="draft"
    )
    for key, value in values.items():
        setattr(event, key, value)
    _check(event)
    try:
        with db.session.begin_nested():
            db.session.add(event)
    except IntegrityError as clash:  # the index decides, also between two forms sent at once
        if queries.by_slug(slug) is None:
            raise
        raise SlugTaken(slug=slug) from clash
    db.session.add(Pool(event_id=event.id, kind="event", capacity=capacity, taken=0))
    db.session.flush()
    audit.record("event_created", at=now, actor=actor, event_id=event.id)
    return event


def locked(slug: str) -> Event:
    """The event, locked for a change of its settings. Raises UnknownEvent."""
    event = db.session.get(Event, _id(slug), with_for_update=True, populate_existing=True)
    if event is None:
        raise UnknownEvent(slug=slug)
    return event


def change(
    event: Event,
    values: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    version: int | None = None,
    tell: bool = True,
) -> list[str]:
    """Sets typed values (capacity too); answers the keys that changed. Raises Stale, BadValue.

    A published event that moves is news to everybody signed up, unless `tell` is False.
    """
    if version is not None and version != event.version:
        raise Stale
    before = notices.planned(event)
    changed = _set(event, dict(values))
    _check(event)
    if changed:
        touch(event, now)
        audit.record("event_changed", at=now, actor=actor, event_id=event.id, keys=changed)
    if tell and changed:
        notices.note_move(event, before, actor=actor, now=now)
    return changed


def _set(event: Event, values: dict[str, Any]) -> list[str]:
    """Sets what differs; answers the keys that did."""
    changed = []
    if values.get("audience", event.audience) != event.audience:
        values.setdefault("policy", None)  # the shortcut replaces a policy made by hand
    values |= _town(event, values) | _made(event, values)
    if "capacity" in values:
        pool = queries.pool(event.id)
        capacity = values.pop("capacity")
        if pool.capacity != capacity:
            db.session.execute(update(Pool).where(Pool.id == pool.id).values(capacity=capacity))
            db.session.expire(pool)
            changed.append("capacity")
            after_commit(bell.ring)  # the worker offers new places to those who wait
    for key, value in values.items():
        if getattr(event, key) != value:
            setattr(event, key, value)
            changed.append(key)
    return changed


def _made(event: Event, values: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from the texts and lists that changed; a document brings its own."""
    texts = {
        key: value
        for key, value in values.items()
        if key in ("lead", *written.MARKDOWN, "categories")
        and f"{key}_html" not in values
        and not (key == "categories" and "kind" in values)
        and value != (written.lead_of(event) if key == "lead" else getattr(event, key))
    }
    return columns.made_from(texts)


def _town(event: Event, values: Mapping[str, Any]) -> dict[str, str]:
    """Postal code and city of a new address: the agenda finds the event where it moved to."""
    if values.get("address", event.address) == event.address or "city" in values:
        return {}
    code, city = city_of(values["address"])
    return {"postal_code": code or "", "city": city or ""}


def would_tell(event: Event, values: Mapping[str, Any], *, now: datetime) -> rules.Planned | None:
    """The plan that people would be told of, if these values move the event in a way that is news."""
    before = notices.planned(event)
    after = notices.planned(event, {**values, **_town(event, values)})
    return after if rules.must_tell(event.state, before, after, now) else None


def change_from_text(
    event: Event, texts: Mapping[str, str], *, actor: str, now: datetime, tell: bool = True
) -> list[str]:
    """`change` with what a person typed. Raises BadValue naming the key."""
    values = parse_all(texts, parse_zone(texts.get("timezone", event.timezone)))
    return change(event, values, actor=actor, now=now, tell=tell)


def cancel(
    event: Event, *, actor: str, now: datetime, message: str = "", tell: bool = True
) -> None:
    """The event will not take place: its page says so and why, people signed up are told."""
    if event.state == "cancelled":
        return
    if event.state not in CANCELLABLE:
        raise BadValue(N_("Only a draft or a published event can be cancelled."))
    event.state_message = message
    set_state(event, "cancelled", actor=actor, now=now)
    if tell:
        notices.note_cancelled(event, actor=actor, now=now)


def publish(event: Event, *, actor: str, now: datetime) -> None:
    """Shows the event to everybody. Raises BadValue when something is missing."""
    for key, sentence in rules.publish_faults(title=event.title, starts_at=event.starts_at):
        raise BadValue(sentence, field=key)
    set_state(event, "published", actor=actor, now=now)
    event.published_at = event.published_at or now


def set_state(event: Event, state: str, *, actor: str, now: datetime) -> None:
    """Publish, withdraw to draft, cancel or archive; nothing happens when it is so already."""
    if event.state == state:
        return
    before, event.state = event.state, state
    touch(event, now)
    audit.record("event_state", at=now, actor=actor, event_id=event.id, states=(before, state))


def touch(event: Event, now: datetime) -> None:
    """A new version: cached pages and stale forms notice."""
    event.version += 1
    event.updated_at = now


def parse_all(texts: Mapping[str, str], zone: str) -> dict[str, Any]:
    """The values of several keys. Raises BadValue for the first that cannot be used."""
    return {key: parse(key, text, zone) for key, text in texts.items()}


def parse(key: str, text: str, zone: str) -> Any:
    """The value of one key from text. Raises BadValue naming the key and what is expected."""
    parser = _PARSERS.get(key)
    if parser is None:
        known = ", ".join(sorted(_PARSERS))
        raise BadValue(
            N_("Unknown key %(key)s. Known keys: %(known)s."), field=key, key=key, known=known
        )
    return parser(key, text.strip(), zone)


def parse_moment(field: str, text: str, zone: str) -> datetime | None:
    """An instant that is not a setting of the event. Raises BadValue beside `field`."""
    return _instant(field, text.strip(), zone)


def parse_zone(text: str) -> str:
    """A known time zone. Raises BadValue."""
    return str(_zone("timezone", text, ""))


def _id(slug: str) -> int:
    event = queries.by_slug(slug)
    if event is None:
        raise UnknownEvent(slug=slug)
    return event.id


def _check(event: Event) -> None:
    faults = rules.date_faults(
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        opens_at=event.opens_at,
        closes_at=event.closes_at,
    )
    for key, sentence in faults:
        raise BadValue(sentence, field=key)
    hours = event.confirmation_hours
    if rules.proof_fault(
        audience=event.audience or "anyone",
        confirmation_hours=24.0 if hours is None else hours,
    ):
        raise BadValue(
            N_("A public-agents event always asks people to prove their address: not 0 hours."),
            field="confirmation_hours",
        )


def _instant(key: str, text: str, zone: str) -> datetime | None:
    if text.lower() in ("", NONE):
        if key == "starts_at":
            raise BadValue(N_("The start cannot be cleared."), field=key)
        return None
    try:
        return parse_local(text, zone)
    except ValueError as fault:
        sentences = {
            "missing": N_(
                "This hour does not exist on that day: clocks go forward. Choose another."
            ),
            "twice": N_(
                "This hour happens twice on that day: clocks go back. "
                "Add the offset, for example 2026-10-25T02:30+01:00."
            ),
        }
        sentence = sentences.get(
            str(fault), N_("Write a date and time, for example: 2027-01-12T18:00.")
        )
        raise BadValue(sentence, field=key) from fault


def _line(key: str, text: str, _zone: str) -> str:
    value = clean_line("" if text.lower() == NONE and key != "title" else text)
    if has_unprintable(value) or len(value) > LINES[key]:
        raise BadValue(
            N_("Use %(limit)s printable characters at most."), field=key, limit=LINES[key]
        )
    if key == "title" and not value:
        raise BadValue(N_("An event needs a title."), field=key)
    return value


def _long(key: str, text: str, _zone: str) -> str:
    value = clean_text(text)
    if len(value) > 2000 or has_unprintable(value):
        raise BadValue(N_("Use %(limit)s printable characters at most."), field=key, limit=2000)
    return value


def _choice(key: str, text: str, _zone: str) -> str:
    allowed = rules.CHOICES[key]
    if text not in allowed:
        raise BadValue(N_("Choose one of: %(allowed)s."), field=key, allowed=", ".join(allowed))
    return text


def _flag(key: str, text: str, _zone: str) -> bool:
    if text not in ("on", "off"):
        raise BadValue(N_("Choose one of: %(allowed)s."), field=key, allowed="on, off")
    return text == "on"


def _capacity(key: str, text: str, _zone: str) -> int | None:
    if text.lower() in ("", NONE):
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 8) or int(text) > 10_000_000:
        raise BadValue(N_("Write a whole number of places, for example: 120."), field=key)
    return int(text)


def _number(low: float, high: float) -> Callable[[str, str, str], float]:
    def parse_number(key: str, text: str, _zone: str) -> float:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise BadValue(
                N_("Write a number from %(low)s to %(high)s."),
                field=key,
                low=f"{low:g}",
                high=f"{high:g}",
            )
        return value

    return parse_number


def _whole(low: int, high: int) -> Callable[[str, str, str], int]:
    def parse_whole(key: str, text: str, zone: str) -> int:
        return round(_number(low, high)(key, text, zone))

    return parse_whole


def _email(key: str, text: str, _zone: str) -> str:
    if text.lower() in ("", NONE):
        return ""
    try:
        return canonical(text).canonical
    except InvalidAddress as fault:
        raise BadValue(
            N_("Enter a complete e-mail address, for example: name@example.org."), field=key
        ) from fault


def _url(key: str, text: str, _zone: str) -> str:
    if text.lower() in ("", NONE):
        return ""
    if not text.startswith(("https://", "http://")) or has_unprintable(text) or " " in text:
        raise BadValue(N_("Write a complete address that begins with https://."), field=key)
    return text[:2000]


def _zone(key: str, text: str, _zone_name: str) -> str:
    try:
        parse_local("2026-01-01T12:00", text)
    except (KeyError, ValueError, OSError) as fault:
        raise BadValue(
            N_("This is not a known time zone. Example: Europe/Paris."), field=key
        ) from fault
    return text


_PARSERS: dict[str, Callable[[str, str, str], Any]] = {
    **written.PARSERS,
    **dict.fromkeys(INSTANTS, _instant),
    **dict.fromkeys(LINES, _line),
    **dict.fromkeys(rules.CHOICES, _choice),
    **dict.fromkeys(FLAGS, _flag),
    "audience_text": _long,
    "audience_text_en": _long,
    "closed_message": _long,
    "closed_message_en": _long,
    "state_message": _long,
    "capacity": _capacity,
    "confirmation_hours": _number(0, 24 * 31),
    "offer_hours": _number(0.001, 24 * 31),
    "remind_days": _whole(0, 365),
    "invitations_each": lambda key, text, zone: round(_number(0, 10_000)(key, text, zone)),
    "contact_email": _email,
    "external_url": _url,
    "retention_days": _whole(7, 366),
    "timezone": _zone,
}
