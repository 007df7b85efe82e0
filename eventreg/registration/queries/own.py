"""Reads for a person's own page: what happened, what is under way, everything that is kept."""

from collections.abc import Sequence

from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.shared.db import db


def last_step(registration_id: int, acts: Sequence[str]) -> AuditEntry | None:
    """The latest of these acts in the trace of a registration."""
    wanted = (AuditEntry.registration_id == registration_id, AuditEntry.action.in_(acts))
    query = select(AuditEntry).where(*wanted).order_by(AuditEntry.id.desc()).limit(1)
    return db.session.execute(query).scalar_one_or_none()
