"""Calendar files (RFC 5545 and 5546), written by the icalendar library."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vDate, vText

from eventreg.shared.letters import Attachment, clean, several

PRODUCT = "-//eventreg//evenements//FR"
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
REQUEST, PUBLISH, CANCEL = "REQUEST", "PUBLISH", "CANCEL"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One event of a calendar. `uid` stays for ever, `sequence` grows with each change.

    Instants are written in UTC, days (`day_only`) as whole days of `timezone`; without a start
    there is nothing to write. `attendee` and `organiser` are addresses.
    """

    uid: str
    title: str
    starts_at: datetime
    stamp: datetime
    ends_at: datetime | None = None
    day_only: bool = False
    timezone: str = "Europe/Paris"
    sequence: int = 0
    place: str = ""
    description: str = ""
    url: str = ""
    organiser: str = ""
    organiser_name: str = ""
    attendee: str = ""
    cancelled: bool = False


def sequence(*changes: datetime | None) -> int:
    """The SEQUENCE of an entry: seconds from 2020 to its last change, so that it only grows.

    The same rows give the same number to every reader, and a person who comes back after
    cancelling gets a greater one than the cancellation had (RFC 5546, 2.1.4).
    """
    last = max(change for change in changes if change is not None)
    return max(int((last - _EPOCH).total_seconds()), 0)


def write(entries: Iterable[Entry], *, method: str = PUBLISH, name: str = "") -> bytes:
    """The bytes of a calendar file with these entries."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if name:
        calendar.add("x-wr-calname", clean(name))
    for entry in entries:
        calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def attachment(entry: Entry, *, method: str, filename: str) -> Attachment:
    """The file that goes with a letter: the same METHOD in its type and in its body."""
    return Attachment(
        filename=filename,
        content_type="text/calendar",
        content=write([entry], method=method),
        parameters={"method": method, "charset": "utf-8"},
    )


def days(entry: Entry) -> tuple[date, date]:
    """First day, and the day after the last (RFC 5545: DTEND is exclusive)."""
    zone = ZoneInfo(entry.timezone)
    first = entry.starts_at.astimezone(zone).date()
    last = entry.ends_at.astimezone(zone).date() if entry.ends_at else first
    return first, max(first, last) + timedelta(days=1)


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.stamp.astimezone(UTC).replace(microsecond=0))
    event.add("sequence", entry.sequence)
    if entry.day_only:
        first, after = days(entry)
        event["dtstart"], event["dtend"] = vDate(first), vDate(after)
        event["dtstart"].params["VALUE"] = event["dtend"].params["VALUE"] = "DATE"
    else:
        event.add("dtstart", entry.starts_at.astimezone(UTC))
        if entry.ends_at and entry.ends_at > entry.starts_at:
            event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("summary", clean(entry.title))
    if entry.place:
        event.add("location", clean(entry.place))
    if entry.description:
        event.add("description", str(several(entry.description)))
    if entry.url:
        event.add("url", entry.url)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    _people(event, entry)
    return event


def _people(event: Event, entry: Entry) -> None:
    if entry.organiser:
        organiser = vCalAddress(f"mailto:{entry.organiser}")
        if entry.organiser_name:
            organiser.params["CN"] = vText(clean(entry.organiser_name).replace('"', ""))
        event["organizer"] = organiser
    if entry.attendee:
        attendee = vCalAddress(f"mailto:{entry.attendee}")
        attendee.params["PARTSTAT"] = vText("ACCEPTED")
        attendee.params["RSVP"] = vText("FALSE")
        event.add("attendee", attendee, encode=False)
