"""Conditions: how they are written, and that they only speak of earlier answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from eventreg.questionnaire.rules import faults
from eventreg.questionnaire.rules.schema import Findings, Table
from eventreg.questionnaire.rules.shapes import (
    BOOLEANS,
    CHOICES,
    OPERATORS,
    Condition,
    Form,
    Group,
    Question,
    Section,
    Test,
)

DEEPEST = 5
MOST_PARTS = 20
MOST_VALUES = 100
COMPARABLE = (*CHOICES, *BOOLEANS, "number", "companions")


def read(data: Any, path: str, found: Findings, depth: int = 1) -> Condition | None:
    """{question: k, is: v} and the other operators, or {all: [...]}, {any: [...]}."""
    if data is None:
        return None
    table = Table(data, path, found, ("all", "any", "question", *OPERATORS))
    if depth > DEEPEST:
        table.note("", faults.TOO_DEEP, limit=DEEPEST)
        return None
    ways = [key for key in ("all", "any", "question") if table.has(key)]
    if len(ways) != 1:
        table.note("", faults.ONE_TEST, known="question, all, any")
        return None
    if ways == ["question"]:
        return _test(table)
    entries = list(table.items(ways[0], MOST_PARTS))
    if not entries:
        table.note(ways[0], faults.EMPTY_GROUP)
    parts = [read(entry, at, found, depth + 1) for at, entry in entries]
    return Group(ways[0], tuple(part for part in parts if part is not None))


def _test(table: Table) -> Test | None:
    question = table.key("question")
    used = [operator for operator in OPERATORS if table.has(operator)]
    if len(used) != 1:
        table.note("", faults.ONE_TEST, known=", ".join(OPERATORS))
        return None
    operator = used[0]
    if operator == "answered":
        return Test(question, operator, frozenset({"yes" if table.flag(operator) else "no"}))
    if operator in ("is", "is_not"):
        value = table.data[operator]
        if isinstance(value, (list, tuple, Mapping)):
            table.note(operator, faults.NOT_ONE_VALUE)
            return None
        return Test(question, operator, frozenset({_text(value)}))
    values = frozenset(_text(value) for _, value in table.items(operator, MOST_VALUES))
    if not values:
        table.note(operator, faults.EMPTY_GROUP)
    return Test(question, operator, values)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:100]


def as_data(condition: Condition) -> dict[str, Any]:
    """The same, as it is written."""
    if not isinstance(condition, Test):
        return {condition.how: [as_data(part) for part in condition.parts]}
    values = sorted(condition.values)
    if condition.operator == "answered":
        return {"question": condition.question, "answered": values == ["yes"]}
    one = condition.operator in ("is", "is_not")
    return {"question": condition.question, condition.operator: values[0] if one else values}


def tests_of(condition: Condition | None) -> Iterator[Test]:
    """Every comparison inside."""
    if condition is None:
        return
    if isinstance(condition, Test):
        yield condition
        return
    for part in condition.parts:
        yield from tests_of(part)


def places(form: Form) -> Iterator[tuple[str, Condition | None, Section, Question | None]]:
    """(path, condition, section, question) of each place that may have one."""
    for at, section in form.paths:
        yield f"{at}when", section.when, section, None
        for q, question in enumerate(section.questions):
            yield f"{at}questions[{q}].when", question.when, section, question
            for o, option in enumerate(question.options):
                path = f"{at}questions[{q}].options[{o}].when"
                yield path, option.when, section, question


def check(form: Form, found: Findings) -> None:
    """Notes conditions on unknown, later or unanswerable questions, on values that nobody can
    give, and circles.
    """
    position = {question.key: n for n, (_, question) in enumerate(form.order)}
    circle = _circle(form)
    if circle:
        found.note(_path_of(form, circle[0]), faults.CYCLE, path=" → ".join(circle))
    for path, condition, section, question in places(form):
        here = _place(position, section, question)
        for test in tests_of(condition):
            parent = form.by_key.get(test.question)
            if parent is None:
                found.note(path, faults.NO_SUCH_QUESTION, key=test.question)
                continue
            _check_test(path, test, parent, found)
            if parent.organiser_only and not (question and question.organiser_only):
                found.note(path, faults.HIDDEN_PARENT, key=parent.key)
            if question is not None and parent.key == question.key:
                found.note(path, faults.OWN_ANSWER)
            elif position[parent.key] >= here and parent.key not in circle:
                found.note(path, faults.LATER_QUESTION, key=parent.key)


def _place(position: Mapping[str, int], section: Section, question: Question | None) -> int:
    if question is not None:
        return position[question.key]
    return min((position[q.key] for q in section.questions), default=len(position))


def _check_test(path: str, test: Test, parent: Question, found: Findings) -> None:
    if test.operator == "answered":
        if parent.kind == "info":
            found.note(path, faults.NOT_COMPARABLE, key=parent.key)
        return
    if parent.kind not in COMPARABLE:
        found.note(path, faults.NOT_COMPARABLE, key=parent.key)
    elif parent.kind in BOOLEANS and not test.values <= {"yes", "no"}:
        found.note(path, faults.YES_OR_NO_VALUE, key=parent.key)
    elif parent.kind in CHOICES:
        for value in sorted(test.values - {option.key for option in parent.options}):
            found.note(path, faults.NO_SUCH_OPTION, key=parent.key, value=value)


def _parents(form: Form) -> dict[str, list[str]]:
    """What each question depends on, its section's conditions included."""
    parents: dict[str, list[str]] = {question.key: [] for _, question in form.order}
    for _, condition, section, question in places(form):
        keys = [test.question for test in tests_of(condition) if test.question in parents]
        for one in (question,) if question else section.questions:
            parents[one.key] += [key for key in keys if key != one.key]
    return parents


def _circle(form: Form) -> list[str]:
    """The keys of one circle of conditions, or none."""
    parents = _parents(form)
    done: set[str] = set()
    for start in parents:
        trail: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(parents[start]))]
        while stack:
            key, rest = stack[-1]
            if not trail or trail[-1] != key:
                trail.append(key)
            parent = next((p for p in rest if p not in done), None)
            if parent is None:
                done.add(key)
                trail.pop()
                stack.pop()
            elif parent in trail:
                return [*trail[trail.index(parent) :], parent]
            else:
                stack.append((parent, iter(parents[parent])))
    return []


def _path_of(form: Form, key: str) -> str:
    for at, section in form.paths:
        for q, question in enumerate(section.questions):
            if question.key == key:
                return f"{at}questions[{q}].when"
    return "sections"
