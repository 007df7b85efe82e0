"""The eligibility decision for a sign-up: the registry of this process, the policy of the event."""

from functools import lru_cache

from sqlalchemy import column, select, table

from eventreg.eligibility import registry
from eventreg.eligibility.rules import Decision, of_audience
from eventreg.eligibility.rules import decide as decide_by_rules
from eventreg.shared.addresses import Address
from eventreg.shared.db import db

_events = table("events", column("slug"), column("audience"))


@lru_cache(maxsize=1)
def current_registry() -> registry.Registry:
    """Loaded once per process (the web server loads it before it forks)."""
    return registry.load()


def audience_of(slug: str) -> str | None:
    """The audience of an event, or None when there is no such event.

    The room of events stands beside this one, so its table is named here without its model.
    """
    query = select(_events.c.audience).where(_events.c.slug == slug)
    found: str | None = db.session.execute(query).scalar_one_or_none()
    return found


def decide(address: Address | str, *, audience: str, proven: bool = False) -> Decision:
    """The decision for one address and an event's audience."""
    text = address if isinstance(address, str) else address.typed
    return decide_by_rules(
        text,
        policy=of_audience(audience),
        registry=current_registry(),
        proven=proven,
    )
