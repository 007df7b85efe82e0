"""Start and end of an event, and the doubts about them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from eventreg.events.jekyll import dates
from eventreg.events.jekyll.dates import FoundHours
from eventreg.events.jekyll.document import InfoField, Moment
from eventreg.events.jekyll.page import Page, Sentence
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.values import Values
from eventreg.events.jekyll.words import fold

_MIDNIGHT = time(0, 0)
_HOURS_LABEL = re.compile(r"horaires?\b|dates?\b|debut\b|heures?\b|hours?\b|time\b")
_DATE_LABEL = re.compile(r"dates?\b|quand\b|jour\b|horaires?\b")
TAKES_PLACE = re.compile(
    r"aura lieu|auront lieu|se deroulera|se tiendra|rendez-vous|donnons rendez|organise|a lieu"
    r"|vous (?:attend|accueill|convi)"
)
_NOT_ITS_DAY = re.compile(r"jusqu'|avant le|au plus tard|candidat|appels? a projets?")
FIELD_SAYS = N_(
    "The start %(first)s of the front matter is kept; the practical information says %(second)s, "
    "which is what readers see."
)
TEXT_SAYS = N_("The start %(first)s of the front matter is kept; the text says %(second)s.")
_ODD_MINUTE = N_(
    "The start %(first)s is an unusual hour. It is kept; the minutes may come from a range of hours."
)
_START_KEYS = ("event_start_date", "event_date", "dateEvent")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the event is; `guessed` when the day was read from the text."""

    start: Moment | None = None
    end: Moment | None = None
    guessed: bool = False

    @property
    def first_day(self) -> date | None:
        return day_of(self.start)

    @property
    def last_day(self) -> date | None:
        return day_of(self.end) or self.first_day

    @property
    def multi_day(self) -> bool | None:
        return None if self.start is None else self.first_day != self.last_day


def day_of(moment: Moment | None) -> date | None:
    """The day of an instant in its own zone, or the day itself."""
    return moment.date() if isinstance(moment, datetime) else moment


def read(values: Values, page: Page, zone: ZoneInfo, findings: Findings) -> Schedule:
    """The schedule of an event: content-format.md, section 11, points 6 to 9."""
    return _Reader(values, page, zone, findings).read()


