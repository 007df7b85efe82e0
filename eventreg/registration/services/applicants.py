"""Who signs up, and what they ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventreg.eligibility.rules import Identity
from eventreg.shared.addresses import Address, canonical
from eventreg.shared.text import fold


@dataclass(frozen=True)
class Applicant:
    """What a person typed, already of the right shape. `address` is the canonical reading."""

    address: Address
    given_name: str
    family_name: str
    organisation: str = ""
    job_title: str = ""
    phone: str = ""
    justification: str = ""  # why an exception is asked for
    identity: Identity | None = None  # not typed: who a fresh sign-in says that they are

    @classmethod
    def from_text(cls, email: str, given_name: str, family_name: str, **rest: Any) -> "Applicant":
        """Raises InvalidAddress."""
        return cls(canonical(email), given_name, family_name, **rest)

    def columns(self) -> dict[str, str]:
        """The columns of a registration that say who it is."""
        return {
            "email": self.address.typed,
            "email_key": self.address.canonical,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "organisation": self.organisation,
            "job_title": self.job_title,
            "phone": self.phone,
            "justification": self.justification,
            "search": fold(f"{self.family_name} {self.given_name} {self.address.canonical}"),
        }


@dataclass(frozen=True)
class Wishes:
    """What a person asked for beside a place: answers of that version of the form, other pools.

    `pools`: seats by the key of the pool; `companions` take seats of the event's own.
    """

    population: str = ""
    form_version: int = 0
    answers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pools: Mapping[str, int] = field(default_factory=dict)
    companions: int = 0


NOTHING_MORE = Wishes()
