"""What decides who may read a file, and where a short address leads."""

from typing import Any

from sqlalchemy import Row, select

from eventreg.events.models import Event
from eventreg.registration.models import Registration
from eventreg.shared.db import db


def address(event_id: int) -> Row[Any] | None:
    """The short name and the state of an event."""
    return db.session.execute(
        select(Event.slug, Event.state).where(Event.id == event_id)
    ).one_or_none()


def holder(registration_id: int | None) -> Row[Any] | None:
    """What a browser must have been granted to act for a registration."""
    return db.session.execute(
        select(Registration.public_id, Registration.nonce).where(Registration.id == registration_id)
    ).one_or_none()
