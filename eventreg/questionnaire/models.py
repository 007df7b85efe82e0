"""Tables of forms: immutable versions, and the access needs that one contact alone reads."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import Base, JsonColumn, Keep, code, personal, plain


class FormVersion(Base):
    """What an event asked from a moment on; never changed, so that old answers stay readable."""

    __tablename__ = "form_versions"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Names who reads access needs, and addresses that a population takes.
    definition: Mapped[dict[str, Any]] = personal(Keep.EVENT, JsonColumn, default=dict)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = plain(code(64))


class AccessNeeds(Base):
    """What one person needs to take part: shown and mailed to the contact only, soon erased."""

    __tablename__ = "access_needs"

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE"), primary_key=True
    )
    question: Mapped[str] = plain(code(40), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    text: Mapped[str] = personal(Keep.NEEDS)
    given_at: Mapped[datetime]

    __table_args__ = (Index("ix_access_needs_event_id", "event_id"),)
