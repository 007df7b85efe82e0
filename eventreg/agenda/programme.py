"""The programme as a page shows it: days, sessions, tracks to choose from. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from eventreg.shared.text import fold

TRACK = "piste"  # of the address: the one track to show
TRACK_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
KEY_LIMIT = 100
QUERY_LIMIT = 1_000


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


def by_day(sessions: Iterable[SessionRow], zone: str) -> list[Day]:
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


def asked_track(query: str) -> str:
    """The key of the track that an address asks for, or nothing."""
    try:
        given = dict(parse_qsl(query[:QUERY_LIMIT], max_num_fields=20))
    except ValueError:
        return ""
    key = given.get(TRACK, "")[:KEY_LIMIT]
    return key if TRACK_KEY.fullmatch(key) else ""


def query(key: str) -> str:
    """The address of a track's programme, after the question mark."""
    return urlencode({TRACK: key}) if key else ""


@dataclass(frozen=True)
class Track:
    """One of several threads of a programme. `key` names it in addresses."""

    name: str
    key: str
    sessions: int


def track_key(name: str) -> str:
    """« Salle A – Données » as `salle-a-donnees`."""
    return "-".join(re.findall(r"[a-z0-9]+", fold(name)))[:KEY_LIMIT].strip("-")


def tracks(days: Iterable[Day]) -> list[Track]:
    """The tracks of a programme in order of appearance; none when there is but one."""
    counts: dict[str, int] = {}
    for day in days:
        for line in day.sessions:
            if track_key(line.track):
                counts[line.track] = counts.get(line.track, 0) + 1
    found = [Track(name, track_key(name), count) for name, count in counts.items()]
    return found if len(found) > 1 else []


def of_track(days: Iterable[Day], key: str) -> list[Day]:
    """The programme of one track, with what concerns everybody (sessions of no track)."""
    kept = []
    for day in days:
        lines = [line for line in day.sessions if track_key(line.track) in (key, "")]
        if lines:
            kept.append(replace(day, sessions=lines))
    return kept
