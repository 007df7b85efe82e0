"""What the public sees of an event: its phase, its facts, its programme, its links. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from eventreg.registration.rules import (
    SignupFacts,
    SignupState,
    is_open,
    next_change,
    signup_state,
)
from eventreg.shared.richtext import safe_href

FEW_PLACES = 10  # from here on the badge says how many are left
QUERY_LIMIT = 1_000
WORDS_LIMIT = 100
PARTICIPATIONS = ("sur-place", "en-ligne")
EVENT_PATH = re.compile(r"/agenda/[^/]+/")
CALENDAR_PATH = re.compile(r"/agenda(?:/[^/]+)?\.ics")
PLACEHOLDERS = re.compile(
    r"(?:lien|adresse|url|formulaire)?\s*(?:à|a) (?:ajouter|venir|compléter|préciser|définir)"
    r"|lien|null|none|todo|tbd|xxx+|\?+|-+|#",
    re.IGNORECASE,
)
VIDEO_PAGES: Mapping[str, tuple[str, str]] = {
    "dailymotion": ("Dailymotion", "https://www.dailymotion.com/video/{}"),
    "youtube": ("YouTube", "https://www.youtube.com/watch?v={}"),
    "vimeo": ("Vimeo", "https://vimeo.com/{}"),
}


class Phase(StrEnum):
    """Where an event stands for its visitors."""

    UPCOMING = "upcoming"
    ONGOING = "ongoing"
    PAST = "past"


@dataclass(frozen=True)
class Filters:
    """What a visitor asked of the agenda; empty values ask for nothing."""

    words: str = ""
    kind: str = ""
    participation: str = ""
    page: int = 1

    @property
    def active(self) -> bool:
        return bool(self.words or self.kind or self.participation)

    def arguments(self, **others: str) -> dict[str, str]:
        """The parameters of the address, without the page; `others` replace some."""
        asked = {"q": self.words, "type": self.kind, "participation": self.participation}
        return {name: value for name, value in {**asked, **others}.items() if value}

    @property
    def query(self) -> str:
        """One spelling for each page of the agenda."""
        page = {"page": str(self.page)} if self.page > 1 else {}
        return urlencode({**self.arguments(), **page})


@dataclass(frozen=True)
class InfoField:
    """A line of the practical information; `link` is empty when there is none to follow."""

    label: str
    value: str
    link: str


@dataclass(frozen=True)
class Video:
    """A film to watch elsewhere: nothing is asked of the provider before a visitor follows it."""

    provider: str
    url: str


@dataclass(frozen=True)
class ProgrammeLine:
    """A session as the programme shows it; hours are local to the event."""

    start: datetime | None
    end: datetime | None
    track: str
    title: str
    organisations_text: str
    description: str
    speakers: Sequence[Any]
    items: Sequence[Any]

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)  # the templates' macro reads session["items"]


@dataclass(frozen=True)
class Day:
    """The sessions of one day, in order; no date when the document states none."""

    date: date | None
    sessions: Sequence[ProgrammeLine]
    label: str = ""


class SessionRow(Protocol):
    """What is read of a programme session."""

    day: Any
    starts_at: Any
    ends_at: Any
    track: Any
    title: Any
    organisations_text: Any
    description: Any
    speakers: Any
    items: Any


def filters(query: str) -> Filters:
    """The filters of a query string; what is unknown, repeated or out of bounds is left out."""
    try:
        # A server hands over raw bytes as Latin-1; what was sent is UTF-8.
        sent = query[:QUERY_LIMIT].encode("latin-1", "replace").decode("utf-8", "replace")
        given = dict(reversed(parse_qsl(sent, max_num_fields=20)))
    except ValueError:
        given = {}
    page = given.get("page", "1")
    participation = given.get("participation", "")
    return Filters(
        words=" ".join(_printable(given.get("q", "")).split())[:WORDS_LIMIT],
        kind=_printable(given.get("type", "")).strip()[:80],
        participation=participation if participation in PARTICIPATIONS else "",
        page=int(page) if re.fullmatch(r"[1-9][0-9]{0,3}", page) else 1,
    )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def canonical_query(path: str, query: str) -> str | None:
    """The query that tells a shared page from another; None when the page is not shared."""
    if EVENT_PATH.fullmatch(path) or CALENDAR_PATH.fullmatch(path):
        return ""
    if path in ("/", "/agenda/"):
        return filters(query).query if query else ""
    return None


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
    return left is not None and 0 < left <= FEW_PLACES


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


def videos(items: Iterable[Mapping[str, Any]]) -> list[Video]:
    """Links to the films' own pages; of an unknown provider, to where the document points."""
    found = []
    for item in items:
        provider, number = str(item.get("provider") or ""), str(item.get("id") or "")
        name, page = VIDEO_PAGES.get(provider.lower(), ("", ""))
        url = web_link(page.format(quote(number, safe="")) if page and number else item.get("url"))
        if url:
            found.append(Video(name or host_of(url), url))
    return found


def files(items: Iterable[Any]) -> list[tuple[str, str]]:
    """(name, address) of documents; without an address, the document is named only."""
    found = []
    for item in items:
        source = str((item.get("src") if isinstance(item, Mapping) else item) or "").strip()
        name = source.rsplit("/", 1)[-1].split("?", 1)[0]
        if name:
            found.append((name, web_link(source)))
    return found


def programme(sessions: Iterable[SessionRow], zone: str) -> list[Day]:
    """The sessions by day, in the order of the document, hours local to the event."""
    place = ZoneInfo(zone)

    def day_of(row: SessionRow) -> date | None:
        start: datetime | None = row.starts_at
        known: date | None = row.day
        return known or (start.astimezone(place).date() if start else None)

    return [
        Day(day, [_line(row, place) for row in rows]) for day, rows in groupby(sessions, key=day_of)
    ]


def _line(row: SessionRow, place: ZoneInfo) -> ProgrammeLine:
    return ProgrammeLine(
        start=row.starts_at.astimezone(place) if row.starts_at else None,
        end=row.ends_at.astimezone(place) if row.ends_at else None,
        track=row.track,
        title=row.title,
        organisations_text=row.organisations_text,
        description=row.description,
        speakers=row.speakers,
        items=row.items,
    )


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
