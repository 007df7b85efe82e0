"""An event becomes a document again: its source, patched where an organiser changed something.

What the site's own keys cannot say goes to `reglages` (jekyll.stated). The document is read back
before it is given out, so that importing it finds the event unchanged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from eventreg.events import queries
from eventreg.events.columns import DEFAULTS, facts
from eventreg.events.errors import NotExportable
from eventreg.events.importing import here_now, source_of
from eventreg.events.jekyll import (
    SETTINGS,
    SETTINGS_KEY,
    Document,
    DocumentError,
    Item,
    Session,
    parse,
    writing,
    written,
)
from eventreg.events.jekyll.writing import Raw
from eventreg.events.models import Event, ProgrammeSession
from eventreg.events.written import lead_of

_NAMES: Mapping[str, str] = {setting.column: name for name, setting in SETTINGS.items()}
COLUMNS = tuple(_NAMES)  # what an organiser can change, and a document can say
_SITE_KEYS: Mapping[str, str] = {
    "title": "title",
    "starts_at": "event_start_date",
    "ends_at": "event_end_date",
    "venue": "lieu",
    "address": "adresse",
}
_LIST = "programme"
# Column: the site's key, none for what stands in the text itself.
_TEXTS: Mapping[str, str] = {
    "categories": "categories",
    "tags": "tags",
    "lead": "chapeau-text",
    "lead_html": "chapeau-text",
    "info_fields": "champs_informations",
    "body": "",
}


@dataclass(frozen=True)
class Exported:
    """A document and the file name under which importing it finds the same event."""

    name: str
    text: str


def export(event: Event) -> Exported:
    """The event as a document. Raises NotExportable when reading it back would say otherwise."""
    source = source_of(event)
    name = source.name if source else f"{event.slug}.md"
    text = source.source if source else _whole(event)
    sessions = _sessions(event)
    wanted = {key: here_now(event, key) for key in COLUMNS}
    read = _read(text, name, event)
    if source is not None:
        text = _in_texts(text, read, event)
        read = _read(text, name, event)
    for attempt in (_in_site_keys, _in_settings, _in_settings):  # a zone moves days: twice
        differing = _differing(read, wanted)
        if differing:
            text = attempt(text, read, {key: wanted[key] for key in differing})
            read = _read(text, name, event)
    state = _state(event, read)
    if state:
        text = writing.patched(text, state)
        read = _read(text, name, event)
    if (
        (read.programme.days and not sessions)
        or _told(_of(read)) != _told(sessions)
        or read.body != event.body
    ):
        text, read = _with_programme(text, name, event, sessions)
    if _differing(read, wanted) or _told(_of(read)) != _told(sessions) or _rewritten(event, read):
        raise NotExportable(slug=event.slug)
    return Exported(name, text)


def _read(text: str, name: str, event: Event) -> Document:
    try:
        return parse(text.encode(), name)
    except DocumentError as fault:
        raise NotExportable(slug=event.slug) from fault


def _differing(read: Document, wanted: Mapping[str, Any]) -> list[str]:
    have = {**DEFAULTS, **facts(read)}
    return [key for key, value in wanted.items() if have[key] != value]


def _rewritten(event: Event, read: Document) -> list[str]:
    """The texts and lists that an organiser changed since the document."""
    have = facts(read)
    return [key for key in _TEXTS if have[key] != getattr(event, key)]


def _in_texts(text: str, read: Document, event: Event) -> str:
    """The document with the texts and lists of the event, under the site's own keys."""
    changed = _rewritten(event, read)
    values = _texts_of(event)
    changes = {_TEXTS[key]: values[_TEXTS[key]] for key in changed if _TEXTS[key]}
    body = event.body if "body" in changed else None
    return writing.patched(text, changes, body=body) if changed else text


def _texts_of(event: Event) -> dict[str, Any]:
    """The site's keys for what an organiser writes; None where there is nothing to say."""
    return {
        "categories": event.categories or ([event.kind] if event.kind else None),
        "tags": event.tags or None,
        "chapeau-text": lead_of(event) or None,
        "champs_informations": [_field(field) for field in event.info_fields] or None,
    }


def _in_site_keys(text: str, read: Document, changed: Mapping[str, Any]) -> str:
    zone = ZoneInfo(read.timezone)
    changes: dict[str, Any] = {}
    for key, value in changed.items():
        if key in _SITE_KEYS and not (key == "title" and not value):
            changes[_SITE_KEYS[key]] = (
                Raw(written(key, value, zone)) if isinstance(value, datetime) else value or None
            )
    return writing.patched(text, changes) if changes else text


