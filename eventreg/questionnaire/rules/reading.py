"""One text, one answer: how each kind of question is read. Bounded: a text too long is not read."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from eventreg.questionnaire.rules.patterns import PATTERNS
from eventreg.questionnaire.rules.shapes import Option, Question
from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.errors import N_
from eventreg.shared.text import clean_line, clean_text, fold, has_unprintable

LINE_LIMIT = 200
LONG_LIMIT = 2_000
LARGEST_TEXT = 5_000
COMPANIONS_LIMIT = 5
MOST_COMPANIONS = 20
NAME_LIMIT = 150
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,6})?")
_PHONE = re.compile(r"\+?[0-9 .()/-]{5,30}")
_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")

TOO_LONG = N_("Shorten this text: %(limit)s characters at most.")
TOO_SHORT = N_("Write a little more: at least %(limit)s characters.")
UNPRINTABLE = N_("Remove the invisible or control characters, then type the text again.")
NOT_A_NUMBER = N_("Enter a number in digits, for example: 12.")
NOT_WHOLE = N_("Enter a whole number, for example: 12.")
TOO_PRECISE = N_("Enter at most %(count)s digits after the decimal point.")
TOO_SMALL = N_("Enter a number of at least %(limit)s.")
TOO_LARGE = N_("Enter a number of at most %(limit)s.")
NOT_A_DATE = N_("Enter a date that exists, for example: 14/01/2027.")
TOO_EARLY = N_("Enter a date from %(limit)s on.")
TOO_LATE = N_("Enter a date until %(limit)s.")
NOT_AN_EMAIL = N_("Enter a complete e-mail address, for example: name@example.org.")
NOT_A_PHONE = N_("Enter a telephone number, for example: 01 99 00 12 34.")
NOT_OFFERED = N_("Choose among the answers that are offered.")
TOO_FEW_CHOICES = N_("Choose at least %(limit)s answers.")
TOO_MANY_CHOICES = N_("Choose at most %(limit)s answers.")
NEGATIVE_COMPANIONS = N_("Enter how many people come with you, from 0 to %(limit)s.")
TOO_MANY_COMPANIONS = N_("You may bring %(limit)s people at most.")
NAMELESS_COMPANION = N_("Write the first and last name of each person, one a line.")
NOT_A_FILE = N_("Choose the file again.")


class Refused(ValueError):
    """A text that is no answer to its question."""

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


def _line(question: Question, texts: Sequence[str], _options: Sequence[Option]) -> str | None:
    value = _bounded(question, clean_line, texts[0], LINE_LIMIT)
    if question.pattern:
        pattern = PATTERNS[question.pattern]
        if pattern.numeric:
            value = value.replace(" ", "")
        if not pattern.expression.fullmatch(value):
            raise Refused(pattern.message)
    return value


def _long(question: Question, texts: Sequence[str], _options: Sequence[Option]) -> str | None:
    return _bounded(question, clean_text, texts[0], LONG_LIMIT)


def _bounded(question: Question, clean: Callable[[str], str], text: str, usual: int) -> str:
    limit = int(question.high or usual)
    value = clean(text)
    if len(value) > limit:
        raise Refused(TOO_LONG, limit=limit)
    if has_unprintable(value):
        raise Refused(UNPRINTABLE)
    if question.low and len(value) < int(question.low):
        raise Refused(TOO_SHORT, limit=question.low)
    return value


def _number(question: Question, texts: Sequence[str], _options: Sequence[Option]) -> int | float:
    text = texts[0].strip().replace("\u202f", "").replace("\xa0", "").replace(" ", "")
    if not _NUMBER.fullmatch(text):
        raise Refused(NOT_A_NUMBER)
    whole, _, decimals = text.replace(",", ".").partition(".")
    decimals = decimals.rstrip("0")
    if decimals and not question.decimals:
        raise Refused(NOT_WHOLE)
    if len(decimals) > question.decimals:
        raise Refused(TOO_PRECISE, count=question.decimals)
    value = float(f"{whole}.{decimals}") if decimals else int(whole)
    if question.low is not None and value < float(question.low):
        raise Refused(TOO_SMALL, limit=question.low)
    if question.high is not None and value > float(question.high):
        raise Refused(TOO_LARGE, limit=question.high)
    return value


def _date(question: Question, texts: Sequence[str], _options: Sequence[Option]) -> str:
    value = day(texts[0])
    if value is None:
        raise Refused(NOT_A_DATE)
    if question.low and value < str(question.low):
        raise Refused(TOO_EARLY, limit=shown_day(str(question.low)))
    if question.high and value > str(question.high):
        raise Refused(TOO_LATE, limit=shown_day(str(question.high)))
    return value


def day(text: str) -> str | None:
    """A date typed as people do (14/01/2027) or as browsers send it, in ISO; None for no date."""
    text = text.strip()
    if found := _DAY.fullmatch(text):
        text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
    try:
        value = date.fromisoformat(text) if len(text) == 10 and text.isascii() else None
    except ValueError:
        return None
    return value.isoformat() if value and 1900 <= value.year <= 2200 else None


def shown_day(iso: str) -> str:
    """14/01/2027, as the form asks for it."""
    return "/".join(reversed(iso.split("-")))


def _email(_question: Question, texts: Sequence[str], _options: Sequence[Option]) -> str:
    try:
        return canonical(texts[0]).typed
    except InvalidAddress as fault:
        raise Refused(NOT_AN_EMAIL) from fault


def _phone(_question: Question, texts: Sequence[str], _options: Sequence[Option]) -> str:
    value = clean_line(texts[0])
    digits = sum(c.isdecimal() for c in value)
    if not _PHONE.fullmatch(value) or not 6 <= digits <= 15:
        raise Refused(NOT_A_PHONE)
    return value


def _yes_no(_question: Question, texts: Sequence[str], _options: Sequence[Option]) -> bool:
    if texts[0] not in ("yes", "no", "y"):
        raise Refused(NOT_OFFERED)
    return texts[0] != "no"


def _one(_question: Question, texts: Sequence[str], options: Sequence[Option]) -> str:
    if any(option.key == texts[0] for option in options):
        return texts[0]
    raise Refused(NOT_OFFERED)


def _select(_question: Question, texts: Sequence[str], options: Sequence[Option]) -> str:
    """A key, or the words of an option as they were found by typing."""
    typed = texts[0].strip()
    if any(option.key == typed for option in options):
        return typed
    folded = fold(typed) if len(typed) <= LINE_LIMIT else ""
    for option in options:
        if folded and any(fold(label) == folded for label in option.label.values()):
            return option.key
    raise Refused(NOT_OFFERED)


def _several(question: Question, texts: Sequence[str], options: Sequence[Option]) -> list[str]:
    chosen = set(texts)
    if not chosen <= {option.key for option in options}:
        raise Refused(NOT_OFFERED)
    if question.low and len(chosen) < int(question.low):
        raise Refused(TOO_FEW_CHOICES, limit=question.low)
    if question.high and len(chosen) > int(question.high):
        raise Refused(TOO_MANY_CHOICES, limit=question.high)
    return [option.key for option in options if option.key in chosen]


def _companions(
    question: Question, texts: Sequence[str], _options: Sequence[Option]
) -> int | list[str]:
    limit = COMPANIONS_LIMIT if question.high is None else int(question.high)
    if question.named:
        return _names(texts[0], limit)
    text = texts[0].strip()
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise Refused(NEGATIVE_COMPANIONS, limit=limit)
    if int(text) > limit:
        raise Refused(TOO_MANY_COMPANIONS, limit=limit)
    return int(text)


def _names(text: str, limit: int) -> list[str]:
    if len(text) > LARGEST_TEXT:
        raise Refused(TOO_LONG, limit=LARGEST_TEXT)
    names = [name for line in text.splitlines() if (name := clean_line(line))]
    if len(names) > limit:
        raise Refused(TOO_MANY_COMPANIONS, limit=limit)
    if any(has_unprintable(name) for name in names):
        raise Refused(UNPRINTABLE)
    if any(len(name) > NAME_LIMIT or not any(c.isalpha() for c in name) for name in names):
        raise Refused(NAMELESS_COMPANION)
    return names


def _file(_question: Question, texts: Sequence[str], _options: Sequence[Option]) -> dict[str, str]:
    """« public id/name » of a file that the door has kept: it alone knows whose it is."""
    public_id, slash, name = texts[0].partition("/")
    if not slash or not name:
        raise Refused(NOT_A_FILE)
    return {"file": public_id, "name": name}


Reader = Callable[[Question, Sequence[str], Sequence[Option]], Any]
READERS: Mapping[str, Reader] = {
    "text": _line,
    "long_text": _long,
    "access_needs": _long,
    "number": _number,
    "date": _date,
    "email": _email,
    "phone": _phone,
    "yes_no": _yes_no,
    "consent": _yes_no,
    "one": _one,
    "select": _select,
    "several": _several,
    "companions": _companions,
    "file": _file,
}