class _Reader:
    def __init__(self, values: Values, page: Page, zone: ZoneInfo, findings: Findings) -> None:
        self.values = values
        self.page = page
        self.zone = zone
        self.findings = findings
        self.document_date = values.moment("date", zone)

    def read(self) -> Schedule:
        key, start = self._start()
        if start is None:
            return self._from_text()
        stated = self._field_hours()
        line = self.values.line(key)
        begins: Moment = start
        if start.time() == _MIDNIGHT:
            stated = stated or self._sentence_hours(start.date())
            begins = self._at(start.date(), stated.start) if stated else start.date()
        elif stated and stated.start != start.time():
            self.findings.warn(
                line,
                "hours-disagree",
                FIELD_SAYS,
                first=start.strftime("%H:%M"),
                second=stated.start.strftime("%H:%M"),
            )
        elif start.minute % 5:
            hour = start.strftime("%H:%M")
            self.findings.warn(line, "hour-unusual", _ODD_MINUTE, first=hour)
        schedule = Schedule(begins, self._end(start, begins, stated))
        self._check(schedule)
        return schedule

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone)

    def _start(self) -> tuple[str, datetime | None]:
        found = [(key, self.values.moment(key, self.zone)) for key in _START_KEYS]
        usable = [(key, moment) for key, moment in found if moment is not None]
        if len({moment.date() for _, moment in usable}) > 1:
            self.findings.warn(
                self.values.line(usable[1][0]),
                "dates-disagree",
                N_("“%(first)s” and “%(second)s” name different days: “%(first)s” is kept."),
                first=usable[0][0],
                second=usable[1][0],
            )
        return usable[0] if usable else ("event_start_date", None)

    def _end(self, start: datetime, begins: Moment, stated: FoundHours | None) -> Moment | None:
        end = self.values.moment("event_end_date", self.zone)
        if end is None:
            return self._end_from_hours(begins, stated)
        same_day = end.date() == start.date()
        if end < start or (same_day and end.time() == _MIDNIGHT != start.time()):
            self.findings.warn(
                self.values.line("event_end_date"),
                "end-before-start",
                N_("The end (%(end)s) is before the start and was ignored."),
                end=end.strftime("%d/%m/%Y %H:%M"),
            )
            return self._end_from_hours(begins, stated)
        if end.time() != _MIDNIGHT:
            return end
        if same_day and isinstance(begins, datetime):
            return self._end_from_hours(begins, stated)
        return end.date()

    def _end_from_hours(self, begins: Moment, stated: FoundHours | None) -> datetime | None:
        if stated is None or stated.end is None or not isinstance(begins, datetime):
            return None
        end = self._at(begins.date(), stated.end)
        return end if end > begins else None

    def _field_hours(self) -> FoundHours | None:
        for field in self.page.fields:
            if _HOURS_LABEL.match(fold(field.label or "")) and (hours := _hours(field)):
                return hours
        return None

    def _sentence_hours(self, day: date) -> FoundHours | None:
        """Hours in a sentence of the lead or the text that names the event's own day."""
        for sentence in self._prose():
            hours = dates.hours(sentence.text)
            if len(hours) == 1 and [found.day for found in dates.days(sentence.text, day)] == [day]:
                return hours[0]
        return None

    def _date_fields(self) -> list[Sentence]:
        return [
            Sentence.of(field.value, "field", field.line)
            for field in self.page.fields
            if field.value and _DATE_LABEL.match(fold(field.label or ""))
        ]

    def _prose(self) -> list[Sentence]:
        return [item for item in self.page.sentences if item.place in {"lead", "body"}]

    def _from_text(self) -> Schedule:
        """A proposal from a field or sentence that says when it takes place; never certain."""
        around = self.document_date.date() if self.document_date else None
        for sentence in (*self._date_fields(), *self._prose()):
            days = dates.days(sentence.text, around)
            says = sentence.place == "field" or TAKES_PLACE.search(sentence.folded)
            if len(days) != 1 or not says or _NOT_ITS_DAY.search(sentence.folded):
                continue
            hours = (dates.hours(sentence.text) or self._stated() or [None])[0]
            first, last = dates.range_days(sentence.text, days[0])
            start: Moment = self._at(first, hours.start) if hours else first
            self.findings.warn(
                sentence.line,
                "date-from-text",
                N_("The date was read from the text: “%(text)s”. Check it."),
                text=sentence.text,
            )
            end = self._end_from_hours(start, hours) if first == last else last
            schedule = Schedule(start, end, guessed=True)
            self._check(schedule)
            return schedule
        self.findings.warn(None, "date-missing", N_("The document gives no date for the event."))
        return Schedule()

    def _stated(self) -> list[FoundHours | None]:
        stated = self._field_hours()
        return [stated] if stated else []

    def _check(self, schedule: Schedule) -> None:
        """Weekdays must fit their day; a sentence that places the event must name its days."""
        first, last = schedule.first_day, schedule.last_day
        if first is None or last is None:
            return
        for sentence in self.page.sentences:
            for found in dates.days(sentence.text, first):
                written = sentence.text[found.start : found.end]
                if not found.fits:
                    self.findings.warn(
                        sentence.line,
                        "weekday-mismatch",
                        N_("The weekday does not fit the date: “%(text)s”."),
                        text=written,
                    )
                elif self._differs(sentence, found, first, last):
                    self.findings.warn(
                        sentence.line,
                        "text-date-differs",
                        N_("The text gives another date: “%(text)s”."),
                        text=sentence.text,
                    )
            self._check_hours(sentence, schedule)

    def _differs(self, sentence: Sentence, found: dates.FoundDay, first: date, last: date) -> bool:
        start, end = dates.range_days(sentence.text, found)
        near = abs((found.day - first).days) <= 366
        outside = end < first or start > last
        return (
            near and outside and re.search(r"aura lieu|se deroulera", sentence.folded) is not None
        )

    def _check_hours(self, sentence: Sentence, schedule: Schedule) -> None:
        if not isinstance(schedule.start, datetime) or not TAKES_PLACE.search(sentence.folded):
            return
        days = dates.days(sentence.text, schedule.first_day)
        hours = dates.hours(sentence.text)
        if len(days) == len(hours) == 1 and days[0].day == schedule.first_day:
            written = self._at(days[0].day, hours[0].start)
            if written - schedule.start != timedelta(0) and not schedule.guessed:
                self.findings.warn(
                    sentence.line,
                    "hours-disagree",
                    FIELD_SAYS if sentence.place == "field" else TEXT_SAYS,
                    first=schedule.start.strftime("%H:%M"),
                    second=hours[0].start.strftime("%H:%M"),
                )


def _hours(field: InfoField) -> FoundHours | None:
    """The only hours of a field; morning and afternoon (`9h-12h et 14h-17h`) are one day."""
    value = field.value or ""
    found = dates.hours(value)
    if len(found) == 2 and not re.search(r"\bou\b|\d{1,2} ?/ ?\d{1,2}\b|[a-z]{5}", fold(value)):
        first, second = found
        if first.end and second.end and first.start < first.end <= second.start < second.end:
            return FoundHours(first.start, second.end, first.at, second.until)
    return found[0] if len(found) == 1 else None
