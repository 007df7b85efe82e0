"""Headings that name a day: `Jeudi 15 juin : la donnée`, `Jour 2 - vendredi 16 juin`, `Mercredi 22`."""

import re
from datetime import date, timedelta

from eventreg.events.jekyll import dates
from eventreg.events.jekyll.words import fold

_DAY = re.compile(
    rf"(?:(?:jour(?:nee)?|j) ?\d ?[:.(-]? ?)?(?:le )?{dates.DAY}\)?(?:,? {dates.HOURS})?[\s:]*"
    r"(?:[-:|,(] ?(?P<theme>.{2,100}))?"
)
_SHORT = re.compile(rf"({'|'.join(dates.WEEKDAYS)}) (\d{{1,2}})(?:er)?[\s:]*")
_PART_OF_DAY = re.compile(
    r"[\s(]*(?:le |l')?(?:matin(?:ee)?|apres-midi|soir(?:ee)?|journee|jour \d)[\s):]*"
)
_LONGEST = 60  # days; no heading of a longer event would name a day by its number alone


def read(text: str, first: date | None, last: date | None) -> tuple[date, str | None] | None:
    """The day that a heading names, and its theme; None when it names none or says more."""
    folded = fold(text)
    if match := _SHORT.fullmatch(folded):
        found = _within(match[1], match[2], first, last)
        return (found, None) if found else None
    match = _DAY.fullmatch(folded)
    named = dates.read_day(match, first) if match else None
    if match is None or named is None:
        return None
    theme = text[match.start("theme") :].strip() if match["theme"] else ""
    return named.day, None if not theme or is_part_of_day(theme) else theme


def is_part_of_day(text: str) -> bool:
    """Whether words only say morning, afternoon or evening."""
    return _PART_OF_DAY.fullmatch(fold(text)) is not None


def _within(weekday: str, number: str, first: date | None, last: date | None) -> date | None:
    if first is None or last is None:
        return None
    days = (first + timedelta(days=n) for n in range(min((last - first).days, _LONGEST) + 1))
    return next(
        (day for day in days if (dates.WEEKDAYS[day.weekday()], day.day) == (weekday, int(number))),
        None,
    )
