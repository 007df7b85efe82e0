"""Readers of plain data (YAML, JSON, a page's form) that note what is wrong and where.

A text that YAML left unresolved (« yes », « 12 ») is read as what its key stands for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from eventreg.questionnaire.rules import faults
from eventreg.questionnaire.rules.faults import SchemaFault
from eventreg.questionnaire.rules.shapes import Label
from eventreg.shared.text import clean_text, has_unprintable, parse_local

MOST_FAULTS = 50
LABEL_LIMIT = 300
HELP_LIMIT = 1_000
LARGEST = 10**12
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TRUE, _FALSE = ("yes", "true", "oui"), ("no", "false", "non")


class Stop(Exception):
    """So many mistakes that the rest is not worth reading."""


class Findings:
    """The mistakes found so far."""

    def __init__(self, zone: str, *, stored: bool = False) -> None:
        self.zone = zone
        self.stored = stored  # read back from the table: contacts may have been erased
        self.faults: list[SchemaFault] = []

    def note(self, path: str, message: str, /, **params: Any) -> None:
        self.faults.append(SchemaFault(path, message, params))
        if len(self.faults) >= MOST_FAULTS:
            raise Stop


class Table:
    """A mapping at its place, whose known keys are read one by one."""

    def __init__(self, data: Any, path: str, found: Findings, known: Sequence[str]) -> None:
        self.path, self.found = path, found
        self.data: Mapping[str, Any] = {}
        if not isinstance(data, Mapping):
            found.note(path, faults.NOT_A_TABLE)
            return
        self.data = data
        for key in data:
            if key not in known:
                found.note(self.at(str(key)), faults.UNKNOWN_KEY, key=key, known=", ".join(known))

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def note(self, key: str, message: str, /, **params: Any) -> None:
        self.found.note(self.at(key) if key else self.path, message, **params)

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def text(self, key: str, limit: int = LABEL_LIMIT) -> str:
        value = self.data.get(key)
        if value is None:
            return ""
        return self._clean(key, value, limit)

    def _clean(self, key: str, value: Any, limit: int) -> str:
        if not isinstance(value, str):
            self.note(key, faults.NOT_A_TEXT)
            return ""
        if len(value) > limit:
            self.note(key, faults.TOO_LONG, limit=limit)
            return ""
        cleaned = clean_text(value)
        if has_unprintable(cleaned):
            self.note(key, faults.UNPRINTABLE)
            return ""
        return cleaned

    def label(self, key: str, *, required: bool = False, limit: int = LABEL_LIMIT) -> Label | None:
        """« text » (French), or {fr: ..., en: ...}."""
        value = self.data.get(key)
        texts: dict[str, str] = {}
        if isinstance(value, Mapping):
            table = Table(value, self.at(key), self.found, ("fr", "en"))
            texts = {locale: table.text(locale, limit) for locale in ("fr", "en")}
        elif value is not None:
            texts = {"fr": self._clean(key, value, limit)}
        texts = {locale: text for locale, text in texts.items() if text}
        if required and not texts:
            self.note(key, faults.MISSING, key=key)
        return texts or ({} if required else None)

    def key(self, name: str = "key", *, required: bool = True) -> str:
        value = self.data.get(name)
        if value is None or value == "":
            if required:
                self.note(name, faults.MISSING, key=name)
            return ""
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            self.note(name, faults.NOT_A_KEY, value=str(value)[:60])
            return ""
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.data.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = str(value).strip().lower()
        if word not in _TRUE + _FALSE:
            self.note(name, faults.NOT_YES_OR_NO)
        return word in _TRUE

    def whole(self, name: str, low: int = 0, high: int = LARGEST) -> int | None:
        value = self.data.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,13}", value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.note(name, faults.NOT_A_NUMBER, low=low, high=high)
            return None
        return value

    def choice(self, name: str, known: Sequence[str], default: str = "") -> str:
        value = self.data.get(name)
        if value is None or value == "":
            return default
        if not isinstance(value, str) or value not in known:
            self.note(name, faults.CHOOSE, value=str(value)[:60], known=", ".join(known))
            return default
        return value

    def moment(self, name: str) -> datetime | None:
        """A local time of the event's zone, or one with its offset."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > 40:
            self.note(name, faults.NOT_A_MOMENT)
            return None
        try:
            return parse_local(value, self.found.zone)
        except ValueError as fault:
            words = {"twice": faults.TWICE_A_YEAR, "missing": faults.NO_SUCH_HOUR}
            self.note(name, words.get(str(fault), faults.NOT_A_MOMENT))
            return None

    def items(self, name: str, most: int) -> Iterator[tuple[str, Any]]:
        """(path, value) of each entry of a list; one text is a list of one."""
        value = self.data.get(name)
        if value is None:
            return
        if not isinstance(value, (list, tuple)):
            self.note(name, faults.NOT_A_LIST)
            return
        if len(value) > most:
            self.note(name, faults.TOO_MANY, limit=most)
            return
        for index, entry in enumerate(value):
            yield f"{self.at(name)}[{index}]", entry
