"""Writing the audit trail, inside the caller's transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert

from eventreg.audit.models import AuditEntry
from eventreg.shared.db import run

_INSERT = insert(AuditEntry.__table__)  # type: ignore[arg-type]  # __table__ is a FromClause to mypy


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
    run(
        _INSERT,
        {
            "at": at,
            "actor": actor,
            "action": action,
            "event_id": event_id,
            "registration_id": registration_id,
            "old_state": states[0],
            "new_state": states[1],
            "details": details,
        },
    )
