"""What a document of the site says, as facts. Null means that the document does not say.

Source of the rules: content-format.md, section 11; names as in contract.md, section 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import groupby
from typing import Any, Literal

from eventreg.events.jekyll.front_matter import Plain
from eventreg.events.jekyll.problems import Problem
from eventreg.shared.richtext import Video

Kind = Literal["event", "news"]
Mode = Literal["internal", "external", "none"]
Moment = datetime | date


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its text; `href` is None when the document gives no usable address."""

    text: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture; `alt` is empty for a decorative one and None when the document gives none."""

    src: str
    alt: str | None
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class InfoField:
    """One line of practical information."""

    label: str | None
    value: str | None
    link: str | None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Access:
    """One way to come: means of transport and its lines or stops."""

    means: str | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PressContact:
    """A press contact: personal data, for editors only."""

    name: str | None
    phones: tuple[str, ...]
    email: str | None


@dataclass(frozen=True, slots=True)
class Registration:
    """How one signs up. A `deadline` that is a date means the end of that day.

    `deadline_source` is field, button, lead or body; `deadline_text` the words it was read from.
    """

    mode: Mode = "none"
    required: bool | None = None
    paid: bool | None = None
    link: str | None = None
    deadline: Moment | None = None
    opens_at: Moment | None = None
    links: tuple[Link, ...] = ()
    deadline_source: str | None = None
    deadline_text: str | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may come, and the words that say so."""

    public_agents_only: bool = False
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One point inside a session."""

    title: str
    speakers: tuple[str, ...] = ()
    guest: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One session; instants are aware, in the event's zone; `slots` when it is given several times."""

    day: date | None
    start: datetime | None
    end: datetime | None
    track: str | None
    title: str | None
    organisations_text: str | None = None
    description: str | None = None
    speakers: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    slots: tuple[tuple[time, time | None], ...] = ()
    links: tuple[Link, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Day:
    """The sessions of one day, in order; undated ones come last."""

    date: date | None
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """The sessions that were recognised; `title` is the heading they stood under."""

    sessions: tuple[Session, ...] = ()
    title: str | None = None

    @property
    def days(self) -> tuple[Day, ...]:
        def key(session: Session) -> date:
            return session.day or date.max

        ordered = sorted(self.sessions, key=key)
        return tuple(
            Day(None if day == date.max else day, tuple(group))
            for day, group in groupby(ordered, key=key)
        )


@dataclass(frozen=True, slots=True)
class Document:
    """One event or press release.

    `body` is the Markdown without the sessions of `programme`; `body_html` and `lead_html` are
    safe to show. `extra` holds the keys that are not understood, word for word; `content_hash` is
    the SHA-256 of the bytes; a `start` or `end` that is a date means that no time was stated.
    """

    name: str
    slug: str
    kind: Kind
    draft: bool
    title: str
    document_date: datetime | None
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    lead: str | None
    lead_markdown: str | None
    lead_html: str
    images: tuple[Image, ...]
    start: Moment | None
    end: Moment | None
    timezone: str
    multi_day: bool | None
    venue: str | None
    address: str | None
    postal_code: str | None
    city: str | None
    online: bool | None
    show_map: bool | None
    access: tuple[Access, ...]
    info_fields: tuple[InfoField, ...]
    registration: Registration
    audience: Audience
    capacity: int | None
    press_contacts: tuple[PressContact, ...]
    files: tuple[str, ...]
    videos: tuple[Video, ...]
    calls_to_action: tuple[Link, ...]
    programme: Programme
    body: str
    body_html: str
    source: str
    content_hash: str
    extra: Mapping[str, Plain]
    warnings: tuple[Problem, ...]
    stated: Mapping[str, Any] = field(default_factory=dict)  # columns the document states outright
    settings: Mapping[str, Plain] = field(default_factory=dict)  # `reglages`, word for word
    withheld: bool = False  # `published: false`
