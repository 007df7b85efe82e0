"""The eligibility decision for a sign-up: the registry of this process, the policy of the event."""

from functools import lru_cache

from eventreg.eligibility import registry
from eventreg.eligibility.rules import Decision, Policy, decide as decide_by_rules
from eventreg.shared.addresses import Address


@lru_cache(maxsize=1)
def current_registry() -> registry.Registry:
    """Loaded once per process (the web server loads it before it forks)."""
    return registry.load()


def decide(address: Address | str, *, audience: str, mailbox_confirmed: bool = False) -> Decision:
    """The decision for one address and an event's audience."""
    text = address if isinstance(address, str) else address.typed
    return decide_by_rules(
        text,
        policy=Policy(audience=audience),
        registry=current_registry(),
        mailbox_confirmed=mailbox_confirmed,
    )
