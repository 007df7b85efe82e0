"""What programs read: calendar files, the JSON-LD block of an event page."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from eventreg.agenda import rules, words
from eventreg.config import Settings
from eventreg.registration.rules import SignupFacts, SignupState, signup_state
from eventreg.shared import calendar, urls
from eventreg.shared.richtext import plain

SCHEMA = "https://schema.org"


def calendar_file(
    events: Iterable[Any], settings: Settings, *, locale: str, name: str = ""
) -> bytes:
    """An RFC 5545 file; the UID of an event never changes, its sequence grows with its version."""
    return calendar.write([_entry(event, settings, locale) for event in events], name=name)


def _entry(event: Any, settings: Settings, locale: str) -> calendar.Entry:
    place = words.place_of(event)
    address = event.address.strip()
    return calendar.Entry(
        uid=f"evenement-{event.id}@{urlsplit(settings.base_url).hostname or 'localhost'}",
        title=rules.said(event.title, event.title_en, locale).text,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        day_only=event.day_only,
        timezone=event.timezone,
        stamp=event.updated_at,
        sequence=event.version,
        place=", ".join(part for part in (place, address) if part),
        description=rules.said(event.lead, plain(event.lead_en), locale).text,
        url=urls.absolute("agenda.event", locale, slug=event.slug),
        cancelled=event.state == "cancelled",
    )


def json_ld(
    event: Any,
    facts: SignupFacts,
    settings: Settings,
    *,
    locale: str,
    now: datetime,
    image: str = "",
) -> dict[str, Any]:
    """The event as schema.org describes it; no person is named in it."""
    url = urls.absolute("agenda.event", locale, slug=event.slug)
    title = rules.said(event.title, event.title_en, locale)
    block: dict[str, Any] = {
        "@context": SCHEMA,
        "@type": "Event",
        "name": title.text,
        "url": url,
        "description": rules.said(event.lead, plain(event.lead_en), locale).text,
        "inLanguage": title.lang or locale,
        "image": image,
        "startDate": _moment(event.starts_at, event),
        "endDate": _moment(event.ends_at, event),
        "eventStatus": f"{SCHEMA}/Event{'Cancelled' if event.state == 'cancelled' else 'Scheduled'}",
        "eventAttendanceMode": f"{SCHEMA}/{_attendance(event)}EventAttendanceMode",
        "location": _locations(event, url),
        "organizer": {"@type": "Organization", "name": settings.organisation},
        "isAccessibleForFree": None if event.paid is None else not event.paid,
        "maximumAttendeeCapacity": facts.capacity if facts.show_places else None,
        "offers": _offer(facts, locale=locale, now=now),
    }
    return {name: value for name, value in block.items() if value not in (None, "", [])}


def _moment(value: datetime | None, event: Any) -> str | None:
    if value is None:
        return None
    local = value.astimezone(ZoneInfo(event.timezone))
    return local.date().isoformat() if event.day_only else local.isoformat()


def _on_site(event: Any) -> bool:
    return bool(event.address or event.city or (event.venue and not event.online))


def _attendance(event: Any) -> str:
    if not event.online:
        return "Offline"
    return "Mixed" if _on_site(event) else "Online"


def _locations(event: Any, url: str) -> list[dict[str, Any]]:
    places: list[dict[str, Any]] = []
    if _on_site(event):
        address = {
            "@type": "PostalAddress",
            "streetAddress": event.address,
            "postalCode": event.postal_code,
            "addressLocality": event.city,
            "addressCountry": "FR",
        }
        postal = {name: value for name, value in address.items() if value}
        places.append({"@type": "Place", "name": event.venue or event.city, "address": postal})
    if event.online:
        places.append({"@type": "VirtualLocation", "url": url})
    return places


def _offer(facts: SignupFacts, *, locale: str, now: datetime) -> dict[str, Any] | None:
    state = signup_state(facts, now)
    if state not in (SignupState.OPEN, SignupState.NOT_OPEN, SignupState.FULL):
        return None
    offer = {
        "@type": "Offer",
        "url": urls.absolute("registration.form", locale, slug=facts.slug),
        "availability": f"{SCHEMA}/{'SoldOut' if state is SignupState.FULL else 'InStock'}",
        "validFrom": facts.opens_at.isoformat() if facts.opens_at else None,
        "validThrough": facts.closing.isoformat() if facts.closing else None,
    }
    return {name: value for name, value in offer.items() if value is not None}
