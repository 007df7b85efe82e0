"""What an event may be told: keys, values, dates that fit. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LIMIT = 120
TITLE_LIMIT = 300
EVENT_STATES = ("draft", "published", "cancelled", "archived")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "audience": ("anyone", "public_agents"),
    "approval": ("none", "manual"),
    "registration_mode": ("internal", "external", "none"),
}


def is_slug(text: str) -> bool:
    return bool(SLUG.fullmatch(text)) and len(text) <= SLUG_LIMIT


def date_faults(
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    opens_at: datetime | None,
    closes_at: datetime | None,
) -> list[tuple[str, str]]:
    """(key, English sentence) for each pair of instants that cannot both be true."""
    faults = []
    if starts_at and ends_at and ends_at < starts_at:
        faults.append(("ends_at", "The end comes before the start."))
    if opens_at and closes_at and closes_at <= opens_at:
        faults.append(("closes_at", "Sign-ups would close before they open."))
    if closes_at and ends_at and closes_at > ends_at:
        faults.append(("closes_at", "Sign-ups would close after the event has ended."))
    if opens_at and not closes_at and starts_at and opens_at >= starts_at:
        faults.append(("opens_at", "Sign-ups would open after the event has started."))
    return faults


def publish_faults(*, title: str, starts_at: datetime | None) -> list[tuple[str, str]]:
    """What is missing before an event may be shown to everybody."""
    faults = []
    if not title.strip():
        faults.append(("title", "An event needs a title before it is published."))
    if starts_at is None:
        faults.append(("starts_at", "An event needs a start before it is published."))
    return faults


def proof_fault(*, audience: str, confirmation_hours: float) -> bool:
    """A public-agents event always proves the mailbox. Source: contract, section 5."""
    return audience == "public_agents" and confirmation_hours == 0
