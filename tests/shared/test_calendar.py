"""R25: calendars follow the registration, and nothing typed becomes a line of theirs."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from eventreg.shared import calendar
from eventreg.shared.calendar import CANCEL, PUBLISH, REQUEST, Entry

ENTRY = Entry(
    uid="abc@example.gouv.fr",
    title="Journée",
    starts_at=datetime(2027, 3, 28, 8, tzinfo=UTC),
    ends_at=datetime(2027, 3, 28, 16, 30, tzinfo=UTC),
    stamp=datetime(2027, 1, 4, 9, 0, 0, 123, tzinfo=UTC),
    sequence=7,
    place="20 avenue de Ségur, Paris",
    organiser="ne-pas-repondre@example.gouv.fr",
    organiser_name='Direction; du "numérique", etc.',
    attendee="camille@example.org",
)
KNOWN = {
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "CALSCALE",
    "METHOD",
    "SUMMARY",
    "DTSTART",
    "DTEND",
    "DTSTAMP",
    "UID",
    "SEQUENCE",
    "LOCATION",
    "DESCRIPTION",
    "ORGANIZER",
    "ATTENDEE",
    "STATUS",
    "URL",
    "X-WR-CALNAME",
}


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def names(content: bytes) -> set[str]:
    """Property names, after unfolding."""
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    return {line.split(":", 1)[0].split(";", 1)[0] for line in lines if line}


def test_an_entry_is_read_back_as_it_was_written() -> None:
    content = calendar.write([ENTRY], method=REQUEST)
    (event,) = events(content)
    assert str(event["uid"]) == ENTRY.uid
    assert event["sequence"] == 7
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (ENTRY.starts_at, ENTRY.ends_at)
    assert event.decoded("dtstamp") == ENTRY.stamp.replace(microsecond=0)
    assert str(event["summary"]) == "Journée"
    assert str(event["location"]) == "20 avenue de Ségur, Paris"
    assert str(event["status"]) == "CONFIRMED"
    assert str(event["organizer"]) == "mailto:ne-pas-repondre@example.gouv.fr"
    assert str(event["attendee"]) == "mailto:camille@example.org"
    assert b"DTSTART:20270328T080000Z\r\n" in content, "UTC: no zone abbreviation can move it"


def test_a_cancellation_has_the_same_uid_and_says_so_everywhere() -> None:
    file = calendar.attachment(
        replace(ENTRY, cancelled=True, sequence=8), method=CANCEL, filename="annulation.ics"
    )
    assert file.content_type == "text/calendar"
    assert file.parameters["method"] == str(Calendar.from_ical(file.content)["method"]) == CANCEL
    (event,) = events(file.content)
    assert (str(event["uid"]), str(event["status"]), event["sequence"]) == (
        ENTRY.uid,
        "CANCELLED",
        8,
    )


@pytest.mark.parametrize("method", [PUBLISH, REQUEST, CANCEL])
def test_the_method_is_the_same_in_the_type_and_in_the_body(method: str) -> None:
    file = calendar.attachment(ENTRY, method=method, filename="a.ics")
    assert file.parameters["method"] == str(Calendar.from_ical(file.content)["method"]) == method


def test_a_day_without_hours_is_a_whole_day_in_its_own_zone() -> None:
    reunion = replace(
        ENTRY,
        day_only=True,
        timezone="Indian/Reunion",
        starts_at=datetime(2027, 1, 13, 20, 30, tzinfo=UTC),  # the 14th, half past midnight there
        ends_at=datetime(2027, 1, 15, 19, 0, tzinfo=UTC),  # the 15th, 23:00 there
    )
    content = calendar.write([reunion])
    (event,) = events(content)
    assert event.decoded("dtstart") == date(2027, 1, 14)
    assert event.decoded("dtend") == date(2027, 1, 16), "the end is the day after the last"
    assert b"DTSTART;VALUE=DATE:20270114\r\n" in content


def test_an_end_that_is_not_after_the_start_is_left_out() -> None:
    for ends_at in (None, ENTRY.starts_at, ENTRY.starts_at - timedelta(hours=1)):
        (event,) = events(calendar.write([replace(ENTRY, ends_at=ends_at)]))
        assert "dtend" not in event
    (day,) = events(
        calendar.write([replace(ENTRY, day_only=True, ends_at=ENTRY.starts_at - timedelta(days=3))])
    )
    assert day.decoded("dtend") - day.decoded("dtstart") == timedelta(days=1)


def test_the_sequence_grows_with_the_last_change_and_is_the_same_for_every_reader() -> None:
    first = datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert calendar.sequence(first, None) == calendar.sequence(None, first)
    assert calendar.sequence(first, first + timedelta(seconds=1)) == calendar.sequence(first) + 1
    assert 0 < calendar.sequence(datetime(2060, 1, 1, tzinfo=UTC)) < 2**31


HOSTILE = [
    "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil",
    "x\nATTENDEE:mailto:victime@example.org",
    "x\rURL:https://evil.example",
    "x\u2028ATTENDEE:mailto:v@example.org",
    "x\\nATTENDEE:mailto:v@example.org",
    'x";X-EVIL="1":mailto:v@example.org',
    "\x00\x0b\x85",
    "é" * 3_000,
]


def hostile(typed: str) -> Entry:
    return replace(ENTRY, title=typed, place=typed, description=typed, organiser_name=typed)


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_adds_no_line(typed: str) -> None:
    content = calendar.write([hostile(typed)], method=REQUEST, name=typed)
    assert names(content) <= KNOWN
    (event,) = events(content)
    assert str(event["uid"]) == ENTRY.uid
    assert str(event["attendee"]) == "mailto:camille@example.org"


@settings(max_examples=200, deadline=None)
@given(typed=st.text(max_size=400))
def test_any_text_makes_a_calendar_that_is_folded_and_read_back(typed: str) -> None:
    content = calendar.write([hostile(typed)], method=REQUEST)
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert names(content) <= KNOWN
    assert len(events(content)) == 1


def test_many_entries_make_one_calendar() -> None:
    entries: Iterable[Entry] = (replace(ENTRY, uid=f"{n}@x") for n in range(3))
    content = calendar.write(entries, name="Événements")
    assert [str(event["uid"]) for event in events(content)] == ["0@x", "1@x", "2@x"]
    assert str(Calendar.from_ical(content)["x-wr-calname"]) == "Événements"
