"""Who somebody is, as every door takes it: the same lengths and characters. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventreg.shared.addresses import Address, InvalidAddress, canonical
from eventreg.shared.errors import N_
from eventreg.shared.text import clean_line, line_fault

NAME_LIMIT = 75
LINE_LIMIT = 200
PHONE_LIMIT = 40
LIMITS: Mapping[str, int] = {
    "given_name": NAME_LIMIT,
    "family_name": NAME_LIMIT,
    "organisation": LINE_LIMIT,
    "job_title": LINE_LIMIT,
    "phone": PHONE_LIMIT,
}
NAMES = ("given_name", "family_name")
COMPULSORY = ("email", *NAMES)
MISSING = N_("This cell is empty.")


@dataclass(frozen=True)
class Flaw:
    """Why one cell cannot be used: its column, an English id and its parameters."""

    column: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


def read(given: Mapping[str, str]) -> tuple[Address | None, dict[str, str], list[Flaw]]:
    """(address, the other facts, what is wrong) of somebody given as texts by column."""
    flaws: list[Flaw] = []
    facts: dict[str, str] = {}
    for column, limit in LIMITS.items():
        facts[column] = clean_line(given.get(column, ""))
        fault = line_fault(facts[column], limit, name=column in NAMES)
        if column in NAMES and not facts[column]:
            flaws.append(Flaw(column, MISSING))
        elif fault is not None:
            flaws.append(Flaw(column, *fault))
    address = None
    typed = given.get("email", "").strip()
    try:
        address = canonical(typed)
    except InvalidAddress as fault:
        flaws.insert(0, Flaw("email", fault.message if typed else MISSING))
    return address, facts, flaws
