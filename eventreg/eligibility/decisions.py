"""Facts of a decision: what the event asks, what was decided and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from eventreg.eligibility.registry import upwards
from eventreg.eligibility.tables import FAMILIES
from eventreg.shared.addresses import Address, canonical

AUDIENCES = frozenset({"anyone", "public_agents"})
ANSWERS = frozenset({"ask", "refuse"})


class Outcome(StrEnum):
    """`refused` is the files' `not_eligible`."""

    ELIGIBLE = "eligible"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may come to one event.

    `audience` is one of AUDIENCES. `families` (of tables.FAMILIES) narrows public agents; empty
    means all of them. `on_review` and `on_unknown` are of ANSWERS: ask a person, or refuse.
    `allowed` and `refused` hold entries as `list_entry` writes them. Raises ValueError.
    """

    audience: str = "public_agents"
    families: frozenset[str] = frozenset()
    on_review: str = "ask"
    on_unknown: str = "refuse"
    allowed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.audience not in AUDIENCES:
            raise ValueError(f"audience: {self.audience}")
        if not {self.on_review, self.on_unknown} <= ANSWERS:
            raise ValueError(f"on_review, on_unknown: {self.on_review}, {self.on_unknown}")
        if not self.families <= FAMILIES:
            raise ValueError(f"families: {', '.join(sorted(self.families - FAMILIES))}")
        for entry in self.allowed | self.refused:
            if list_entry(entry) != entry:
                raise ValueError("allowed and refused hold canonical entries: use list_entry()")


def list_entry(text: str) -> str:
    """One line of an event's own list: an address, a domain, or .domain (and all below it).

    Raises InvalidAddress.
    """
    stripped = text.strip()
    if "@" in stripped.removeprefix("@"):
        return canonical(stripped).canonical
    bare = stripped.removeprefix("@").removeprefix("*")
    below = bare.startswith(".")
    return ("." if below else "") + canonical(f"x@{bare.removeprefix('.')}").domain


def entries_for(address: Address) -> Iterator[str]:
    """Entries that would name this address, most specific first."""
    yield address.canonical
    yield address.domain
    for name in upwards(address.domain):
        yield f".{name}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided; a snapshot, to be kept as evidence.

    `reason` is a stable code, `rule` the step that settled it. `message` is an English id for
    gettext, with `params`. `suggestion` is a domain to show as a question, never to apply.
    `provisional`: nobody has proven that the mailbox is theirs yet.
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
