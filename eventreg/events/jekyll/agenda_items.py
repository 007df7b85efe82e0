"""A programme written as a list in the front matter: every fact of a session under its own key."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from eventreg.events.jekyll.document import Item, Programme, Session
from eventreg.events.jekyll.front_matter import Items, Node, Table, as_plain
from eventreg.events.jekyll.problems import N_, Findings

MAX_SESSIONS = 1_000


def read(node: Items, zone: ZoneInfo, findings: Findings) -> Programme:
    """The sessions of the list; an error for each entry that cannot be used."""
    if len(node.values) > MAX_SESSIONS:
        findings.error(
            node.line,
            "too-many-sessions",
            N_("The programme has more than %(limit)s sessions."),
            limit=MAX_SESSIONS,
        )
        return Programme()
    found = []
    for entry in node.values:
        try:
            found.append(_session(entry, zone))
        except (ValueError, TypeError, AttributeError):
            findings.error(
                entry.line,
                "session-unusable",
                N_("This session of the programme cannot be read."),
            )
    return Programme(tuple(found))


def _session(entry: Node, zone: ZoneInfo) -> Session:
    if not isinstance(entry, Table):
        raise ValueError("not a table")
    given: Mapping[str, Any] = {key.value: as_plain(value) for key, value in entry.entries}
    return Session(
        day=date.fromisoformat(given["jour"]) if given.get("jour") else None,
        start=_instant(given.get("debut"), zone),
        end=_instant(given.get("fin"), zone),
        track=_text(given.get("piste")),
        title=_text(given.get("titre")),
        organisations_text=_text(given.get("organisations")),
        description=_text(given.get("texte")),
        speakers=_texts(given.get("intervenants")),
        items=tuple(_items(given.get("points"))),
        line=entry.line,
    )


def _items(given: Any) -> Iterator[Item]:
    for point in given or []:
        title = _text(point.get("titre")) or ""
        yield Item(title, _texts(point.get("intervenants")), _text(point.get("invite")))


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("not a text")
    return value or None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for part in value or [] if (text := _text(part)))


def _instant(value: str | None, zone: ZoneInfo) -> datetime | None:
    if not value:
        return None
    moment = datetime.fromisoformat(value.replace(" +", "+").replace(" -", "-"))
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
