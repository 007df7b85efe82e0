"""A session while it is read."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from eventreg.events.jekyll.document import Item, Link, Session
from eventreg.events.jekyll.words import squeeze


@dataclass(slots=True)
class Draft:
    """A session being read; `room` only serves to tell parallel sessions apart."""

    line: int
    day: date | None = None
    start: time | None = None
    end: time | None = None
    track: str | None = None
    room: str | None = None
    title: str | None = None
    organisations: str | None = None
    description: list[str] = field(default_factory=list)
    speakers: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    slots: list[tuple[time, time | None]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    expects_people: bool = False
    list_number: int = 0
    source: list[str] = field(default_factory=list)

    def words(self) -> str:
        """All the text that was kept."""
        points = [
            f"{item.title} {' '.join(item.speakers)} {item.guest or ''}" for item in self.items
        ]
        named = [self.track, self.room, self.title, self.organisations]
        return " ".join(
            [*(text or "" for text in named), *self.description, *self.speakers, *points]
        )

    def finish(self, zone: ZoneInfo) -> Session:
        """The session; an end before its start is on the next day."""
        start = _at(self.day, self.start, zone)
        end = _at(self.day, self.end, zone)
        if start and end and end < start:
            end += timedelta(days=1)
        description = list(self.description)
        if self.day is None and self.start:
            hours = [self.start, *([self.end] if self.end else [])]
            description.insert(0, " - ".join(f"{hour:%H:%M}" for hour in hours))
        return Session(
            day=self.day,
            start=start,
            end=end,
            track=self.track,
            title=self.title,
            organisations_text=self.organisations,
            description=squeeze(" ".join(description)) or None,
            speakers=tuple(self.speakers),
            items=tuple(self.items),
            slots=tuple(self.slots) if len(self.slots) > 1 else (),
            links=tuple(dict.fromkeys(self.links)),
            line=self.line,
        )


def _at(day: date | None, clock: time | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, clock, tzinfo=zone) if day and clock else None
