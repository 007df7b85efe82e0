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
    body_html: Mapped[str] = plain(default="")  # made by the one sanitiser when it is written
    # English beside French; empty: the French shows, marked as such.
    title_en: Mapped[str] = plain(default="")
    lead_en: Mapped[str] = plain(default="")
    lead_en_html: Mapped[str] = plain(default="")
    body_en: Mapped[str] = plain(default="")
    body_en_html: Mapped[str] = plain(default="")
    venue_en: Mapped[str] = plain(default="")
    state_message: Mapped[str] = plain(default="")  # why it is cancelled, for everybody to read

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
    external_name: Mapped[str] = plain(default="")  # of the other site; its host when empty
    show_places: Mapped[bool] = mapped_column(default=True)  # how many are left, to the public
    paid: Mapped[bool | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]  # null: sign-ups close at starts_at
    audience: Mapped[str] = plain(code(16), default="anyone")  # public_agents
    closed_message: Mapped[str] = plain(default="")  # shown once sign-ups are closed
    closed_message_en: Mapped[str] = plain(default="")
    closed_message_from: Mapped[datetime | None]  # null: as soon as they are closed
    audience_text: Mapped[str] = plain(default="")
    audience_text_en: Mapped[str] = plain(default="")
    policy: Mapped[dict[str, Any] | None] = personal(
        Keep.EVENT, JsonColumn
    )  # null: `audience` says
    approval: Mapped[str] = plain(code(16), default="none")  # manual
    form_version: Mapped[int] = mapped_column(default=0)  # 0: no questions of its own
    pending_holds_seat: Mapped[bool] = mapped_column(default=False)
    confirmation_hours: Mapped[float] = mapped_column(default=24.0)
    modify_until: Mapped[datetime | None]  # null: until sign-ups close
    cancel_until: Mapped[datetime | None]  # null: until the event starts
    reset_on_edit: Mapped[bool] = mapped_column(default=False)  # changed answers: decided again
    transfers: Mapped[bool] = mapped_column(default=True)  # people may hand their place over
    waiting_list: Mapped[bool] = mapped_column(default=False)
    offer_hours: Mapped[float] = mapped_column(default=24.0)
    offer_working_hours: Mapped[bool] = mapped_column(default=False)
    offers_after_closing: Mapped[bool] = mapped_column(default=False)
    invitations_each: Mapped[int] = mapped_column(default=0)  # by one organiser; 0: no limit
    remind_days: Mapped[int] = mapped_column(default=3)  # of requests nobody decides; 0: never
    groups: Mapped[str] = plain(code(8), default="whole")  # skip: a smaller group may overtake
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
        Index("ix_events_shown", "state", "version", "updated_at", "id"),
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


class EventIndex(Base):
    """What the agenda finds an event by (finding.Found), kept by indexing.py; the words last,
    so that reading the rest of a row does not read them."""

    __tablename__ = "event_index"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = plain(code(16))  # a key of jekyll.kinds.KINDS
    themes: Mapped[str] = plain(code(200))  # |data|design|
    town_key: Mapped[str] = plain(code(80))
    online: Mapped[bool]
    on_site: Mapped[bool]
    audience: Mapped[str] = plain(code(16))  # rules.meant_for
    month: Mapped[str] = plain(code(7))  # 2027-01, in the event's zone
    town: Mapped[str] = plain(code(120))
    words: Mapped[str] = plain()  # folded; as published: title, lead, programme


class Pool(Base):
    """Seats that are sold together. `taken` is kept by conditional updates only (registration)."""

    __tablename__ = "pools"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    kind: Mapped[str] = plain(code(16), default="event")
    key: Mapped[str] = plain(code(40), default="")  # that of the form's definition
    label: Mapped[str] = plain(code(120), default="")
    label_en: Mapped[str] = plain(code(120), default="")
    position: Mapped[int] = mapped_column(default=0)
    capacity: Mapped[int | None]  # null: no limit
    taken: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)  # seats that people in line lack here
    waiting_list: Mapped[bool] = mapped_column(default=False)  # the event's own is on the event
    released_at: Mapped[datetime | None]  # from then on its free seats are `into`'s
    into: Mapped[str | None] = plain(code(40))

    __table_args__ = (
        CheckConstraint("taken >= 0", name="taken"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity"),
        Index("ix_pools_event_id", "event_id", "kind"),
        Index("uq_pools_key", "event_id", "key", unique=True),
    )


class Notice(Base):
    """Everybody signed up must be told of a change of the event; letters follow in batches.

    `before` and `after` are the facts that people read (rules.Planned), as JSON.
    """

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    kind: Mapped[str] = plain(code(16))  # cancelled, moved
    before: Mapped[dict[str, Any]] = plain(JsonColumn, default=dict)
    after: Mapped[dict[str, Any]] = plain(JsonColumn, default=dict)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = plain(code(64))
    told: Mapped[int] = mapped_column(default=0)  # letters owed so far
    done_at: Mapped[datetime | None]  # null: somebody may still have to be told

    __table_args__ = (
        CheckConstraint("kind IN ('cancelled','moved')", name="kind"),
        Index("ix_notices_event_id", "event_id", "id"),
        Index("ix_notices_done_at", "done_at"),
        NEVER_REUSED,
    )
