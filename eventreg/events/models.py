"""Tables of events: the event, the sessions of its programme, its pools of seats."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import NEVER_REUSED, Base, JsonColumn, Keep, code, personal, plain


class Event(Base):
    """Instants are UTC; `timezone` is the zone in which people read and write them."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = plain(code(200), unique=True)
    state: Mapped[str] = plain(code(16), default="draft")
    version: Mapped[int] = mapped_column(default=1)  # grows with each change: pages keep it
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    title: Mapped[str] = plain()
    kind: Mapped[str] = plain(code(80), default="")  # the first category, as written
    categories: Mapped[list[Any]] = plain(JsonColumn, default=list)
    tags: Mapped[list[Any]] = plain(JsonColumn, default=list)
    lead: Mapped[str] = plain(default="")
    lead_html: Mapped[str] = plain(default="")
    body: Mapped[str] = plain(default="")  # Markdown
    body_html: Mapped[str] = plain(default="")  # made by the one sanitiser at import

    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    day_only: Mapped[bool] = mapped_column(default=False)  # the document states no hour
    timezone: Mapped[str] = plain(code(64), default="Europe/Paris")
    venue: Mapped[str] = plain(default="")
    address: Mapped[str] = plain(default="")
    postal_code: Mapped[str] = plain(code(10), default="")
    city: Mapped[str] = plain(code(120), default="")
    online: Mapped[bool] = mapped_column(default=False)

    info_fields: Mapped[list[Any]] = plain(JsonColumn, default=list)
    images: Mapped[list[Any]] = plain(JsonColumn, default=list)
    files: Mapped[list[Any]] = plain(JsonColumn, default=list)
    videos: Mapped[list[Any]] = plain(JsonColumn, default=list)
    calls_to_action: Mapped[list[Any]] = plain(JsonColumn, default=list)
    press_contacts: Mapped[list[Any]] = personal(Keep.EVENT, JsonColumn, default=list)
    contact_name: Mapped[str] = personal(Keep.EVENT, default="")
    contact_email: Mapped[str] = personal(Keep.EVENT, default="")

    registration_mode: Mapped[str] = plain(code(16), default="internal")  # external, none
    external_url: Mapped[str] = plain(default="")
    paid: Mapped[bool | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]  # null: sign-ups close at starts_at
    audience: Mapped[str] = plain(code(16), default="anyone")  # public_agents
    audience_text: Mapped[str] = plain(default="")
    approval: Mapped[str] = plain(code(16), default="none")  # manual
    pending_holds_seat: Mapped[bool] = mapped_column(default=False)
    confirmation_hours: Mapped[float] = mapped_column(default=24.0)
    retention_days: Mapped[int] = mapped_column(default=92)

    source_name: Mapped[str | None] = plain()
    source_text: Mapped[str | None] = personal(Keep.EVENT)  # may name a press contact
    source_hash: Mapped[str | None] = plain(code(64))
    document_at: Mapped[datetime | None]
    front_matter_extra: Mapped[dict[str, Any]] = plain(JsonColumn, default=dict)

    __table_args__ = (
        CheckConstraint("state IN ('draft','published','cancelled','archived')", name="state"),
        CheckConstraint("registration_mode IN ('internal','external','none')", name="mode"),
        CheckConstraint("audience IN ('anyone','public_agents')", name="audience"),
        CheckConstraint("approval IN ('none','manual')", name="approval"),
        CheckConstraint("confirmation_hours >= 0", name="confirmation_hours"),
        Index("ix_events_agenda", "state", "starts_at", "ends_at", "day_only"),
        Index("ix_events_kind", "state", "kind"),
        NEVER_REUSED,
    )


class ProgrammeSession(Base):
    """One line of the programme; hidden, never deleted, when a new document no longer has it."""

    __tablename__ = "programme_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    position: Mapped[int]
    day: Mapped[date | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    track: Mapped[str] = plain(default="")
    title: Mapped[str] = plain()
    organisations_text: Mapped[str] = plain(default="")
    description: Mapped[str] = plain(default="")
    speakers: Mapped[list[Any]] = plain(JsonColumn, default=list)  # as published in the programme
    items: Mapped[list[Any]] = plain(JsonColumn, default=list)
    hidden: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_programme_sessions_event_id", "event_id", "position"),)


class Pool(Base):
    """Seats that are sold together. `taken` is kept by conditional updates only (registration)."""

    __tablename__ = "pools"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    kind: Mapped[str] = plain(code(16), default="event")
    label: Mapped[str] = plain(code(120), default="")
    capacity: Mapped[int | None]  # null: no limit
    taken: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        CheckConstraint("taken >= 0", name="taken"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity"),
        Index("ix_pools_event_id", "event_id", "kind"),
    )
