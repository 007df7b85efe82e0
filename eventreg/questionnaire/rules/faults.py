"""What is wrong in a definition, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventreg.shared.errors import N_

UNKNOWN_KEY = N_("Unknown key “%(key)s”. Known keys: %(known)s.")
MISSING = N_("“%(key)s” is missing.")
NOT_A_TABLE = N_("Write keys and values here.")
NOT_A_LIST = N_("Write a list here.")
NOT_A_TEXT = N_("Write a text here.")
TOO_LONG = N_("Shorten this text: %(limit)s characters at most.")
UNPRINTABLE = N_("Remove the invisible or control characters from this text.")
NOT_A_KEY = N_(
    "“%(value)s” is no key: a small letter, then small letters, digits and _, "
    "40 characters at most."
)
REPEATED = N_("The key “%(key)s” is already used: each key is used once.")
CHOOSE = N_("“%(value)s” is not understood. Choose among: %(known)s.")
NOT_YES_OR_NO = N_("Write yes or no.")
NOT_A_NUMBER = N_("Write a whole number from %(low)s to %(high)s.")
NOT_A_MOMENT = N_("Write a date and a time, for example: 2027-01-14 18:00.")
TWICE_A_YEAR = N_("This hour happens twice that night: add the offset, for example +01:00.")
NO_SUCH_HOUR = N_("This hour does not exist that night.")
BACKWARDS = N_("The first limit is beyond the second.")
TOO_MANY = N_("There are more than %(limit)s of them.")
NOT_FOR_KIND = N_("“%(key)s” says nothing for a question of the kind “%(kind)s”.")
NO_OPTIONS = N_("List the options of this question, at least one.")
NO_SUCH_POOL = N_("There is no pool “%(key)s”.")
NO_SUCH_POPULATION = N_("There is no population “%(key)s”.")
NO_SUCH_QUESTION = N_("There is no question “%(key)s”.")
LATER_QUESTION = N_("The question “%(key)s” comes later: a condition speaks of earlier answers.")
OWN_ANSWER = N_("A question cannot depend on its own answer.")
CYCLE = N_("These conditions turn in a circle: %(path)s.")
HIDDEN_PARENT = N_("“%(key)s” is for organisers only: people who sign up never answer it.")
NO_SUCH_OPTION = N_("The question “%(key)s” has no option “%(value)s”.")
YES_OR_NO_VALUE = N_("The answer to “%(key)s” is compared with yes or no.")
NOT_COMPARABLE = N_("The answer to “%(key)s” can only be « answered » or not.")
ONE_TEST = N_("Write one comparison: %(known)s.")
TOO_DEEP = N_("Conditions are nested more than %(limit)s levels deep.")
EMPTY_GROUP = N_("List at least one condition.")
NOT_ONE_VALUE = N_("Write one value; use “in” or “not_in” for several.")
INTO_ITSELF = N_("A pool cannot give its seats back to itself.")
INTO_WITHOUT_DATE = N_("Say when these seats are released: “released_at”.")
CLOSES_FIRST = N_("Sign-ups must open before they close.")
NO_CONTACT = N_("Say who reads the access needs: “contact”, an e-mail address.")
NOT_AN_ADDRESS = N_("Enter a complete e-mail address, for example: name@example.org.")


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One mistake: its place (`sections[0].questions[2].key`), an English id, its parameters."""

    path: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


class BadDefinition(ValueError):
    """A definition that cannot be used, with every mistake found."""

    def __init__(self, faults: tuple[SchemaFault, ...]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.message}" for fault in faults))
        self.faults = faults
