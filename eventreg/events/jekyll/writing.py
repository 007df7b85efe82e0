"""Documents written: front matter patched line by line, or whole in the order editors know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from eventreg.events.jekyll import dates, front_matter, source
from eventreg.events.jekyll.document import Item, Session
from eventreg.events.jekyll.problems import Findings
from eventreg.events.jekyll.stated import KEY, stamp

ORDER = (
    "title",
    "date",
    "published",
    "categories",
    "tags",
    "chapeau-text",
    "une-ou-diaporama",
    "event_start_date",
    "event_end_date",
    "timezone",
    "lieu",
    "adresse",
    "afficher_la_carte",
    "acces",
    "champs_informations",
)


@dataclass(frozen=True, slots=True)
class Raw:
    """A scalar written as it is: a timestamp or a boolean, which YAML would put in quotes."""

    text: str


class _Plain(yaml.SafeDumper):
    """Numbers, words and instants of `reglages` without quotes: all of it is read as text."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith(":null")]
        for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }


def _several(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """A text of several lines as editors write it."""
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )


_Plain.add_representer(str, _several)


def entry(key: str, value: Any) -> list[str]:
    """The lines of one top-level key."""
    if isinstance(value, Raw):
        return [f"{key}: {value.text}"]
    dumper = _Plain if key == KEY else yaml.SafeDumper
    text: str = yaml.dump(
        {key: value}, Dumper=dumper, allow_unicode=True, sort_keys=False, width=1_000_000
    )
    return text.rstrip("\n").split("\n")


def whole(values: Mapping[str, Any], body: str) -> str:
    """A new document: known keys in the editors' order, then the others as given."""
    keys = [key for key in ORDER if key in values]
    keys += [key for key in values if key not in ORDER]
    lines = [line for key in keys for line in entry(key, values[key])]
    text = body.strip("\n")
    return "\n".join(["---", *lines, "---", *(["", text] if text else []), ""])


def patched(text: str, changes: Mapping[str, Any], body: str | None = None) -> str:
    """The document with some top-level keys set (None: gone); the other lines stay as they are.

    `text` is a document that was read before. A new key goes to the end of the front matter.
    """
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text else "\n"
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    parts = source.read(plain.encode(), Findings())
    table = front_matter.load(parts.front_matter, Findings()) if parts else None
    if parts is None or table is None:
        raise ValueError("not a document that can be read")
    lines = plain.split("\n")
    head = lines[1 : parts.body_line - 2]
    spans = _spans(table, head)
    if spans is None:  # several keys on one line, or other forms no editor writes
        kept = {name.value: front_matter.as_plain(node) for name, node in table.entries}
        merged = {k: v for k, v in {**kept, **changes}.items() if v is not None or k not in changes}
        return mark + whole(merged, parts.body if body is None else body).replace("\n", newline)
    for key, value in changes.items():
        first, last = spans.get(key, (len(head), len(head)))
        written = [] if value is None else entry(key, value)
        head[first:last] = written
        shift = len(written) - (last - first)
        spans = {k: (a + shift, b + shift) if a >= last else (a, b) for k, (a, b) in spans.items()}
        spans[key] = (first, first + len(written))
    rest = lines[parts.body_line - 2 :] if body is None else ["---", "", *body.split("\n"), ""]
    return mark + newline.join([lines[0], *head, *rest])


def _spans(table: front_matter.Table, head: Sequence[str]) -> dict[str, tuple[int, int]] | None:
    """Lines of each top-level key, [first, last) in the front matter; comments below stay out."""
    starts = [name.line - 2 for name, _ in table.entries]
    spans = {}
    for (name, _), first, following in zip(
        table.entries, starts, [*starts[1:], len(head)], strict=True
    ):
        if first >= following or head[first][:1] in {"", " ", "{", "?", "\t"}:
            return None
        last = following
        while last > first + 1 and (not head[last - 1].strip() or head[last - 1][0] == "#"):
            last -= 1
        spans[name.value] = (first, last)
    return spans


def programme(sessions: Sequence[Session], zone: ZoneInfo) -> str:
    """The sessions in the notation that communicators use most; it may say less than the facts."""
    days = [(day, list(group)) for day, group in groupby(sessions, key=lambda session: session.day)]
    lines = ["### Programme", ""]
    for day, group in days:
        if day is not None and len(days) > 1:
            lines += [f"#### {_day(day)}", ""]
        lines += [_line(session, zone) for session in group]
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def _day(day: date) -> str:
    number = "1er" if day.day == 1 else str(day.day)
    weekday = dates.WEEKDAYS[day.weekday()].capitalize()
    return f"{weekday} {number} {dates.MONTHS[day.month - 1]} {day.year}"


def _line(session: Session, zone: ZoneInfo) -> str:
    hours = " - ".join(_hour(at, zone) for at in (session.start, session.end) if at)
    if session.track or session.organisations_text:
        track = f"{session.track} - " if session.track else ""
        organisations = f" - {session.organisations_text}" if session.organisations_text else ""
        return f"* [**{hours}**] {track}**{session.title or ''}**{organisations}"
    line = f"* **{hours} : {session.title or ''}**"
    more = [session.description] if session.description else []
    return "\n".join([line, *(f"  <br>{text}" for text in more)])


def _hour(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.hour}h{local.minute:02}"


def programme_list(sessions: Sequence[Session], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The sessions with every fact, for `reglages`; empty values are left out."""
    return [
        _full(
            {
                "jour": session.day.isoformat() if session.day else None,
                "debut": stamp(session.start, zone) if session.start else None,
                "fin": stamp(session.end, zone) if session.end else None,
                "piste": session.track,
                "titre": session.title,
                "organisations": session.organisations_text,
                "texte": session.description,
                "intervenants": list(session.speakers),
                "points": [_point(item) for item in session.items],
            }
        )
        for session in sessions
    ]


def _point(item: Item) -> dict[str, Any]:
    point = {"titre": item.title, "intervenants": list(item.speakers), "invite": item.guest}
    return _full(point)


def _full(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value}
