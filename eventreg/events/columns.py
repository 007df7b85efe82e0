"""What a document says, as the columns of an event."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from eventreg.config import Settings
from eventreg.events.jekyll import Document, Problem, read_body
from eventreg.shared import letters, richtext
from eventreg.shared.errors import N_

Moment = datetime | date
_ENGLISH = ("lead_en", "body_en")  # Markdown, like the body
_SITE_LINK = re.compile(r'(<a [^<>]{0,2000}?href=")(?=/(?!/))')
# Columns that a document states outright or not at all, with the value of an event that is new.
DEFAULTS = MappingProxyType(
    {
        "approval": "none",
        "pending_holds_seat": False,
        "confirmation_hours": 24.0,
        "retention_days": 92,
        "contact_name": "",
        "contact_email": "",
        "title_en": "",
        "lead_en": "",
        "body_en": "",
        "venue_en": "",
        "audience_text_en": "",
        "external_name": "",
        "show_places": True,
        "closed_message": "",
        "closed_message_en": "",
        "closed_message_from": None,
    }
)
# Made from other columns by the program: they follow, nobody chooses between two versions.
DERIVED = frozenset(
    {"lead_html", "body_html", "lead_en_html", "body_en_html", "videos", "calls_to_action"}
    | {"kind", "day_only", "postal_code", "city"}
)


def facts(document: Document) -> dict[str, Any]:
    """The columns of an event that a document states."""
    values = {**_possible(_read(document)), **document.stated}
    return {**values, **made_from({k: v for k, v in values.items() if k in _ENGLISH})}


def made_from(values: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from texts and lists that an organiser wrote."""
    made: dict[str, Any] = {}
    for key in (*_ENGLISH, "lead"):
        if key in values:
            made[f"{key}_html"] = _resolved(richtext.render_document(values[key]).html)
    if "lead" in values:
        made["lead"] = richtext.plain(values["lead"])
    if "body" in values:
        html, videos, buttons = read_body(values["body"])
        made["body_html"] = _resolved(html)
        made["videos"] = [asdict(video) for video in videos]
        made["calls_to_action"] = [{"text": b.text, "href": absolute(b.href)} for b in buttons]
    if "categories" in values:
        made["kind"] = (values["categories"][0] if values["categories"] else "")[:80]
    return made


def unkept(document: Document) -> list[Problem]:
    """The instants of a document that cannot be true together, and are left out."""
    read, kept = _read(document), facts(document)
    return [
        Problem(
            None,
            "instant-impossible",
            N_("“%(key)s” was left out: the dates of the document contradict each other."),
            {"key": key},
        )
        for key in ("opens_at", "closes_at", "ends_at")
        if read[key] is not None and kept[key] is None and key not in document.stated
    ]


def _possible(values: dict[str, Any]) -> dict[str, Any]:
    """A closing on the last day ends with the event; instants that contradict it are left out.

    A document is not refused for a stale date in a sentence: the report says what was left out.
    """
    start, end = values["starts_at"], values["ends_at"]
    if start and end and end < start:
        values["ends_at"] = end = None
    closes = values["closes_at"]
    if closes and end and closes > end:
        last_day = end.astimezone(closes.tzinfo).date()
        same = (closes - timedelta(seconds=1)).date() <= last_day
        values["closes_at"] = closes = end if same else None
    opens = values["opens_at"]
    limit = closes or start
    if opens and limit and opens >= limit:
        values["opens_at"] = None
    return values


def _read(document: Document) -> dict[str, Any]:
    zone = document.timezone
    registration = document.registration
    return {
        "title": document.title,
        "kind": (document.categories[0] if document.categories else "")[:80],
        "categories": list(document.categories),
        "tags": list(document.tags),
        "lead": document.lead or "",
        "lead_html": _resolved(document.lead_html),
        "body": document.body,
        "body_html": _resolved(document.body_html),
        "starts_at": _begin(document.start, zone),
        "ends_at": _end(document.end, zone),
        "day_only": document.start is not None and not isinstance(document.start, datetime),
        "timezone": zone,
        "venue": document.venue or "",
        "address": document.address or "",
        "postal_code": document.postal_code or "",
        "city": document.city or "",
        "online": bool(document.online),
        "info_fields": [
            {"label": f.label, "value": f.value, "link": absolute(f.link)}
            for f in document.info_fields
        ],
        "images": [{"src": i.src, "alt": i.alt} for i in document.images],
        "files": list(document.files),
        "videos": [asdict(video) for video in document.videos],
        "calls_to_action": [
            {"text": c.text, "href": absolute(c.href)} for c in document.calls_to_action
        ],
        "press_contacts": [
            {"name": c.name, "phones": list(c.phones), "email": c.email}
            for c in document.press_contacts
        ],
        "registration_mode": registration.mode,
        "external_url": (absolute(registration.link) or "")
        if registration.mode == "external"
        else "",
        "paid": registration.paid,
        "opens_at": _begin(registration.opens_at, zone),
        "closes_at": _deadline(registration.deadline, zone),
        "audience": "public_agents" if document.audience.public_agents_only else "anyone",
        "audience_text": document.audience.text or "",
        "capacity": document.capacity,
    }


def absolute(href: str | None) -> str | None:
    """An address of the documents' own site in full; the others as they are."""
    return f"{site()}{href}" if href and href.startswith("/") else href


def site() -> str:
    """The site whose documents these are: what they call « /agenda/… » is there, not here."""
    settings: Settings = letters.writer().settings
    return settings.documents_site


def _resolved(html: str) -> str:
    """Links to pages of the documents' own site, in HTML that the sanitiser made."""
    return _SITE_LINK.sub(lambda found: f"{found[1]}{site()}", html)


def _begin(moment: Moment | None, zone: str) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), ZoneInfo(zone))


def _end(moment: Moment | None, zone: str) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(23, 59), ZoneInfo(zone))


def _deadline(moment: Moment | None, zone: str) -> datetime | None:
    """A day alone runs to its end: the next midnight, strictly before which people sign up."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment + timedelta(days=1), time(), ZoneInfo(zone))
