"""The attendee list as a file: CSV, XLSX, ODS for people, JSON for programs; in constant memory."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, BinaryIO, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import QueryableAttribute

from eventreg.questionnaire import queries as forms
from eventreg.questionnaire.drawing import shown_answer
from eventreg.questionnaire.rules import Question
from eventreg.questionnaire.rules import words as label_words
from eventreg.registration.models import Receipt, Registration
from eventreg.registration.rules import State
from eventreg.shared import sheets
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.i18n import current_locale, say

ANSWER = "q_"  # begins the columns of an event's own questions
FORMATS = ("csv", "xlsx", "ods", "json")
MIMETYPES = {**sheets.MIMETYPES, "json": "application/json"}
BATCH = 1_000

STATE_WORDS: Mapping[str, str] = {
    State.UNCONFIRMED: N_("Address to be confirmed"),
    State.PENDING: N_("Awaiting a decision"),
    State.WAITING: N_("On the waiting list"),
    State.OFFERED: N_("Place offered"),
    State.CONFIRMED: N_("Confirmed"),
    State.CANCELLED: N_("Cancelled sign-up"),
    State.REJECTED: N_("Refused"),
    State.EXPIRED: N_("Expired"),
}
OUTCOME_WORDS: Mapping[str, str] = {
    "eligible": N_("Meets the conditions"),
    "review": N_("To be read by a person"),
    "refused": N_("Does not meet the conditions"),
}
SOURCE_WORDS: Mapping[str, str] = {
    "form": N_("Sign-up form"),
    "organiser": N_("Added by an organiser"),
    "filled": N_("Generated for a trial"),
    "imported": N_("Imported list"),
    "handover": N_("Place of a colleague"),
}
COLUMNS: Mapping[str, str] = {
    "id": N_("Reference"),
    "state": N_("Status"),
    "family_name": N_("Family name"),
    "given_name": N_("Given name"),
    "email": N_("E-mail address"),
    "organisation": N_("Organisation"),
    "job_title": N_("Job title"),
    "phone": N_("Telephone"),
    "registered_at": N_("Registered on"),
    "confirmed_at": N_("Confirmed on"),
    "cancelled_at": N_("Cancelled on"),
    "checked_in_at": N_("Checked in on"),
    "eligibility": N_("Eligibility"),
    "eligibility_reason": N_("Reason code of the eligibility"),
    "decision_reason": N_("Reason of the decision"),
    "source": N_("Origin"),
    "receipts": N_("Receipts"),
    "answers": N_("Answers"),
    "population": N_("Signs up as"),
    "companions": N_("People who come along"),
    "sessions": N_("Sessions"),
    "tags": N_("Labels"),
}
DEFAULT_COLUMNS = (
    "state",
    "family_name",
    "given_name",
    "email",
    "organisation",
    "job_title",
    "phone",
    "registered_at",
    "confirmed_at",
    "cancelled_at",
    "eligibility",
)
JSON_KEYS = (  # contract, section 6
    "id",
    "receipts",
    "state",
    "email",
    "given_name",
    "family_name",
    "organisation",
    "job_title",
    "registered_at",
    "confirmed_at",
    "cancelled_at",
    "checked_in_at",
    "answers",
    "eligibility",
    "sessions",
    "tags",
)
INSTANTS = ("registered_at", "confirmed_at", "cancelled_at")
_SOURCES: Mapping[str, tuple[QueryableAttribute[Any], ...]] = {
    "id": (Registration.public_id,),
    "state": (Registration.state,),
    "email": (Registration.email,),
    "given_name": (Registration.given_name,),
    "family_name": (Registration.family_name,),
    "organisation": (Registration.organisation,),
    "job_title": (Registration.job_title,),
    "phone": (Registration.phone,),
    "registered_at": (Registration.registered_at,),
    "confirmed_at": (Registration.confirmed_at,),
    "cancelled_at": (Registration.cancelled_at,),
    "answers": (Registration.answers,),
    "population": (Registration.population, Registration.form_version),
    "companions": (Registration.companions,),
    "eligibility": (Registration.eligibility_outcome, Registration.eligibility_reason),
    "eligibility_reason": (Registration.eligibility_reason,),
    "decision_reason": (Registration.decision_reason,),
    "source": (Registration.source,),
}


class EventLike(Protocol):
    """What an export needs to know of an event."""

    @property
    def id(self) -> int: ...

    @property
    def timezone(self) -> str: ...


@dataclass(frozen=True)
class _Context:
    zone: ZoneInfo
    words: Mapping[str, str]
    receipts: Mapping[int, Sequence[str]]
    event_id: int = 0
    locale: str = "fr"


_Reader = Callable[[Row[Any], _Context], str]


def write(
    event: EventLike,
    fmt: str,
    out: BinaryIO,
    states: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> int:
    """Writes the registrations of an event to `out`, oldest first; answers how many there were.

    Labels and states are in the current language, instants in the event's zone. Raises Invalid
    for a format, a state or a column that does not exist (fields: format, state, columns).
    """
    asked = {} if fmt == "json" and not columns else forms.asked_ever(event.id)
    check(fmt, states, columns, tuple(ANSWER + key for key in asked))
    zone = ZoneInfo(event.timezone)
    keys = columns or (JSON_KEYS if fmt == "json" else default_columns(asked))
    batches = _batches(event.id, states, keys)
    if fmt == "json":
        return _write_json(out, batches, keys, zone)
    header = [_header(key, asked) for key in keys]
    words = {code: say(text) for table in _TABLES for code, text in table.items()}
    context = _Context(zone, words, {}, event.id, current_locale())
    return sheets.write(fmt, out, header, _text_rows(batches, keys, context))


def default_columns(asked: Mapping[str, Question]) -> Sequence[str]:
    """Those of every list, then one for each question that was ever asked."""
    more = ("population", "companions") if asked else ()
    return (*DEFAULT_COLUMNS, *more, *(ANSWER + key for key in asked))


def _header(key: str, asked: Mapping[str, Question]) -> str:
    question = asked.get(key.removeprefix(ANSWER)) if key.startswith(ANSWER) else None
    return label_words(question.label, current_locale()) if question else say(COLUMNS[key])


_TABLES = (STATE_WORDS, OUTCOME_WORDS, SOURCE_WORDS)


def check(
    fmt: str,
    states: Sequence[str] | None,
    columns: Sequence[str] | None,
    answers: Sequence[str] = (),
) -> None:
    """Raises Invalid naming what does not exist. `answers`: the columns of the event's questions."""
    if fmt not in FORMATS:
        raise Invalid(N_("Choose one of: %(allowed)s."), field="format", allowed=", ".join(FORMATS))
    if any(state not in STATE_WORDS for state in states or ()):
        allowed = ", ".join(STATE_WORDS)
        raise Invalid(N_("Choose one of: %(allowed)s."), field="state", allowed=allowed)
    if any(column not in COLUMNS and column not in answers for column in columns or ()):
        allowed = ", ".join((*COLUMNS, *answers))
        raise Invalid(N_("Choose one of: %(allowed)s."), field="columns", allowed=allowed)


