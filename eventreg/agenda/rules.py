"""What the public sees of an event: its phase, its facts, its programme, its links. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from markupsafe import escape

from eventreg.agenda import filtering, programme
from eventreg.registration.rules import (
    SignupFacts,
    SignupState,
    is_open,
    next_change,
    signup_state,
)
from eventreg.shared.richtext import safe_href

FEW_PLACES = 10  # from here on the badge says how many are left
EVENT_PATH = re.compile(r"/agenda/[^/]+/")
CALENDAR_PATH = re.compile(r"/agenda/[^/]+\.ics")
FILTERED = ("/", "/agenda/", "/agenda.ics", "/agenda/flux.xml")
PLACEHOLDERS = re.compile(
    r"(?:lien|adresse|url|formulaire)?\s*(?:à|a) (?:ajouter|venir|compléter|préciser|définir)"
    r"|lien|null|none|todo|tbd|xxx+|\?+|-+|#",
    re.IGNORECASE,
)


class Phase(StrEnum):
    """Where an event stands for its visitors."""

    UPCOMING = "upcoming"
    ONGOING = "ongoing"
    PAST = "past"


@dataclass(frozen=True)
class InfoField:
    """A line of the practical information; `link` is empty when there is none to follow."""

    label: str
    value: str
    link: str


def canonical_query(path: str, query: str) -> str | None:
    """The query that tells a shared page from another; None when the page is not shared."""
    if EVENT_PATH.fullmatch(path):
        return programme.query(programme.asked_track(query))
    if CALENDAR_PATH.fullmatch(path) or path == "/sitemap.xml":
        return ""
    if path in FILTERED:
        asked = filtering.filters(query) if query else filtering.Filters()
        return asked.query if path in FILTERED[:2] else replace(asked, page=1).query
    return None


@dataclass(frozen=True)
class Said:
    """What organisers wrote, and its language where that is not the page's own."""

    text: Any
    lang: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


def said(french: Any, english: Any, locale: str) -> Said:
    """The text in the reader's language, else the French one, marked as such."""
    if locale == "fr":
        return Said(french)
    return Said(english) if english else Said(french, "fr")


def over_at(
    *, starts_at: datetime | None, ends_at: datetime | None, day_only: bool, zone: str
) -> datetime | None:
    """When an event belongs to the past: at its end, else when its last day is over there."""
    last = ends_at or starts_at
    if last is None or (ends_at is not None and not day_only):
        return last
    day = last.astimezone(ZoneInfo(zone)).date()
    return day_start(day + timedelta(days=1), zone)


def day_start(day: date, zone: str) -> datetime:
    """The instant at which a day begins in a zone."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))


def phase(
    *, event_state: str, starts_at: datetime | None, over: datetime | None, now: datetime
) -> Phase:
    """Archived or over is past; begun and not over is ongoing."""
    if event_state == "archived" or (over is not None and over <= now):
        return Phase.PAST
    return Phase.ONGOING if starts_at is not None and starts_at <= now else Phase.UPCOMING


def changes_at(facts: SignupFacts, over: datetime | None, now: datetime) -> datetime | None:
    """The next instant at which a page about this event says something else."""
    instants = (next_change(facts, now), over)
    return min((i for i in instants if i is not None and i > now), default=None)


def takes_sign_ups(facts: SignupFacts, over: datetime | None, now: datetime) -> bool:
    """A visitor may sign up now, here or elsewhere.

    Another site sells its tickets until a stated deadline, else until the event is over.
    """
    state = signup_state(facts, now)
    if state is not SignupState.EXTERNAL:
        return state in (SignupState.OPEN, SignupState.WAITING_LIST)
    return (
        facts.event_state == "published"
        and bool(web_link(facts.external_url))
        and is_open(opens_at=facts.opens_at, closes_at=facts.closes_at or over, now=now)
    )


def few_left(facts: SignupFacts) -> bool:
    """So few places that the number is worth a badge."""
    left = facts.places_left
    return facts.show_places and left is not None and 0 < left <= FEW_PLACES


def is_placeholder(text: str) -> bool:
    """Words that stand where a link will be put one day. Source: content-format.md, section 4."""
    return bool(PLACEHOLDERS.fullmatch(text.strip().rstrip(".…").strip()))


def web_link(url: object) -> str:
    """The address when a visitor may follow it (http, https, mailto), else nothing."""
    address = safe_href(str(url or "")) or ""
    return "" if address.startswith("/") else address


def host_of(url: str) -> str:
    """Whose site a link leads to, as people name it."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def info_fields(items: Iterable[Mapping[str, Any]]) -> list[InfoField]:
    """The practical information; placeholders say nothing to a visitor and are left out."""
    shown = []
    for item in items:
        label, value = (str(item.get(key) or "").strip() for key in ("label", "value"))
        link = web_link(item.get("link"))
        if is_placeholder(value):
            value = ""
        if value or link:
            shown.append(InfoField(label.rstrip(" :"), value or host_of(link) or link, link))
    return shown


@dataclass(frozen=True)
class PressContact:
    """Whom journalists call. Telephone numbers: as written, as dialled."""

    name: str
    phones: Sequence[tuple[str, str]]
    email: str


def press_contacts(items: Iterable[Mapping[str, Any]]) -> list[PressContact]:
    """The press contacts that can be shown."""
    found = []
    for item in items:
        phones = [str(phone) for phone in item.get("phones") or []]
        dialled = [(phone, re.sub(r"[^+0-9]", "", phone)) for phone in phones]
        email = web_link(item.get("email")).removeprefix("mailto:")
        contact = PressContact(str(item.get("name") or ""), dialled, email)
        if contact.name or contact.phones or contact.email:
            found.append(contact)
    return found


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def other_actions(items: Iterable[Mapping[str, Any]], body_html: str) -> list[tuple[str, str]]:
    """(text, address) of the buttons that the text does not already hold."""
    found = []
    for item in items:
        text, url = str(item.get("text") or "").strip(), web_link(item.get("href"))
        if text and url and f'href="{escape(url)}"' not in body_html:
            found.append((text, url))
    return found
