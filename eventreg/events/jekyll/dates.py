"""Days, hours and ranges as French pages write them.

Everything works on folded text (`words.fold`), so that positions stay those of the text.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from eventreg.events.jekyll.words import fold

PLAUSIBLE_YEARS = range(2000, 2101)
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)
DAY = (
    rf"(?:(?P<weekday>{'|'.join(WEEKDAYS)}),? (?:le )?)?"
    rf"(?:(?P<day>\d{{1,2}})(?:er)? (?P<month>{'|'.join(MONTHS)})\b(?: (?P<year>\d{{4}})\b)?"
    r"|(?P<nday>\d{1,2})/(?P<nmonth>\d{1,2})(?:/(?P<nyear>\d{4}|\d{2}))?(?![\d/]))"
)
HOUR = (
    r"(?P<{0}h>\d{{1,2}}) ?(?:h(?: ?(?P<{0}m>\d{{2}}))?|:(?P<{0}c>\d{{2}})(?: ?(?P<{0}p>[ap])\.?m\b\.?)?"
    r"|(?P<{0}q>[ap])\.?m\b\.?)(?!\w|:\d)"
)
HOURS = (
    rf"(?:de |a |des |entre )?{HOUR.format('s')}"
    rf"(?: ?(?:-|a|et|/|->) ?{HOUR.format('e')})?"
)
_DAY = re.compile(rf"(?<![\w/]){DAY}")
_HOURS = re.compile(rf"(?<![\w:/]){HOURS}")
_RANGE_START = re.compile(
    r"(?<!\w)(?P<first>\d{1,2})(?:er)?(?: (?P<month>" + "|".join(MONTHS) + r"))?"
    r" ?(?:-|au|et|&) ?$"
)
_WRITTEN = re.compile(rf"(?:le )?{DAY}(?:[ ,-]*(?:a )?{HOUR.format('s')})?")
_TIMESTAMP = re.compile(
    r"(?P<day>\d{4}-\d{1,2}-\d{1,2})"
    r"(?:[T ]+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<zone>Z|[+-]\d{1,2}:?\d{2})?)?"
)


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day in a text, at [start, end); `fits` is False when a weekday contradicts it."""

    day: date
    start: int
    end: int
    has_year: bool
    fits: bool


@dataclass(frozen=True, slots=True)
class FoundHours:
    """An hour or a range of hours in a text, local to the event."""

    start: time
    end: time | None
    at: int
    until: int


def timestamp(value: str, zone: ZoneInfo) -> datetime | None:
    """The instant of a front-matter value, in `zone`; local to it when no offset is written.

    None when it is no timestamp. Raises OverflowError or ValueError for an impossible one.
    """
    match = _TIMESTAMP.fullmatch(value.strip())
    if match is None:
        return None
    year, month, day = (int(part) for part in match.group("day").split("-"))
    clock = time(int(match["h"] or 0), int(match["m"] or 0), int(match["s"] or 0))
    moment = datetime.combine(date(year, month, day), clock)
    offset = _offset(match.group("zone"))
    if offset is None:
        return moment.replace(tzinfo=zone)
    return moment.replace(tzinfo=offset).astimezone(zone)


def written_out(value: str, zone: ZoneInfo) -> datetime | None:
    """The instant of a value such as `26/02/2024` or `mardi 14 mars 2023 à 18h30`."""
    match = _WRITTEN.fullmatch(fold(value).strip(" ."))
    found = read_day(match, None) if match else None
    if match is None or found is None:
        return None
    clock = read_time(match) if match["sh"] else time(0)
    return datetime.combine(found.day, clock, tzinfo=zone) if clock is not None else None


def _offset(written: str | None) -> timezone | None:
    if written is None:
        return None
    if written == "Z":
        return UTC
    digits = written[1:].replace(":", "").zfill(4)
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if written[0] == "-" else minutes))


def nearest_year(day: int, month: int, around: date) -> date | None:
    """The day nearest to `around`, whatever its year; None when there is no such day."""
    candidates = []
    for year in (around.year - 1, around.year, around.year + 1):
        try:
            candidates.append(date(year, month, day))
        except ValueError:
            continue
    return min(candidates, key=lambda found: abs((found - around).days), default=None)


def read_day(match: re.Match[str], around: date | None) -> FoundDay | None:
    """The day a match of DAY names; without a year the one nearest to `around`."""
    if match["day"]:
        day, month, year = int(match["day"]), MONTHS.index(match["month"]) + 1, match["year"]
    else:
        day, month, year = int(match["nday"]), int(match["nmonth"]), match["nyear"]
    if year and len(year) == 2:
        year = f"20{year}"
    try:
        found = date(int(year), month, day) if year else None
    except ValueError:
        return None
    if found is None and around is not None and 1 <= month <= 12:
        found = nearest_year(day, month, around)
    if found is None or found.year not in PLAUSIBLE_YEARS:
        return None
    weekday = match["weekday"]
    fits = weekday is None or WEEKDAYS.index(weekday) == found.weekday()
    return FoundDay(found, match.start(), match.end(), bool(year), fits)


def days(text: str, around: date | None) -> list[FoundDay]:
    """The days a text names, in order."""
    found = (read_day(match, around) for match in _DAY.finditer(fold(text)))
    return [day for day in found if day is not None]


def _time(match: re.Match[str], prefix: str) -> time | None:
    written = match[f"{prefix}h"]
    if written is None:
        return None
    hour, minute = int(written), int(match[f"{prefix}m"] or match[f"{prefix}c"] or 0)
    if half := match[f"{prefix}p"] or match[f"{prefix}q"]:
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def read_time(match: re.Match[str]) -> time | None:
    """The time of day in a match of HOUR with the prefix `s`."""
    return _time(match, "s")


def read_hours(match: re.Match[str]) -> FoundHours | None:
    """The hour or range a match of HOURS names; None when it is no time of day."""
    start = _time(match, "s")
    if start is None:
        return None
    return FoundHours(start, _time(match, "e"), match.start(), match.end())


def hours(text: str) -> list[FoundHours]:
    """The hours and ranges a text names, in order."""
    found = (read_hours(match) for match in _HOURS.finditer(fold(text)))
    return [item for item in found if item is not None]


def range_days(text: str, found: FoundDay) -> tuple[date, date]:
    """First and last day around a found one: `du 22 au 25 mai 2024` names both."""
    before = _RANGE_START.search(fold(text[max(0, found.start - 40) : found.start]))
    if before is None:
        return found.day, found.day
    month = MONTHS.index(before["month"]) + 1 if before["month"] else found.day.month
    year = found.day.year - (month > found.day.month)
    try:
        return date(year, month, int(before["first"])), found.day
    except ValueError:
        return found.day, found.day
