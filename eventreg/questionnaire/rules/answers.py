"""What a person sent, read against the form: answers of the right shape, or faults by question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventreg.questionnaire.rules.reading import READERS, Refused
from eventreg.questionnaire.rules.shapes import Form, Question
from eventreg.questionnaire.rules.visibility import asked, offered
from eventreg.shared.errors import N_

UNKNOWN = N_("This form has no such question: open the page again.")
TWICE = N_("Give one answer only to this question.")
REQUIRED: Mapping[str, str] = {
    "one": N_("Choose an answer."),
    "select": N_("Choose an answer in the list."),
    "several": N_("Tick at least one answer."),
    "yes_no": N_("Choose yes or no."),
    "consent": N_("Tick this box to sign up."),
    "file": N_("Choose a file."),
    "date": N_("Enter a date, for example: 14/01/2027."),
    "number": N_("Enter a number."),
    "email": N_("Enter an e-mail address, for example: name@example.org."),
    "phone": N_("Enter a telephone number, for example: 01 99 00 12 34."),
    "companions": N_("Say how many people come with you; 0 for nobody."),
}
REQUIRED_TEXT = N_("Answer this question.")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one answer cannot be used: an English id and its parameters."""

    key: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """Answers ready to be kept, of the questions asked only; faults in the order of the form."""

    answers: dict[str, Any]
    faults: tuple[Fault, ...] = ()
    visible: frozenset[str] = frozenset()


def check(
    form: Form, population: str, raw: Mapping[str, Sequence[str]], *, by_organiser: bool = False
) -> Checked:
    """Reads every question that is asked; what was sent for one that is not is left out.

    `raw`: the texts sent, by key. An unknown key, or one for organisers alone, is a fault.
    """
    answers: dict[str, Any] = {}
    faults: list[Fault] = []
    seen: set[str] = set()
    for section, question in form.order:
        if not asked(section, question, population, answers, by_organiser=by_organiser):
            continue
        seen.add(question.key)
        if question.kind == "info":
            continue
        try:
            value = _read(question, raw.get(question.key, ()), answers)
        except Refused as refusal:
            faults.append(Fault(question.key, refusal.message, refusal.params))
        else:
            if value is not None:
                answers[question.key] = value
    faults += [Fault(key, UNKNOWN) for key in raw if not _known(form, key, by_organiser)]
    return Checked(answers, tuple(faults), frozenset(seen))


def _known(form: Form, key: str, by_organiser: bool) -> bool:
    question = form.by_key.get(key)
    return question is not None and (by_organiser or not question.organiser_only)


def _read(question: Question, sent: Sequence[str], known: Mapping[str, Any]) -> Any:
    """The answer; None when there is none. Raises Refused."""
    texts = [text for text in sent if text.strip()] if sent else []
    if question.kind != "several" and len(texts) > 1:
        raise Refused(TWICE)
    options = offered(question, known) if question.options else ()
    if len(options) != len(question.options):  # a hidden option is not chosen, as a hidden question
        gone = {option.key for option in question.options} - {option.key for option in options}
        texts = [text for text in texts if text not in gone]
    if not texts:
        return _nothing(question)
    value = READERS[question.kind](question, texts, options)
    if question.required and question.kind == "consent" and value is not True:
        return _nothing(question)
    return value


def _nothing(question: Question) -> Any:
    if question.required:
        raise Refused(REQUIRED.get(question.kind, REQUIRED_TEXT))
    # An unticked box is an answer: what depends on « no » must be asked.
    return False if question.kind == "consent" else None
