"""Writing the audit trail, inside the caller's transaction."""

from datetime import datetime
from typing import Any

from eventreg.audit.models import AuditEntry
from eventreg.shared import rows
from eventreg.shared.rows import Ready


def record(
    action: str,
    *,
    at: datetime,
    actor: str,
    event_id: int | None = None,
    registration_id: int | None = None,
    states: tuple[str | None, str | None] = (None, None),
    **details: Any,
) -> None:
    """One entry; `states` is (before, after) of a registration. Details hold ids and codes only."""
    entry = ready(action, at=at, actor=actor, event_id=event_id, states=states, **details)
    write(entry, registration_id=registration_id)


def ready(
    action: str,
    *,
    at: datetime,
    actor: str,
    event_id: int | None = None,
    states: tuple[str | None, str | None] = (None, None),
    **details: Any,
) -> Ready:
    """An entry made before the transaction, for `write`."""
    values = {
        "at": at,
        "actor": actor,
        "action": action,
        "event_id": event_id,
        "old_state": states[0],
        "new_state": states[1],
        "details": details,
    }
    return rows.ready(AuditEntry, values, late=("registration_id",))


def write(entry: Ready, *, registration_id: int | None) -> None:
    """Writes a ready entry inside the caller's transaction."""
    rows.write(entry, registration_id=registration_id)
