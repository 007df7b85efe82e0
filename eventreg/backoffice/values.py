"""Values of an event in words, for a choice between two of them."""

from datetime import datetime
from typing import Any

from eventreg.backoffice import words
from eventreg.backoffice.rules import local_text
from eventreg.shared.errors import N_
from eventreg.shared.i18n import say

FACT_LIMIT = 600  # characters of a value shown for a choice
YES, NO, NOT_STATED = N_("Yes"), N_("No"), N_("Not stated")


def fact(key: str, value: Any, zone: str) -> str:
    """A value of an event for people: « 2 déc. 2026, 18 h », « 120 », « Agents publics »."""
    codes = {
        "audience": words.AUDIENCES,
        "approval": words.APPROVALS,
        "registration_mode": words.MODES,
        "groups": words.GROUPS,
    }
    if key in codes:
        return say(codes[key].get(value, value))
    if isinstance(value, datetime):
        whole = not value.second and not value.microsecond
        return words.moment(value, zone) if whole else local_text(value, zone).replace("T", " ")
    if isinstance(value, bool):
        return say(YES if value else NO)
    if value is None or value in ("", []):
        return say(NOT_STATED)
    if isinstance(value, list):
        value = " ; ".join(_flat(part) for part in value)
    text = str(value)
    return text if len(text) <= FACT_LIMIT else f"{text[:FACT_LIMIT]}…"


def _flat(part: Any) -> str:
    values = part.values() if isinstance(part, dict) else [part]
    return " ".join(str(value) for value in values if value)