def _in_settings(text: str, read: Document, changed: Mapping[str, Any]) -> str:
    zone = ZoneInfo(changed.get("timezone", read.timezone))
    settings = dict(read.settings)
    for column, name in _NAMES.items():
        if column in changed:
            settings[name] = written(column, changed[column], zone)
    return writing.patched(text, {SETTINGS_KEY: _ordered(settings)})


def _ordered(settings: Mapping[str, Any]) -> dict[str, Any]:
    known = [name for name in (*SETTINGS, _LIST) if name in settings]
    return {key: settings[key] for key in [*known, *(k for k in settings if k not in known)]}


def _state(event: Event, read: Document) -> dict[str, Any]:
    """The change of `published` that the event's state asks for; empty when none is needed."""
    if event.state == "draft":
        return {} if read.draft else {"published": Raw("false")}
    return {"published": None} if read.withheld else {}


def _with_programme(
    text: str, name: str, event: Event, sessions: Sequence[Session]
) -> tuple[str, Document]:
    """The programme as communicators write it, else as a list under `reglages`."""
    zone = ZoneInfo(event.timezone)
    settings = {k: v for k, v in _read(text, name, event).settings.items() if k != _LIST}
    bare = writing.patched(text, {SETTINGS_KEY: _ordered(settings) or None}, body=event.body)
    if sessions and all(session.start for session in sessions):
        body = f"{event.body}\n\n{writing.programme(sessions, zone)}".strip("\n")
        shown = writing.patched(bare, {}, body=body)
        read = _read(shown, name, event)
        if _told(_of(read)) == _told(sessions) and read.body == event.body:
            return shown, read
    settings[_LIST] = writing.programme_list(sessions, zone)
    listed = writing.patched(bare, {SETTINGS_KEY: _ordered(settings)})
    return listed, _read(listed, name, event)


def _sessions(event: Event) -> list[Session]:
    return [_session(row) for row in queries.programme(event.id)]


def _session(row: ProgrammeSession) -> Session:
    return Session(
        day=row.day,
        start=row.starts_at,
        end=row.ends_at,
        track=row.track or None,
        title=row.title or None,
        organisations_text=row.organisations_text or None,
        description=row.description or None,
        speakers=tuple(row.speakers),
        items=tuple(
            Item(item["title"], tuple(item.get("speakers") or ()), item.get("guest"))
            for item in row.items
        ),
    )


def _of(read: Document) -> list[Session]:
    return [session for day in read.programme.days for session in day.sessions]


def _told(sessions: Sequence[Session]) -> list[Session]:
    """The sessions without what the database does not keep."""
    return [replace(session, slots=(), links=(), line=0) for session in sessions]


def _whole(event: Event) -> str:
    """A document for an event that came from none, or whose source was erased on its date."""
    zone = ZoneInfo(event.timezone)
    values: dict[str, Any] = {
        "title": event.title,
        "date": Raw(written("starts_at", event.document_at or event.created_at, zone)),
        "published": Raw("false") if event.state == "draft" else None,
        **_texts_of(event),
        "une-ou-diaporama": [_picture(image) for image in event.images] or None,
        "event_start_date": _stamp(event.starts_at, zone),
        "event_end_date": _stamp(event.ends_at, zone),
        "lieu": event.venue or None,
        "adresse": event.address or None,
        **event.front_matter_extra,
        SETTINGS_KEY: {"inscription": written("registration_mode", event.registration_mode, zone)},
    }
    kept = {key: value for key, value in values.items() if value is not None}
    return writing.whole(kept, event.body)


def _stamp(moment: datetime | None, zone: ZoneInfo) -> Raw | None:
    return Raw(written("starts_at", moment, zone)) if moment else None


def _picture(image: Mapping[str, Any]) -> dict[str, Any]:
    alt = image.get("alt")
    described = {} if alt is None else {"alternative-textuelle": alt or "Image décorative"}
    return {"image": image["src"], **described}


def _field(field: Mapping[str, Any]) -> dict[str, Any]:
    keys = {"intitule": "label", "contenu": "value", "lien": "link"}
    return {key: field[name] for key, name in keys.items() if field.get(name) is not None}
