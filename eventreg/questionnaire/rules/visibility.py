"""Which questions and options are asked: the one place that decides (page, server, edit, import,
export, letters). An answer of a question that is not asked counts as absent, down the chain.
"""

from collections.abc import Mapping
from typing import Any

from eventreg.questionnaire.rules.shapes import Condition, Form, Option, Question, Section, Test

Answers = Mapping[str, Any]


def texts_of(answer: Any) -> tuple[str, ...]:
    """An answer as conditions compare it: keys of options, yes or no, the text of a number."""
    if answer is None or answer in ("", []):
        return ()
    if isinstance(answer, bool):
        return ("yes",) if answer else ("no",)
    if isinstance(answer, (list, tuple)):
        return tuple(str(one) for one in answer)
    if isinstance(answer, float) and answer.is_integer():
        return (str(int(answer)),)
    return (str(answer),)


def met(condition: Condition | None, known: Answers) -> bool:
    """Whether a condition holds. An absent answer meets no comparison, not even « is not »:
    « answered: false » is how to ask for it.
    """
    if condition is None:
        return True
    if not isinstance(condition, Test):
        return (all if condition.how == "all" else any)(met(p, known) for p in condition.parts)
    given = texts_of(known.get(condition.question))
    if condition.operator == "answered":
        return bool(given) is ("yes" in condition.values)
    if not given:
        return False
    among = not condition.values.isdisjoint(given)
    return among if condition.operator in ("is", "in") else not among


def asked(
    section: Section, question: Question, population: str, known: Answers, *, by_organiser: bool
) -> bool:
    """Whether one question is asked, given the answers to those before it."""
    if question.organiser_only and not by_organiser:
        return False
    if question.populations and population not in question.populations:
        return False
    return met(section.when, known) and met(question.when, known)


def offered(question: Question, known: Answers) -> tuple[Option, ...]:
    """The options that are shown, given the answers before."""
    return tuple(option for option in question.options if met(option.when, known))


def walk(
    form: Form, population: str, answers: Answers, *, by_organiser: bool = False
) -> dict[str, Any]:
    """The questions asked, in order, each with its answer (None: none)."""
    known: dict[str, Any] = {}
    for section, question in form.order:
        if asked(section, question, population, known, by_organiser=by_organiser):
            known[question.key] = answers.get(question.key)
    return known


def visible(
    form: Form, population: str, answers: Answers, *, by_organiser: bool = False
) -> frozenset[str]:
    """The keys of the questions that are asked."""
    return frozenset(walk(form, population, answers, by_organiser=by_organiser))
