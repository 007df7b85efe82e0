"""Questions as a page draws them: each looks like a field of a form to the common macros."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from eventreg.questionnaire.rules import (
    Checked,
    Fault,
    Form,
    Question,
    Section,
    as_condition,
    check,
    met,
    shown_day,
    visible,
    words,
)
from eventreg.questionnaire.rules.patterns import PATTERNS
from eventreg.questionnaire.rules.reading import LINE_LIMIT, LONG_LIMIT, day
from eventreg.shared.errors import N_
from eventreg.shared.i18n import current_locale, say

PREFIX = "q_"
FEW = 20  # more choices than that are searched by typing
YES, NO = N_("Yes"), N_("No")
INPUT_TYPES = {"email": "email", "phone": "tel", "date": "date"}
AUTOCOMPLETE = {"email": "off", "phone": "off"}  # of somebody else, unless the form says whose
DATE_HINT = N_("Expected format: DD/MM/YYYY, for example 14/01/2027.")
PHONE_HINT = N_("For example: 01 99 00 12 34.")
EMAIL_HINT = N_("Expected format: name@example.org.")
NEEDS_HINT = N_(
    "For example: sign language, a wheelchair, large print. Do not write about your health. "
    "One person alone reads this; it is erased 7 days after the event."
)
COMPANIONS_HINT = N_("%(limit)s at most.")
NAMES_HINT = N_("First and last name of each, one a line; %(limit)s people at most.")
SEVERAL_HINT = N_("%(limit)s answers at most.")
SEARCH_HINT = N_("Type the first letters, then choose in the list.")


@dataclass
class Drawn:
    """One question, its texts as they were sent, its errors."""

    question: Question
    sent: Sequence[str]
    shown: bool
    known: Mapping[str, Any]
    locale: str
    errors: list[str] = field(default_factory=list)
    file_name: str = ""

    @property
    def kind(self) -> str:
        return self.question.kind

    @property
    def id(self) -> str:
        return PREFIX + self.question.key

    @property
    def name(self) -> str:
        return PREFIX + self.question.key

    @property
    def label(self) -> Any:
        return SimpleNamespace(text=words(self.question.label, self.locale))

    @property
    def flags(self) -> Any:
        return SimpleNamespace(required=self.question.required, maxlength=None)

    @property
    def type(self) -> str:
        return INPUT_TYPES.get(self.kind, "text")

    @property
    def data(self) -> bool:
        """Of a box: whether it is ticked."""
        return bool(self.sent) and self.sent[0] not in ("", "no")

    @property
    def searched(self) -> bool:
        return self.kind == "select" and len(self.question.options) > FEW

    @property
    def when(self) -> str:
        """The condition, for the script that shows and hides."""
        return json.dumps(as_condition(self.question.when)) if self.question.when else ""

    @property
    def keys(self) -> str:
        """What the script compares where words are typed."""
        if not self.searched:
            return ""
        options = self.question.options
        return json.dumps({words(option.label, self.locale): option.key for option in options})

    @property
    def hint(self) -> str:
        """The organisers' help first, then what the kind expects."""
        one = self.question
        own = words(one.help, self.locale)
        usual = ""
        if one.kind in ("date", "phone", "email"):
            hint = {"date": DATE_HINT, "phone": PHONE_HINT, "email": EMAIL_HINT}[one.kind]
            usual = say(hint)
        elif one.kind == "access_needs":
            usual = say(NEEDS_HINT)
        elif one.kind == "companions":
            limit = 5 if one.high is None else one.high
            usual = say(NAMES_HINT if one.named else COMPANIONS_HINT, {"limit": limit})
        elif one.kind == "several" and one.high:
            usual = say(SEVERAL_HINT, {"limit": one.high})
        elif self.searched:
            usual = say(SEARCH_HINT)
        elif one.pattern:
            usual = say(PATTERNS[one.pattern].label) + "."
        return " ".join(part for part in (own, usual) if part)

    @property
    def autocomplete(self) -> str:
        return self.question.autocomplete or AUTOCOMPLETE.get(self.kind, "")

    @property
    def inputmode(self) -> str:
        if self.kind == "number":
            return "decimal" if self.question.decimals else "numeric"
        numeric = self.question.pattern and PATTERNS[self.question.pattern].numeric
        return "numeric" if self.kind == "companions" or numeric else ""

    @property
    def maxlength(self) -> int | None:
        if self.kind in ("long_text", "access_needs"):
            return int(self.question.high or LONG_LIMIT)
        if self.kind == "text":
            spaced = bool(self.question.pattern) and PATTERNS[self.question.pattern].numeric
            return None if spaced else int(self.question.high or LINE_LIMIT)
        return None

    @property
    def suggestions(self) -> list[str]:
        """What can be typed where the list is searched."""
        return [words(option.label, self.locale) for option in self.question.options]

    def _value(self) -> str:
        text = self.sent[0] if self.sent else ""
        if self.kind == "date":
            return day(text) or text
        if self.searched:
            for option in self.question.options:
                if option.key == text:
                    return words(option.label, self.locale)
        return text

    def has_groups(self) -> bool:
        return False

    def iter_choices(self) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
        """(value, words, chosen, attributes) as WTForms gives them."""
        if self.kind == "yes_no":
            for value, text in (("yes", YES), ("no", NO)):
                yield value, say(text), value in self.sent, {}
            return
        for option in self.question.options:
            more: dict[str, Any] = {}
            if option.when:
                more["data-when"] = json.dumps(as_condition(option.when))
                if not met(option.when, self.known):
                    more["hidden"] = True
            chosen = option.key in self.sent
            yield option.key, words(option.label, self.locale), chosen, more


