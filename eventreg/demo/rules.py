"""Dates of the sample documents, computed for the day on which they are loaded. Pure."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Paris")
MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
DAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLACEHOLDER = re.compile(
    r"\{\{ (?P<form>stamp|day|weekday) (?P<days>[+-]\d+)(?P<name>[a-z]{3})?(?P<more>\+\d+)?"
    r"(?: (?P<hour>\d\d:\d\d))? \}\}"
)


def fill_dates(text: str, now: datetime) -> str:
    """The document as on the day of `now` in Paris.

    `{{ day +21 }}` is written « 14 janvier 2027 », `{{ weekday +21 }}` « jeudi 14 janvier 2027 »,
    `{{ stamp +21 09:00 }}` as in a front matter. `+21tue` is the first Tuesday from day 21 on,
    `+21tue+1` the day after it. Raises ValueError for a placeholder of another form.
    """
    today = now.astimezone(ZONE).date()
    filled = PLACEHOLDER.sub(lambda match: _written(match, today), text)
    if "{{" in filled:
        raise ValueError(f"not a date: {filled[filled.index('{{') :][:40]}")
    return filled


def _written(match: re.Match[str], today: date) -> str:
    day = today + timedelta(days=int(match["days"]))
    if match["name"]:
        day += timedelta(days=(WEEKDAYS.index(match["name"]) - day.weekday()) % 7)
    day += timedelta(days=int(match["more"] or 0))
    if match["form"] == "stamp":
        moment = datetime.combine(day, time.fromisoformat(match["hour"]), ZONE)
        offset = moment.strftime("%z")
        return f"{moment:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"
    number = "1er" if day.day == 1 else str(day.day)
    written = f"{number} {MONTHS[day.month - 1]} {day.year}"
    return f"{DAYS[day.weekday()]} {written}" if match["form"] == "weekday" else written
