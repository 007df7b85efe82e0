"""A list of people as rows of text: what its columns are, what one row says."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eventreg.questionnaire.drawing import NO, YES, sent_of
from eventreg.questionnaire.rules import (
    BOOLEANS,
    CHOICES,
    Form,
    Question,
    check,
    companions_of,
    wanted_pools,
    words,
)
from eventreg.registration import exports
from eventreg.registration.rules import State, people
from eventreg.registration.rules.people import Flaw
from eventreg.registration.services import Applicant, Wishes
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.i18n import LOCALES, force_locale, say
from eventreg.shared.text import fold

# How people write the columns of a list by themselves, beside the words of our own export.
ALIASES: Mapping[str, str] = {
    N_("First name"): "given_name",
    N_("Last name"): "family_name",
    N_("E-mail"): "email",
    N_("Position"): "job_title",
}
PERSON = ("email", *people.LIMITS)
READ = (*PERSON, "state", "population", "companions", "answers")
# An export tells these; a list that is entered cannot: they belong to where it comes from.
TOLD_ONLY = tuple(key for key in exports.COLUMNS if key not in READ)
NOT_READ = ("file", "info")
YES_WORDS, NO_WORDS = frozenset({"yes", "true", "1", "x"}), frozenset({"no", "false", "0"})
ENDED = (State.UNCONFIRMED, State.CANCELLED, State.REJECTED, State.EXPIRED)

MISSING_COLUMNS = N_("The list lacks these columns: %(columns)s.")
TWICE = N_("Two columns say the same: %(column)s.")
UNKNOWN_STATE = N_("This status does not exist.")
UNKNOWN_POPULATION = N_("The form of the event has nobody who signs up as this.")
BAD_ANSWERS = N_("This is not the JSON of an export.")
NO_COMPANIONS = N_("The form does not ask who comes along.")
OTHER_COUNT = N_("The answers of this row name %(count)s people who come along.")


@dataclass(frozen=True)
class Columns:
    """What stands in each column: a key of READ, a question after `q_`, or nothing to read."""

    places: Mapping[str, int]
    ignored: tuple[str, ...] = ()

    def texts(self, row: Sequence[str]) -> dict[str, str]:
        """The cells of a row that hold something, by key."""
        found = {key: row[at].strip() for key, at in self.places.items() if at < len(row)}
        return {key: text for key, text in found.items() if text}


@dataclass(frozen=True)
class Person:
    """What one row says, ready to be decided. `pending`: the list says that they await a decision."""

    number: int
    applicant: Applicant
    wishes: Wishes
    needs: Mapping[str, str] = field(default_factory=dict, repr=False)
    pending: bool = False


class LeftOut(Exception):
    """A row of somebody whose sign-up had ended in the list, or was never confirmed."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Unusable(Exception):
    """A row that cannot be used, with everything that is wrong in it."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__(len(flaws))
        self.flaws = flaws


def columns_of(header: Sequence[str], form: Form) -> Columns:
    """Raises Invalid (field: file) when a column is missing or told twice."""
    names = _names(form)
    places: dict[str, int] = {}
    ignored = []
    for at, cell in enumerate(header):
        title = cell.strip()
        key = names.get(title) or names.get(fold(title))
        if key is None:
            if title:
                ignored.append(title)
        elif key in places:
            raise Invalid(TWICE, field="file", column=title)
        else:
            places[key] = at
    missing = [say(exports.COLUMNS[key]) for key in people.COMPULSORY if key not in places]
    if missing:
        raise Invalid(MISSING_COLUMNS, field="file", columns=", ".join(missing))
    read = {key: at for key, at in places.items() if key not in TOLD_ONLY}
    return Columns(read, tuple(ignored))


def _names(form: Form) -> dict[str, str]:
    """Column titles, as they are and folded, with the key of each; the first meaning stays."""
    questions = {k: q for k, q in form.by_key.items() if q.kind not in NOT_READ}
    pairs = [(key, key) for key in exports.COLUMNS]
    pairs += [(exports.ANSWER + key, exports.ANSWER + key) for key in questions]
    for locale in LOCALES:
        with force_locale(locale):
            pairs += [(fold(say(label)), key) for key, label in exports.COLUMNS.items()]
            pairs += [(fold(say(label)), key) for label, key in ALIASES.items()]
    pairs += [(key, exports.ANSWER + key) for key in questions]
    for key, question in questions.items():
        pairs += [(fold(label), exports.ANSWER + key) for label in question.label.values()]
    return dict(reversed(pairs))


class Reader:
    """Reads the rows of one list against the form of the event."""

    def __init__(self, header: Sequence[str], form: Form) -> None:
        self.columns = columns_of(header, form)
        self._form = form
        self._states = _codes(exports.STATE_WORDS)
        self._yes = YES_WORDS | _said(YES)
        self._no = NO_WORDS | _said(NO)

    def read(self, number: int, row: Sequence[str]) -> Person:
        """Raises LeftOut, Unusable."""
        given = self.columns.texts(row)
        state = self._state(given.get("state", ""))
        address, facts, flaws = people.read(given)
        wishes, needs, more = self._wishes(given)
        if flaws or more or address is None:
            raise Unusable(*flaws, *more)
        applicant = Applicant.from_text(address.typed, **facts)
        return Person(number, applicant, wishes, needs, pending=state is State.PENDING)

    def _state(self, text: str) -> State | None:
        if not text:
            return None
        code = self._states.get(fold(text))
        if code is None:
            raise Unusable(Flaw("state", UNKNOWN_STATE))
        if code in ENDED:
            raise LeftOut(code)
        return State(code)

    def _wishes(self, given: Mapping[str, str]) -> tuple[Wishes, dict[str, str], list[Flaw]]:
        form = self._form
        population = self._population(given.get("population", ""))
        if population is None:
            return Wishes(), {}, [Flaw("population", UNKNOWN_POPULATION)]
        try:
            raw = {**self._stored(given), **dict(self._raw(given))}
        except ValueError:
            return Wishes(), {}, [Flaw("answers", BAD_ANSWERS)]
        checked = check(form, population, raw, by_organiser=True)
        flaws = [
            Flaw(exports.ANSWER + fault.key, fault.message, fault.params)
            for fault in checked.faults
            if raw.get(fault.key) or not self._excused(fault.key)
        ]
        answers = checked.answers
        companions = companions_of(form, population, answers)
        flaws += self._companions(given.get("companions", ""), companions)
        apart = {k: v for k, v in answers.items() if form.by_key[k].kind == "access_needs"}
        wishes = Wishes(
            population=population,
            form_version=form.version,
            answers={key: value for key, value in answers.items() if key not in apart},
            pools=wanted_pools(form, population, answers, companions=companions),
            companions=companions,
        )
        return wishes, apart, flaws

    def _excused(self, key: str) -> bool:
        """What no list holds may be empty: files, access needs, what organisers note later."""
        question = self._form.by_key.get(key)
        return question is not None and (
            question.kind in ("file", "access_needs") or question.organiser_only
        )

    def _companions(self, text: str, counted: int) -> Iterator[Flaw]:
        """The column of an export repeats what an answer says; it must not say otherwise."""
        if text in ("", "0", str(counted)):
            return
        if not counted:
            yield Flaw("companions", NO_COMPANIONS)
        else:
            yield Flaw("companions", OTHER_COUNT, {"count": counted})

    def _population(self, text: str) -> str | None:
        known = self._form.populations
        if not text:
            return "" if not known else known[0].key if len(known) == 1 else None
        for one in known:
            if text == one.key or fold(text) in map(fold, one.label.values()):
                return one.key
        return None

    def _stored(self, given: Mapping[str, str]) -> dict[str, list[str]]:
        """The column of all answers as an export writes them. Raises ValueError."""
        data = json.loads(given["answers"]) if "answers" in given else {}
        if not isinstance(data, dict):
            raise ValueError("answers")
        own = {key: value for key, value in data.items() if key in self._form.by_key}
        kinds = {key: self._form.by_key[key].kind for key in own}
        return sent_of(self._form, {k: v for k, v in own.items() if kinds[k] not in NOT_READ})

    def _raw(self, given: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
        for column, text in given.items():
            if column.startswith(exports.ANSWER):
                key = column.removeprefix(exports.ANSWER)
                yield key, self._texts(self._form.by_key[key], text)

    def _texts(self, question: Question, text: str) -> list[str]:
        """A cell as the form would send it."""
        if question.kind in BOOLEANS:
            said = fold(text)
            return ["yes" if said in self._yes else "no" if said in self._no else text]
        if question.kind == "several":
            return _several(question, text)
        if question.kind in CHOICES:
            return [_option(question, text) or text]
        if question.kind == "companions" and question.named:
            return ["\n".join(re.split(r"[,;\n]", text))]
        return [text]


def _option(question: Question, text: str) -> str | None:
    wanted = fold(text)
    for option in question.options:
        if text == option.key or wanted in map(fold, option.label.values()):
            return option.key
    return None


def _several(question: Question, text: str) -> list[str]:
    """Keys or words separated by commas, semicolons or lines; words may hold commas themselves."""
    parts = [part for part in re.split(r"[,;|\n]", text) if part.strip()]
    found = []
    while parts:
        for length in range(len(parts), 0, -1):
            key = _option(question, ",".join(parts[:length]).strip())
            if key is not None or length == 1:
                found.append(key or parts[0].strip())
                del parts[:length]
                break
    return found


def _codes(table: Mapping[str, str]) -> dict[str, str]:
    """Codes by themselves and by their words in every language."""
    codes = {code: code for code in table}
    for locale in LOCALES:
        with force_locale(locale):
            codes |= {fold(say(text)): code for code, text in table.items()}
    return codes


def _said(message: str) -> frozenset[str]:
    found = set()
    for locale in LOCALES:
        with force_locale(locale):
            found.add(fold(say(message)))
    return frozenset(found)


def title_of(column: str, form: Form, locale: str) -> str:
    """A column as people read it in a report."""
    question = form.by_key.get(column.removeprefix(exports.ANSWER))
    if column.startswith(exports.ANSWER) and question is not None:
        return words(question.label, locale)
    return say(exports.COLUMNS.get(column, column)) if column else ""
