"""Tables of the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import Base, JsonColumn, code, plain


class AuditEntry(Base):
    """Who did what, when, to what. Ids and codes only: never a name, an address or an answer."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = plain(code(40))  # registrant, system, operator, organiser:<id>
    action: Mapped[str] = plain(code(40))
    event_id: Mapped[int | None]
    registration_id: Mapped[int | None]
    old_state: Mapped[str | None] = plain(code(16))
    new_state: Mapped[str | None] = plain(code(16))
    details: Mapped[dict[str, Any]] = plain(JsonColumn, default=dict)

    __table_args__ = (
        Index("ix_audit_entries_registration_id", "registration_id", "id"),
        Index("ix_audit_entries_event_id", "event_id", "id"),
        Index("ix_audit_entries_at", "at"),
    )
