"""The questions of a sign-up: what a request sent for them, the files given with it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import request

from eventreg.files import services as files
from eventreg.files.errors import FileRefused
from eventreg.files.rules import MEGABYTE
from eventreg.questionnaire import queries, shown
from eventreg.questionnaire import services as forms
from eventreg.questionnaire.drawing import PREFIX, Questions
from eventreg.questionnaire.rules import (
    Checked,
    Fault,
    Form,
    Question,
    companions_of,
    wanted_pools,
    words,
)
from eventreg.registration import errors
from eventreg.registration.queries import SignupPage
from eventreg.registration.services import Wishes, beside
from eventreg.shared import limits, tokens
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import N_
from eventreg.shared.i18n import current_locale

UNKNOWN_POPULATION = N_("Choose as what you sign up.")
FILE_GONE = N_("Choose the file again: it was kept for a day only.")
FILE_UNKEPT = N_("Choose the file again: it was not kept.")
KEPT_FOR = timedelta(hours=20)  # less than the erasure of files that no sign-up followed


def form_of(page: SignupPage) -> Form:
    """The form of an event; an event without one costs no statement."""
    return queries.form_of(page.facts.event_id, page.facts.form_version)


def chosen(form: Form, asked: str) -> str | None:
    """The population of a request; None when there are several and none of them is named."""
    if not form.populations:
        return ""
    if len(form.populations) == 1:
        return form.populations[0].key
    return asked if form.population(asked) else None


def sent() -> dict[str, list[str]]:
    """What was sent for questions, by key."""
    return {
        name.removeprefix(PREFIX): values
        for name, values in request.form.lists()
        if name.startswith(PREFIX)
    }


def read(page: SignupPage, form: Form, population: str, *, keep: bool = True) -> Questions:
    """The questions with what was sent; files are kept at once, so that nothing is lost.

    Without `keep` (no token of ours, no sign-ups now) no file is read, and the form says so.
    """
    raw: dict[str, Sequence[str]] = dict(sent())
    faults: list[Fault] = []
    names: dict[str, str] = {}
    tickets: dict[str, str] = {}
    for _, question in form.order:
        if question.kind == "file" and not _asked(question, population):
            raw.pop(question.key, None)
        elif question.kind == "file":
            ticket = _ticket(page.facts.event_id, question.key, raw, faults, keep=keep)
            if ticket:
                public_id, name = ticket
                raw[question.key] = [f"{public_id}/{name}"]
                names[question.key], tickets[question.key] = name, ticket_of(page, *ticket)
            else:
                raw.pop(question.key, None)
    questions = Questions(form, population, raw)
    old = questions.checked  # of what was sent: the tickets below are for the page
    if faults:
        rest = [fault for fault in old.faults if fault.key not in {one.key for one in faults}]
        questions.checked = Checked(old.answers, (*faults, *rest), old.visible)
        questions.faults = () if keep else tuple(faults)  # told where nothing else is looked at
    questions.file_names = names
    questions.sent = {**raw, **{key: [ticket] for key, ticket in tickets.items()}}
    return questions


def again(page: SignupPage, questions: Questions) -> Questions:
    """The questions as they are now, with what was sent for those before."""
    form = form_of(page)
    population = chosen(form, questions.population)
    if population is None:
        population = form.populations[0].key
    known = {key: texts for key, texts in questions.sent.items() if key in form.by_key}
    return Questions(form, population, known)


def _asked(question: Question, population: str) -> bool:
    """Whether a file is asked of this population at all; of others' none is kept."""
    if question.organiser_only:
        return False
    return not question.populations or population in question.populations


def _ticket(
    event_id: int,
    key: str,
    raw: Mapping[str, Sequence[str]],
    faults: list[Fault],
    *,
    keep: bool,
) -> tuple[str, str] | None:
    """(public id, name) of a file given now, or of one kept before for this event."""
    given = [one for one in request.files.getlist(PREFIX + key) if one.filename]
    if given and not keep:
        faults.append(Fault(key, FILE_UNKEPT))
        return None
    try:
        if given:
            name, content = given[0].filename or "", given[0].read()
            limits.hit(limits.FILES, "files", cost=1 + len(content) // MEGABYTE)
            ready = files.prepare(content, name=name, purpose="answer")
            with transaction():
                kept = files.keep(ready, event_id)
                return kept.public_id, kept.name
    except FileRefused as refusal:
        faults.append(Fault(key, refusal.message, refusal.params))
        return None
    for text in raw.get(key, ()):
        found = tokens.read("answer-file", text, max_age=KEPT_FOR) if text else None
        if found and len(found) == 3 and found[0] == event_id:
            return str(found[1]), str(found[2])
        if text:
            faults.append(Fault(key, FILE_GONE))
    return None


def ticket_of(page: SignupPage, public_id: str, name: str) -> str:
    """Stands in a form for a file that was kept before."""
    return tokens.sign("answer-file", [page.facts.event_id, public_id, name])


def wishes_of(questions: Questions) -> Wishes:
    """What the answers ask of the sign-up."""
    form, population = questions.form, questions.population
    answers = questions.checked.answers
    companions = companions_of(form, population, answers)
    return Wishes(
        population=population,
        form_version=form.version,
        answers=questions.answers,
        pools=wanted_pools(form, population, answers, companions=companions),
        companions=companions,
    )


def keep_beside(questions: Questions, event_id: int, registration_id: int) -> None:
    """What is kept apart from the row, in its transaction: access needs, files.

    Raises NotPossible for a file that another sign-up took.
    """
    if questions.needs:
        forms.keep_needs(registration_id, event_id, questions.needs, now=utc_now())
        beside.tell_needs(registration_id, now=utc_now())
    for value in questions.answers.values():
        if isinstance(value, dict) and not files.adopt(value["file"], event_id, registration_id):
            raise errors.NotPossible


def said(registration: Any) -> dict[str, Any]:
    """What the person's own page shows of what they said."""
    needs = queries.needs_of(registration.id) if registration.form_version else {}
    form = queries.form_of(registration.event_id, registration.form_version)
    locale = current_locale()
    return {
        "answers": shown.of_registration(registration),
        "population": shown.population(registration),
        "needs": [
            (words(form.by_key[key].label, locale), text)
            for key, text in needs.items()
            if key in form.by_key
        ],
    }


def payload(questions: Questions) -> dict[str, Any]:
    """What the idempotency key stands for, beside who it is."""
    return {"population": questions.population, "answers": questions.checked.answers}
