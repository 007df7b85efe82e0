"""Somebody whose address leaves a doubt says for which public body they work."""

from eventreg.audit import services as audit
from eventreg.registration import errors
from eventreg.registration.models import Registration
from eventreg.registration.rules import State
from eventreg.shared import clock
from eventreg.shared.db import db


def may_explain(registration: Registration) -> bool:
    """While nobody has decided, and only where the address did not suffice."""
    undecided = registration.state in (State.UNCONFIRMED, State.PENDING, State.WAITING)
    return (
        undecided
        and registration.eligibility_outcome == "review"
        and registration.eligibility_method != "organiser"
    )


def explain(registration: Registration, text: str) -> None:
    """Keeps their words for the organisers; the trace says that they came, never what they say.

    Raises NotPossible once somebody has decided.
    """
    if not may_explain(registration):
        raise errors.NotPossible
    registration.justification = text
    registration.version += 1
    db.session.flush()
    audit.record(
        "explained",
        at=clock.utc_now(),
        actor="registrant",
        event_id=registration.event_id,
        registration_id=registration.id,
    )
