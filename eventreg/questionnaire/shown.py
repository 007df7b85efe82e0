"""Answers as people read them, by the version of the form that asked."""

from collections.abc import Mapping
from typing import Any, Protocol

from flask import url_for
from markupsafe import Markup

from eventreg.questionnaire import queries
from eventreg.questionnaire.drawing import shown_answer
from eventreg.questionnaire.rules import Question, visible, words
from eventreg.shared.i18n import current_locale


class Answered(Protocol):
    """What is needed of a registration."""

    @property
    def event_id(self) -> int: ...

    @property
    def form_version(self) -> int: ...

    @property
    def population(self) -> str: ...

    @property
    def answers(self) -> Mapping[str, Any]: ...


def of_registration(one: Answered, *, by_organiser: bool = False) -> list[tuple[str, str]]:
    """(question, answer) of what was asked and answered; a file is a link."""
    form, locale = queries.form_of(one.event_id, one.form_version), current_locale()
    asked = visible(form, one.population, one.answers, by_organiser=by_organiser)
    return [
        (words(question.label, locale), _shown(question, one.answers[question.key], locale))
        for _, question in form.order
        if question.key in asked and one.answers.get(question.key) is not None
    ]


def _shown(question: Question, value: Any, locale: str) -> str:
    if not isinstance(value, dict):
        return shown_answer(question, value, locale)
    url = url_for("sharing.file", public_id=value.get("file", "-"), name=value.get("name", "-"))
    return Markup('<a href="{}">{}</a>').format(url, value.get("name", ""))


def population(one: Answered) -> str:
    """As what the person signed up; its key when the form no longer names it."""
    if not one.population:
        return ""
    found = queries.form_of(one.event_id, one.form_version).population(one.population)
    return words(found.label, current_locale()) if found else one.population
