"""Facts of a decision: what was decided and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from eventreg.shared.addresses import Address


class Outcome(StrEnum):
    """`refused` is the files' `not_eligible`."""

    ELIGIBLE = "eligible"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided; a snapshot, to be kept as evidence.

    `reason` is a stable code, `rule` the step that settled it. `message` is an English id for
    gettext, with `params`. `suggestion` is a domain to show as a question, never to apply.
    `provisional`: nobody has proven that the mailbox is theirs yet. `method` is email or
    proconnect; `siret`, `roles` and `acr` (how strongly the person signed in) are what ProConnect
    told, where it was asked.
    """

    outcome: Outcome
    reason: str
    rule: str
    registry_version: str
    message: str
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    organisation: str = ""
    category: str = ""
    evidence: str = ""
    markers: tuple[str, ...] = ()
    suggestion: str | None = None
    provisional: bool = False
    address: Address | None = None
    method: str = "email"
    siret: str = ""
    roles: tuple[str, ...] = ()
    acr: str = ""
