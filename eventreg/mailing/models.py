"""Tables of the outbox: what we owe people by e-mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import Base, JsonColumn, Keep, code, personal, plain

WITH_BODY = text("body_erased_at IS NULL")  # the nightly erasure reads these alone


class OutboxMessage(Base):
    """One letter owed, finished when the row is written; Message-ID and Date never change."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = plain(code())
    lane: Mapped[int] = mapped_column(default=0)  # 0 answers to a person, 1 announcements
    state: Mapped[str] = plain(code(16), default="queued")
    locale: Mapped[str] = plain(code(8))
    recipient: Mapped[str] = personal(Keep.REGISTRATION)
    recipient_key: Mapped[str] = personal(
        Keep.REGISTRATION, code(64)
    )  # keyed hash: budgets, look-ups
    subject: Mapped[str] = personal(Keep.MAIL_BODY)
    text: Mapped[str] = personal(Keep.MAIL_BODY)
    html: Mapped[str] = personal(Keep.MAIL_BODY)
    headers: Mapped[dict[str, Any]] = personal(Keep.MAIL_BODY, JsonColumn, default=dict)
    attachments: Mapped[list[Any]] = personal(Keep.MAIL_BODY, JsonColumn, default=list)
    message_id: Mapped[str] = plain(code(200), unique=True)
    dated_at: Mapped[datetime]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = plain(code(64))
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = plain(code(200))  # SMTP code and class, never an address
    body_erased_at: Mapped[datetime | None]
    event_id: Mapped[int | None]
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE")
    )
    dedupe_key: Mapped[str | None] = plain(code(120), unique=True)

    __table_args__ = (
        Index("ix_outbox_due", "state", "lane", "due_at"),
        Index("ix_outbox_registration_id", "registration_id", "kind"),
        Index("ix_outbox_recipient_key", "recipient_key", "created_at"),
        Index("ix_outbox_event_id", "event_id", "id"),
        Index(
            "ix_outbox_bodies",
            "created_at",
            sqlite_where=WITH_BODY,
            postgresql_where=WITH_BODY,
        ),
    )
