"""The calendar file of a registration, for its own page: the same UID as the mailed one."""

from datetime import datetime

from eventreg.registration.models import Registration
from eventreg.registration.queries import SignupPage
from eventreg.registration.rules import ACTIVE
from eventreg.shared import calendar, letters


def of_registration(page: SignupPage, registration: Registration, *, now: datetime) -> bytes:
    """The ICS bytes; empty calendar when the event has no date."""
    facts = page.facts
    if facts.starts_at is None:
        return calendar.write([])
    entry = calendar.Entry(
        uid=letters.writer().uid(f"person {facts.event_id} {registration.email_key}"),
        sequence=calendar.sequence(now),
        stamp=now,
        title=page.title,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        day_only=page.day_only,
        timezone=facts.timezone,
        place=page.place,
        cancelled=facts.event_state == "cancelled" or registration.state not in ACTIVE,
    )
    return calendar.write([entry])