def _sources(key: str) -> tuple[QueryableAttribute[Any], ...]:
    if key.startswith(ANSWER):
        return (Registration.answers, Registration.form_version)
    return _SOURCES.get(key, ())


_Batch = tuple[Sequence[Row[Any]], Mapping[int, Sequence[str]]]


def _batches(event_id: int, states: Sequence[str] | None, keys: Sequence[str]) -> Iterator[_Batch]:
    """Rows with the columns that `keys` need, and their receipts, a thousand at a time."""
    wanted = dict.fromkeys(column for key in keys for column in _sources(key))
    query = (
        select(Registration.id, *wanted)
        .where(Registration.event_id == event_id)
        .order_by(Registration.registered_at, Registration.id)  # an index: nothing to sort
    )
    if states:
        query = query.where(Registration.state.in_(states))
    result = db.session.execute(query, execution_options={"yield_per": BATCH})
    for rows in result.partitions():
        yield rows, _receipts([row.id for row in rows]) if "receipts" in keys else {}


def _receipts(keys: Sequence[int]) -> Mapping[int, Sequence[str]]:
    query = (
        select(Receipt.registration_id, Receipt.receipt)
        .where(Receipt.registration_id.in_(keys))
        .order_by(Receipt.id)
    )
    found: dict[int, list[str]] = {}
    for key, text in db.session.execute(query):
        found.setdefault(key, []).append(text)
    return found