@dataclass
class DrawnSection:
    """Questions under one heading."""

    section: Section
    shown: bool
    questions: list[Drawn]
    locale: str

    @property
    def title(self) -> str:
        return words(self.section.title, self.locale)

    @property
    def help(self) -> str:
        return words(self.section.help, self.locale)

    @property
    def when(self) -> str:
        return json.dumps(as_condition(self.section.when)) if self.section.when else ""


class Questions:
    """An event's own questions on one page. `sent`: texts by key, as they came."""

    def __init__(
        self,
        form: Form,
        population: str,
        sent: Mapping[str, Sequence[str]] | None = None,
        *,
        by_organiser: bool = False,
    ) -> None:
        self.form = form
        self.population = population
        self.sent = sent or {}
        self.by_organiser = by_organiser
        self.faults: tuple[Fault, ...] = ()
        self.file_names: dict[str, str] = {}

    @cached_property
    def checked(self) -> Checked:
        """What the texts mean, read once when it is first asked for."""
        return check(self.form, self.population, self.sent, by_organiser=self.by_organiser)

    def valid(self) -> bool:
        """Whether every answer can be kept; from here on faults are drawn."""
        self.faults = self.checked.faults
        return not self.faults

    @property
    def takes_files(self) -> bool:
        return any(question.kind == "file" for _, question in self.form.order)

    @property
    def conditional(self) -> bool:
        return self.form.conditional

    @property
    def needs(self) -> dict[str, str]:
        """Access needs: kept apart from the other answers."""
        return {
            key: value
            for key, value in self.checked.answers.items()
            if self.form.by_key[key].kind == "access_needs"
        }

    @property
    def answers(self) -> dict[str, Any]:
        """What is kept with the registration."""
        apart = self.needs
        return {key: v for key, v in self.checked.answers.items() if key not in apart}

    def messages(self) -> list[tuple[str, str]]:
        """(anchor, words) of each fault, for the summary; the anchor of a group is its first input."""
        return [
            (self._anchor(fault.key), say(fault.message, dict(fault.params)))
            for fault in self.faults
        ]

    def _anchor(self, key: str) -> str:
        question = self.form.by_key.get(key)
        if question is None:
            return ""
        listed = question.kind in ("one", "several", "yes_no")
        few = question.kind == "select" and len(question.options) <= 7
        return f"{PREFIX}{key}-0" if listed or few else f"{PREFIX}{key}"

    def sections(self) -> list[DrawnSection]:
        """What may be asked of this population, hidden questions too: a script may show them."""
        locale = current_locale()
        asked = visible(
            self.form, self.population, self.checked.answers, by_organiser=self.by_organiser
        )
        drawn = []
        for section in self.form.sections:
            shown = met(section.when, self.checked.answers)
            questions = [
                self._drawn(q, locale, shown=q.key in asked or not shown)
                for q in section.questions
                if self._concerns(q)
            ]
            if questions:
                drawn.append(DrawnSection(section, shown, questions, locale))
        return drawn

    def _concerns(self, question: Question) -> bool:
        if question.organiser_only and not self.by_organiser:
            return False
        return not question.populations or self.population in question.populations

    def _drawn(self, question: Question, locale: str, *, shown: bool) -> Drawn:
        return Drawn(
            question,
            self.sent.get(question.key, ()),
            shown,
            self.checked.answers,
            locale,
            [say(f.message, dict(f.params)) for f in self.faults if f.key == question.key],
            self.file_names.get(question.key, ""),
        )


def for_organisers(form: Form) -> bool:
    """Whether the form has questions that organisers alone answer (files come from people only)."""
    return any(q.organiser_only and q.kind != "file" for _, q in form.order)


class OrganisersOwn(Questions):
    """The questions that organisers alone answer, beside the answers of a person."""

    def __init__(
        self,
        form: Form,
        population: str,
        kept: Mapping[str, Sequence[str]],
        own: Mapping[str, Sequence[str]],
    ) -> None:
        others = {k: v for k, v in kept.items() if not form.by_key[k].organiser_only}
        super().__init__(form, population, {**own, **others}, by_organiser=True)
        self.checked = replace(
            self.checked,
            faults=tuple(f for f in self.checked.faults if self._is_own(f.key)),
        )

    def _is_own(self, key: str) -> bool:
        question = self.form.by_key.get(key)
        return question is None or question.organiser_only

    def _concerns(self, question: Question) -> bool:
        return question.organiser_only and question.kind != "file" and super()._concerns(question)


def sent_of(form: Form, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Kept answers as a form would send them, to be shown and changed."""
    sent: dict[str, list[str]] = {}
    for key, value in answers.items():
        question = form.by_key.get(key)
        if question is None or value is None:
            continue
        sent[key] = _texts(question, value)
    return sent


def _texts(question: Question, value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, dict):
        return [f"{value.get('file', '')}/{value.get('name', '')}"]
    if isinstance(value, list):
        return value if question.kind == "several" else ["\n".join(value)]
    return [str(value)]


def shown_answer(question: Question, value: Any, locale: str) -> str:
    """An answer as people read it; of a choice that is gone from the form, its key."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return say(YES if value else NO)
    if question.kind in ("one", "select", "several"):
        labels = {option.key: words(option.label, locale) for option in question.options}
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(key), str(key)) for key in chosen)
    if isinstance(value, dict):
        return str(value.get("name", ""))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return shown_day(str(value)) if question.kind == "date" else str(value)
