"""What a form is made of. Immutable; read by `definition.parse`, written by `definition.as_data`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

Label = Mapping[str, str]  # {"fr": ..., "en": ...}; one of them may be missing

CHOICES = ("one", "several", "select")
TEXTS = ("text", "long_text", "email", "phone", "access_needs")
KINDS = (
    "text",
    "long_text",
    "number",
    "date",
    "email",
    "phone",
    "yes_no",
    "one",
    "several",
    "select",
    "file",
    "consent",
    "companions",
    "access_needs",
    "info",
)
BOOLEANS = ("yes_no", "consent")
POOL_KINDS = ("population", "workshop", "day", "option")
OPERATORS = ("is", "is_not", "in", "not_in", "answered")


@dataclass(frozen=True, slots=True)
class Test:
    """One earlier answer compared. `values`: keys of options, "yes", "no", or a number's text."""

    question: str
    operator: str
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions: all of them, or any."""

    how: str  # all, any
    parts: tuple["Condition", ...]


Condition = Test | Group


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question; `pool`: choosing it takes seats there."""

    key: str
    label: Label
    pool: str = ""
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `low` and `high` bound a text's length, a number, a date (ISO), how many
    choices, how many companions; `pattern` is a name of `patterns.PATTERNS`.
    """

    key: str
    kind: str
    label: Label
    help: Label | None = None
    required: bool = False
    when: Condition | None = None
    populations: tuple[str, ...] = ()  # empty: all
    options: tuple[Option, ...] = ()
    organiser_only: bool = False
    low: int | float | str | None = None
    high: int | float | str | None = None
    decimals: int = 0
    pattern: str = ""
    pool: str = ""  # of a yes/no or a consent: "yes" takes seats there
    named: bool = False  # companions by name, not by number
    contact: str = ""  # of access needs: who alone reads them
    autocomplete: str = ""  # the standard token, for what browsers know of a person


@dataclass(frozen=True, slots=True)
class Section:
    """Questions under one heading; without a title they follow on."""

    key: str
    title: Label | None = None
    help: Label | None = None
    when: Condition | None = None
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """People who sign up under their own terms. None and '' mean: as the event says."""

    key: str
    label: Label
    help: Label | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    approval: str = ""  # none, manual
    policy: Any = None  # who may come, as the room of eligibility writes it
    pool: str = ""


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """Seats beside the event's own. A stored form keeps key, kind, label and companions: the rows
    of the table are what counts for the rest, which may change without a new version.
    """

    key: str
    kind: str
    label: Label
    companions: bool = True  # companions take seats here too
    capacity: int | None = None
    waiting_list: bool = False
    released_at: datetime | None = None
    into: str | None = None  # None: no release; '': the event's own


@dataclass(frozen=True)
class Form:
    """Everything that one version of an event's form says."""

    version: int = 0
    populations: tuple[Population, ...] = ()
    sections: tuple[Section, ...] = ()
    pools: tuple[PoolSpec, ...] = ()

    @cached_property
    def order(self) -> tuple[tuple[Section, Question], ...]:
        """Every question with its section, in order."""
        return tuple((section, q) for section in self.sections for q in section.questions)

    @cached_property
    def paths(self) -> tuple[tuple[str, Section], ...]:
        """Where each section's questions are written: loose ones stand at the top."""
        loose = bool(self.sections) and not self.sections[0].key
        return tuple(
            ("" if loose and not n else f"sections[{n - loose}].", section)
            for n, section in enumerate(self.sections)
        )

    @cached_property
    def by_key(self) -> Mapping[str, Question]:
        return {question.key: question for _, question in self.order}

    @cached_property
    def pool_specs(self) -> Mapping[str, PoolSpec]:
        return {pool.key: pool for pool in self.pools}

    @cached_property
    def conditional(self) -> bool:
        """Whether any answer decides what else is asked."""
        return any(
            section.when or q.when or any(option.when for option in q.options)
            for section, q in self.order
        )

    def population(self, key: str) -> Population | None:
        return next((one for one in self.populations if one.key == key), None)


NO_FORM = Form()


def words(label: Label | None, locale: str) -> str:
    """The label in the reader's language, else in the other one."""
    if not label:
        return ""
    return label.get(locale) or label.get("fr") or label.get("en") or ""
