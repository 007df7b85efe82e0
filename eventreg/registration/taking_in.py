"""A list of people enters an event: read, decided, placed, written in short transactions.

The same list twice changes nothing: whoever has a sign-up already is told, never doubled.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from eventreg.audit import services as audit
from eventreg.events.models import Event
from eventreg.questionnaire import queries as forms
from eventreg.questionnaire.rules import Form
from eventreg.registration import errors, queries
from eventreg.registration.exports import STATE_WORDS
from eventreg.registration.queries import line
from eventreg.registration.rows import LeftOut, Person, Reader, Unusable, title_of
from eventreg.registration.rules import State
from eventreg.registration.services import bulk
from eventreg.registration.services.bulk import Judged, Terms
from eventreg.shared.clock import utc_now
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import N_, DomainError
from eventreg.shared.i18n import current_locale, say
from eventreg.shared.tables import Table

BATCH = 100
REFUSED, KNOWN, LEFT_OUT = KINDS = "refused", "known", "left_out"
IN_FILE = N_("The same address is in row %(row)s already.")
ALREADY = N_("Already signed up: nothing changes.")
LEFT = N_("Left out: %(state)s in the list.")
NO_PLACE = N_("No place is left.")
Told = Callable[[int], None]


@dataclass(frozen=True)
class Note:
    """What is to say about one row, in words."""

    row: int
    kind: str
    column: str
    text: str


@dataclass
class Report:
    """What became of a list, or would: how many in each state, and a note for every other row."""

    entered: Counter[str] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    rows: int = 0

    def count(self, kind: str) -> int:
        """Rows, not notes: one row may have several things wrong."""
        return len({note.row for note in self.notes if note.kind == kind})

    @property
    def total(self) -> int:
        return self.entered.total()

    def sorted(self) -> list[Note]:
        return sorted(self.notes, key=lambda note: note.row)


@dataclass(frozen=True)
class _Placed:
    row: int
    judged: Judged


class _Taking:
    def __init__(self, event: Event, table: Table, how: Terms, *, dry_run: bool) -> None:
        self.page = queries.signup_page_of(event.id)
        bulk.refuse_if_over(self.page.facts)
        self.form: Form = forms.form_of(event.id, self.page.facts.form_version)
        self.reader = Reader(table.header, self.form)
        self.how, self.dry_run = how, dry_run
        self.report = Report(ignored=self.reader.columns.ignored, rows=len(table.rows))
        self.pool_ids = line.pool_ids(event.id)
        self.rooms = bulk.rooms_of(self.page.facts)
        self._first: dict[str, int] = {}

    def run(self, rows: Sequence[tuple[int, list[str]]], told: Told) -> Report:
        people = iter(rows)
        while batch := list(islice(people, BATCH)):
            self._take(self._new(list(self._people(batch))))
            told(len(batch))
        return self.report

    def note(self, row: int, kind: str, text: str, column: str = "") -> None:
        self.report.notes.append(Note(row, kind, column, text))

    def refuse(self, row: int, refusal: DomainError, column: str = "") -> None:
        title = title_of(column, self.form, current_locale())
        self.note(row, REFUSED, say(refusal.message, refusal.params), title)

    def _people(self, rows: Sequence[tuple[int, list[str]]]) -> Iterator[Person]:
        """Rows that can be used, each address once."""
        for number, cells in rows:
            try:
                person = self.reader.read(number, cells)
            except LeftOut as left:
                state = say(STATE_WORDS[left.state])
                self.note(number, LEFT_OUT, say(LEFT, {"state": state}))
                continue
            except Unusable as fault:
                for flaw in fault.flaws:
                    title = title_of(flaw.column, self.form, current_locale())
                    self.note(number, REFUSED, say(flaw.message, dict(flaw.params)), title)
                continue
            first = self._first.setdefault(person.applicant.address.canonical, number)
            if first != number:
                self.note(number, REFUSED, say(IN_FILE, {"row": first}))
                continue
            yield person

    def _new(self, people: Sequence[Person]) -> list[_Placed]:
        """Those who have no sign-up yet and may come."""
        keys = [person.applicant.address.canonical for person in people]
        known = queries.active_keys(self.page.facts.event_id, keys)
        found = []
        for person in people:
            if person.applicant.address.canonical in known:
                self.note(person.number, KNOWN, say(ALREADY))
                continue
            try:
                judged = bulk.judge(
                    self.page,
                    self.pool_ids,
                    person.applicant,
                    person.wishes,
                    person.needs,
                    self.how,
                    pending=person.pending,
                )
            except errors.NotEligible as refusal:
                self.refuse(person.number, refusal, "email")
            else:
                found.append(_Placed(person.number, judged))
        return found

    def _take(self, people: Sequence[_Placed]) -> None:
        placed = list(self._seated(people))
        if self.dry_run:
            self.report.entered.update(str(one.judged.state) for one in placed)
            return
        for _waits, group in groupby(placed, lambda one: one.judged.state is State.WAITING):
            self._write(list(group))

    def _seated(self, people: Sequence[_Placed]) -> Iterator[_Placed]:
        for one in people:
            try:
                yield _Placed(one.row, bulk.place(one.judged, self.rooms, wait=self.how.wait))
            except errors.Full:
                self.note(one.row, REFUSED, say(NO_PLACE))

    def _write(self, people: Sequence[_Placed]) -> None:
        """All at once; where a seat went to somebody else meanwhile, in halves, then one by one."""
        now = utc_now()
        entries = [bulk.prepare(self.page, one.judged, self.how, now) for one in people]
        try:
            with transaction():
                twins = bulk.enter(entries, version=self.page.facts.version)
        except errors.EventChanged:
            raise
        except (errors.Full, errors.NotPossible):
            self.rooms = bulk.rooms_of(self.page.facts)
            self._again(people)
            return
        for number, one in enumerate(people):
            if number in twins:
                self.note(one.row, KNOWN, say(ALREADY))
            else:
                self.report.entered[str(one.judged.state)] += 1

    def _again(self, people: Sequence[_Placed]) -> None:
        if len(people) == 1:
            self.note(people[0].row, REFUSED, say(NO_PLACE))
            return
        for part in (people[: len(people) // 2], people[len(people) // 2 :]):
            self._take(part)


def take_in(
    event: Event, table: Table, how: Terms, *, dry_run: bool = False, told: Told = lambda _n: None
) -> Report:
    """Enters the people of a list, or says what would become of it. Opens its own transactions.

    Raises Invalid for a list without the columns it needs, EventOver, EventChanged (what is
    written stays; the same list again enters the rest).
    """
    taking = _Taking(event, table, how, dry_run=dry_run)
    report = taking.run(table.rows, told)
    if not dry_run:
        with transaction():
            audit.record(
                "people_imported",
                at=utc_now(),
                actor=how.actor,
                event_id=event.id,
                entered=report.total,
                refused=report.count(REFUSED),
                known=report.count(KNOWN),
                by_organiser=bool(how.reason),
            )
    else:
        db.session.rollback()
    return report
