"""Refusals about forms."""

from collections.abc import Sequence

from eventreg.questionnaire.rules import SchemaFault
from eventreg.shared.errors import N_, DomainError


class BadForm(DomainError):
    """A definition that cannot be used; `faults` holds every mistake with its place."""

    code = "bad_form"
    message = N_("This form cannot be used.")

    def __init__(self, faults: Sequence[SchemaFault]) -> None:
        super().__init__()
        self.faults = tuple(faults)