def _text_rows(
    batches: Iterator[_Batch], keys: Sequence[str], base: _Context
) -> Iterator[list[str]]:
    readers = [
        _TEXT.get(key) or (_answer if key.startswith(ANSWER) else _plain)(key) for key in keys
    ]
    for rows, receipts in batches:
        context = replace(base, receipts=receipts)
        for row in rows:
            yield [read(row, context) for read in readers]


def _plain(key: str) -> _Reader:
    take = attrgetter(_SOURCES[key][0].key)
    return lambda row, _context: take(row) or ""


def _answer(key: str) -> _Reader:
    """In the words of the version that asked: a choice since removed stays readable."""
    asked = key.removeprefix(ANSWER)

    def read(row: Row[Any], context: _Context) -> str:
        value = (row.answers or {}).get(asked)
        question = forms.form_of(context.event_id, row.form_version).by_key.get(asked)
        if value is None or question is None:
            return ""
        return shown_answer(question, value, context.locale)

    return read


def _population(row: Row[Any], context: _Context) -> str:
    found = forms.form_of(context.event_id, row.form_version).population(row.population)
    return label_words(found.label, context.locale) if found else str(row.population)


def _word(key: str) -> _Reader:
    take = attrgetter(_SOURCES[key][0].key)
    return lambda row, context: context.words.get(take(row), take(row))


def _moment(key: str) -> _Reader:
    take = attrgetter(_SOURCES[key][0].key)

    def read(row: Row[Any], context: _Context) -> str:
        value: datetime | None = take(row)
        return value.astimezone(context.zone).isoformat(" ", "seconds")[:19] if value else ""

    return read


def _empty(_row: Row[Any], _context: _Context) -> str:
    return ""


_TEXT: dict[str, _Reader] = {
    **{key: _moment(key) for key in INSTANTS},
    **{key: _word(key) for key in ("state", "eligibility", "source")},
    "population": _population,
    "companions": lambda row, _context: str(row.companions or ""),
    "receipts": lambda row, context: ", ".join(context.receipts.get(row.id, ())),
    "answers": lambda row, _context: (
        json.dumps(row.answers, ensure_ascii=False) if row.answers else ""
    ),
    # Check-in, sessions and labels come with their rooms; the keys are part of the contract.
    "checked_in_at": _empty,
    "sessions": _empty,
    "tags": _empty,
}


def _write_json(
    out: BinaryIO, batches: Iterator[_Batch], keys: Sequence[str], zone: ZoneInfo
) -> int:
    number = 0
    for rows, receipts in batches:
        context = _Context(zone, {}, receipts)
        for row in rows:
            entry = {key: _value(key, row, context) for key in keys}
            out.write(b",\n" if number else b"[\n")
            out.write(json.dumps(entry, ensure_ascii=False).encode())
            number += 1
    out.write(b"\n]\n" if number else b"[]\n")
    return number


def _value(key: str, row: Row[Any], context: _Context) -> object:
    if key in INSTANTS:
        value: datetime | None = getattr(row, key)
        return value.astimezone(context.zone).isoformat() if value else None
    special = _JSON.get(key)
    return special(row, context) if special else getattr(row, _SOURCES[key][0].key)


_JSON: dict[str, Callable[[Row[Any], _Context], object]] = {
    "receipts": lambda row, context: list(context.receipts.get(row.id, ())),
    "answers": lambda row, _context: row.answers or {},
    "eligibility": lambda row, _context: {
        "outcome": row.eligibility_outcome,
        "reason": row.eligibility_reason,
    },
    "checked_in_at": lambda _row, _context: None,
    "sessions": lambda _row, _context: [],
    "tags": lambda _row, _context: [],
}
