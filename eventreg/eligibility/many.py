"""One policy asked of many people: those alike at one domain are decided once. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from eventreg.eligibility import markers, rules
from eventreg.eligibility.decisions import Decision
from eventreg.eligibility.identity import Identity
from eventreg.eligibility.policies import Policy
from eventreg.eligibility.registry import Registry


class Many:
    """`decide` of `rules` for canonical addresses whose mailbox answers, in a tenth of the time.

    Ten thousand people have some hundred domains, and the rules read few words before the @.
    """

    def __init__(self, policy: Policy, registry: Registry, entries: Mapping[str, str]) -> None:
        self._policy, self._registry, self._entries = policy, registry, entries
        self._named = policy.accepted | policy.refused | policy.invited | entries.keys()
        self._read = markers.reader(registry)
        self._known: dict[tuple[object, ...], Decision] = {}

    def decide(self, email_key: str, identity: Identity | None = None) -> Decision:
        """The decision for one person; without the address, which those alike do not share."""
        if identity is not None or email_key in self._named:
            return self._asked(email_key, identity)
        local, _, domain = email_key.rpartition("@")
        alike = (domain, *self._read(local))
        known = self._known.get(alike)
        if known is None:
            known = self._known[alike] = self._asked(email_key, None)
        return known

    def _asked(self, email_key: str, identity: Identity | None) -> Decision:
        decision = rules.decide(
            email_key,
            policy=self._policy,
            registry=self._registry,
            proven=True,
            identity=identity,
            entries=self._entries,
        )
        return replace(decision, address=None)
