"""Who may come to one event: a policy, composed without code, read from data and written back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eventreg.eligibility.entries import InvalidEntry, list_entry
from eventreg.eligibility.tables import FAMILIES
from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.errors import N_

WHO = ("anyone", "public_agents", "listed", "invited")
ANSWERS = ("accept", "ask", "refuse")
SENSES = ("broad", "strict")
MOST_ENTRIES = 1_000  # of one list inside a policy; longer ones are imported beside it
KEYS = ("who", "families", "sense", "on_review", "on_unknown", "accepted", "refused", "invited")
LISTS = ("accepted", "refused", "invited")

NOT_A_MAPPING = N_("Write the policy as keys and values: %(known)s.")
UNKNOWN_KEY = N_("Unknown key “%(key)s”. Known keys: %(known)s.")
NOT_A_LIST = N_("Write a list.")
UNKNOWN_VALUE = N_("“%(value)s” is not understood. Choose among: %(known)s.")
NOBODY = N_("Say who may come: at least one of %(known)s.")
TOO_LONG = N_("A list inside a policy holds %(limit)s entries at most: import a longer one.")
NOT_AN_ADDRESS = N_("People are invited by their address, for example: name@example.org.")
EVERYBODY = N_(
    "This would let everybody in, whatever the list says: choose “anyone”, or another answer here."
)
USELESS_FAMILIES = N_("Families narrow public agents: add public_agents, or remove them.")


class PolicyFault(ValueError):
    """A policy that cannot be used: where in the data, why (an English id), with parameters."""

    def __init__(self, path: str, message: str, **params: object) -> None:
        super().__init__(f"{path}: {message % params if params else message}")
        self.path = path
        self.message = message
        self.params = params


def _known(path: str, values: Any, known: Any) -> None:
    for value in values:
        if value not in known:
            raise PolicyFault(path, UNKNOWN_VALUE, value=value, known=", ".join(known))


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may come to one event: whoever meets any of `who`. Made by `policy_from_data`.

    `families` narrows public agents (empty: all of them); `sense` is broad (what ProConnect
    calls public) or strict (staff under public law). `on_review` and `on_unknown` say what
    happens to doubtful addresses and to unknown domains. `accepted` counts when `who` has
    "listed", `invited` when it has "invited", `refused` always. Entries are `list_entry`'s.
    """

    who: frozenset[str] = frozenset({"public_agents", "listed"})
    families: frozenset[str] = frozenset()
    sense: str = "broad"
    on_review: str = "ask"
    on_unknown: str = "refuse"
    accepted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    invited: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raises PolicyFault: no policy with a mistake exists."""
        if not self.who:
            raise PolicyFault("who", NOBODY, known=", ".join(WHO))
        _known("who", self.who, WHO)
        _known("families", self.families, sorted(FAMILIES))
        _known("sense", (self.sense,), SENSES)
        _known("on_review", (self.on_review,), ANSWERS)
        _known("on_unknown", (self.on_unknown,), ANSWERS)
        if self.families and "public_agents" not in self.who:
            raise PolicyFault("families", USELESS_FAMILIES)
        if self.on_unknown == "accept" and not self.who & {"anyone", "public_agents"}:
            raise PolicyFault("on_unknown", EVERYBODY)

    @property
    def audience(self) -> str:
        """The one word that says it shortest, for lists and for the public page."""
        return "anyone" if "anyone" in self.who else "public_agents"


ANYONE = Policy(who=frozenset({"anyone"}))
PUBLIC_AGENTS = Policy()


def of_audience(audience: str) -> Policy:
    """The policy that the shortcut `audience` stands for. Raises PolicyFault."""
    _known("audience", (audience,), ("anyone", "public_agents"))
    return ANYONE if audience == "anyone" else PUBLIC_AGENTS


def policy_from_data(data: Any, path: str = "") -> Policy:
    """A policy from JSON or YAML. Raises PolicyFault with the place of the first mistake.

    Keys: who, families, sense, on_review, on_unknown, accepted, refused, invited; all may be
    left out. A plain word is `audience`: "anyone", "public_agents".
    """
    prefix = f"{path}." if path else ""
    if isinstance(data, str):
        return _at(prefix, lambda: of_audience(data))
    if not isinstance(data, Mapping):
        raise PolicyFault(path, NOT_A_MAPPING, known=", ".join(KEYS))
    values = {key: _value(f"{prefix}{key}", key, value) for key, value in data.items()}
    if "who" not in values and values.get("invited"):
        values["who"] = Policy().who | {"invited"}
    return _at(prefix, lambda: Policy(**values))


def _value(path: str, key: Any, value: Any) -> Any:
    if key not in KEYS:
        raise PolicyFault(path, UNKNOWN_KEY, key=key, known=", ".join(KEYS))
    if key in LISTS:
        return _entries(path, value, addresses_only=key == "invited")
    if key in ("who", "families"):
        return frozenset(_words(path, value))
    if not isinstance(value, str):
        raise PolicyFault(path, UNKNOWN_VALUE, value=value, known=_choices(key))
    return value


def _at(prefix: str, make: Callable[[], Policy]) -> Policy:
    try:
        return make()
    except PolicyFault as fault:
        raise PolicyFault(f"{prefix}{fault.path}", fault.message, **fault.params) from None


def _choices(key: str) -> str:
    return ", ".join(SENSES if key == "sense" else ANSWERS)


def _words(path: str, value: Any) -> list[str]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list):
        raise PolicyFault(path, NOT_A_LIST)
    for index, word in enumerate(words):
        if not isinstance(word, str):
            known = WHO if path.endswith("who") else sorted(FAMILIES)
            raise PolicyFault(f"{path}[{index}]", UNKNOWN_VALUE, value=word, known=", ".join(known))
    return words


def _entries(path: str, value: Any, *, addresses_only: bool) -> frozenset[str]:
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, list):
        raise PolicyFault(path, NOT_A_LIST)
    if len(lines) > MOST_ENTRIES:
        raise PolicyFault(path, TOO_LONG, limit=MOST_ENTRIES)
    found = set()
    for index, line in enumerate(lines):
        try:
            found.add(canonical(line).canonical if addresses_only else list_entry(line))
        except InvalidEntry as fault:
            raise PolicyFault(f"{path}[{index}]", fault.message) from None
        except InvalidAddress:
            raise PolicyFault(f"{path}[{index}]", NOT_AN_ADDRESS) from None
        except (AttributeError, TypeError):
            raise PolicyFault(
                f"{path}[{index}]", UNKNOWN_VALUE, value=line, known="name@example.org, example.org"
            ) from None
    return frozenset(found)


def policy_to_data(policy: Policy) -> dict[str, Any]:
    """The same policy as JSON or YAML, in one writing; what is as by default is left out."""
    data: dict[str, Any] = {"who": [word for word in WHO if word in policy.who]}
    for key in ("sense", "on_review", "on_unknown"):
        if getattr(policy, key) != getattr(PUBLIC_AGENTS, key):
            data[key] = getattr(policy, key)
    for key in ("families", *LISTS):
        if getattr(policy, key):
            data[key] = sorted(getattr(policy, key))
    return data


def policy_of(audience: str, data: Any) -> Policy:
    """The policy of an event: its own where it has one, else what its audience stands for."""
    if data is None:
        return of_audience(audience)
    return _cached(json.dumps(data, sort_keys=True))


@lru_cache(maxsize=256)
def _cached(text: str) -> Policy:
    """Entries are read again at most once per process: a decision must not pay for a long list."""
    return policy_from_data(json.loads(text))
