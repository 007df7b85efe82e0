"""Tables of registrations, their receipts, and the closings already handled."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import NEVER_REUSED, Base, JsonColumn, Keep, code, personal, plain

ACTIVE = text("state IN ('unconfirmed','pending','waiting','offered','confirmed')")


class Registration(Base):
    """One person at one event. `seats` is what it holds now in the event's pool."""

    __tablename__ = "registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = plain(code(32), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    state: Mapped[str] = plain(code(16))
    seats: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    nonce: Mapped[str] = plain(code(32))  # renewed to revoke every link mailed before
    locale: Mapped[str] = plain(code(8))
    source: Mapped[str] = plain(code(16), default="form")  # exports.SOURCE_WORDS
    population: Mapped[str] = plain(code(40), default="")
    form_version: Mapped[int] = mapped_column(default=0)  # that of the answers
    companions: Mapped[int] = mapped_column(default=0)
    score: Mapped[int | None]  # of the organisers who choose, from 0 to 100
    organiser_notes: Mapped[str] = personal(Keep.REGISTRATION, default="")  # never sent
    shortlisted: Mapped[bool] = mapped_column(default=False)
    cleared: Mapped[bool] = mapped_column(default=True)  # nobody needs to decide any more
    queue_rank: Mapped[float] = mapped_column(default=0.0)  # seconds; smaller is served first
    queue_reason: Mapped[str] = personal(Keep.REGISTRATION, default="")  # why it was moved in line

    email: Mapped[str] = personal(Keep.REGISTRATION)  # as typed, for display
    email_key: Mapped[str] = personal(Keep.REGISTRATION)  # canonical: identity and mail
    given_name: Mapped[str] = personal(Keep.REGISTRATION)
    family_name: Mapped[str] = personal(Keep.REGISTRATION)
    organisation: Mapped[str] = personal(Keep.REGISTRATION, default="")
    job_title: Mapped[str] = personal(Keep.REGISTRATION, default="")
    phone: Mapped[str] = personal(Keep.REGISTRATION, default="")
    answers: Mapped[dict[str, Any]] = personal(Keep.REGISTRATION, JsonColumn, default=dict)
    justification: Mapped[str] = personal(Keep.REGISTRATION, default="")
    decision_reason: Mapped[str] = personal(Keep.REGISTRATION, default="")
    search: Mapped[str] = personal(Keep.REGISTRATION, default="")  # folded name and address

    eligibility_outcome: Mapped[str] = plain(code(16), default="eligible")
    eligibility_reason: Mapped[str] = plain(code(48), default="")
    eligibility_rule: Mapped[str] = plain(code(48), default="")
    eligibility_body: Mapped[str] = plain(default="")
    eligibility_category: Mapped[str] = plain(code(32), default="")
    eligibility_method: Mapped[str] = plain(code(16), default="")  # email, proconnect, organiser
    eligibility_acr: Mapped[str] = plain(code(80), default="")  # how strongly they signed in
    eligibility_siret: Mapped[str] = personal(Keep.REGISTRATION, code(14), default="")
    eligibility_roles: Mapped[list[Any]] = personal(Keep.REGISTRATION, JsonColumn, default=list)
    eligibility_at: Mapped[datetime | None]
    eligibility_by: Mapped[str] = plain(code(64), default="")  # of an organiser's decision
    registry_version: Mapped[str] = plain(code(32), default="")

    registered_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]  # the database's instant, read under the seat lock
    proven_at: Mapped[datetime | None]  # the mailbox answered
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # cancelled, rejected or expired since
    offered_at: Mapped[datetime | None]
    offer_ends_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(
            "state IN ('unconfirmed','pending','waiting','offered','confirmed',"
            "'cancelled','rejected','expired')",
            name="state",
        ),
        CheckConstraint("seats >= 0", name="seats"),
        Index(
            "uq_registrations_active",
            "event_id",
            "email_key",
            unique=True,
            sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        ),
        Index("ix_registrations_event_id", "event_id", "state", "id"),
        Index("ix_registrations_line", "event_id", "state", "queue_rank", "id"),
        Index("ix_registrations_event_name", "event_id", "search"),
        Index("ix_registrations_email_key", "email_key"),
        Index("ix_registrations_event_date", "event_id", "registered_at"),
        NEVER_REUSED,
    )


class PoolSeats(Base):
    """What a person asks of a pool beside the event's own; of all pools while in line.

    `held`: the seats are counted in the pool's `taken`. `lacking`: in its `waiting`.
    """

    __tablename__ = "registration_seats"

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE"), primary_key=True
    )
    pool_id: Mapped[int] = mapped_column(ForeignKey("pools.id"), primary_key=True)
    seats: Mapped[int] = mapped_column(default=1)
    held: Mapped[bool] = mapped_column(default=False)
    lacking: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("NOT (held AND lacking)", name="held_or_lacking"),
        Index("ix_registration_seats_pool_id", "pool_id", "lacking"),
    )


class Proposal(Base):
    """An address that must agree first: a colleague who takes the place over, or a new address of
    the person. Each link opens it with a nonce of its own; it ends by itself.
    """

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = plain(code(32), unique=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id", ondelete="CASCADE"))
    kind: Mapped[str] = plain(code(16))  # colleague, address
    nonce: Mapped[str] = plain(code(32))  # of the link sent to the address
    stop_nonce: Mapped[str] = plain(code(32), default="")  # of the link sent to the old address
    locale: Mapped[str] = plain(code(8))
    email: Mapped[str] = personal(Keep.PROPOSAL)
    email_key: Mapped[str] = personal(Keep.PROPOSAL)
    given_name: Mapped[str] = personal(Keep.PROPOSAL, default="")
    family_name: Mapped[str] = personal(Keep.PROPOSAL, default="")
    previous: Mapped[str] = personal(Keep.PROPOSAL, default="")  # the address before, as typed
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = plain(code(16), default="")  # accepted, declined, withdrawn, replaced

    __table_args__ = (
        CheckConstraint("kind IN ('colleague','address')", name="kind"),
        Index("ix_proposals_registration_id", "registration_id", "id"),
        Index("ix_proposals_expires_at", "expires_at"),
        NEVER_REUSED,
    )


class Invitation(Base):
    """A letter by which an organiser lets one person sign up, maybe past a deadline or a decision.

    Unanswered ones leave some days after `expires_at`; an accepted one leaves with its
    registration.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = plain(code(32), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE")
    )
    state: Mapped[str] = plain(code(16), default="open")  # accepted, declined, withdrawn, expired
    nonce: Mapped[str] = plain(code(32))
    locale: Mapped[str] = plain(code(8))
    email: Mapped[str] = personal(Keep.INVITATION)
    email_key: Mapped[str] = personal(Keep.INVITATION)
    given_name: Mapped[str] = personal(Keep.INVITATION, default="")
    family_name: Mapped[str] = personal(Keep.INVITATION, default="")
    message: Mapped[str] = personal(Keep.INVITATION, default="")  # the organiser's, in the letter
    reason: Mapped[str] = personal(Keep.INVITATION, default="")  # of an exception: never mailed
    population: Mapped[str] = plain(code(40), default="")
    bound: Mapped[bool] = mapped_column(default=True)  # to this address
    skips_approval: Mapped[bool] = mapped_column(default=False)
    skips_deadline: Mapped[bool] = mapped_column(default=False)
    beyond_capacity: Mapped[bool] = mapped_column(default=False)
    invited_by: Mapped[str] = plain(code(40))  # the actor, as in traces
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    remind_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(
            "state IN ('open','accepted','declined','withdrawn','expired')", name="state"
        ),
        Index(
            "uq_invitations_open",
            "event_id",
            "email_key",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_invitations_event_id", "event_id", "id"),
        Index("ix_invitations_registration_id", "registration_id"),
        Index("ix_invitations_expires_at", "state", "expires_at"),
        NEVER_REUSED,
    )


class Receipt(Base):
    """The answer given to one idempotency key; opens nothing."""

    __tablename__ = "receipts"

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt: Mapped[str] = plain(code(32), unique=True)
    key_hash: Mapped[str] = plain(code(64), unique=True)
    request_hash: Mapped[str] = plain(code(64))  # keyed: says nothing to a reader
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE")
    )
    shown_state: Mapped[str] = plain(code(16))
    shown_outcome: Mapped[str] = plain(code(16), default="eligible")
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_receipts_registration_id", "registration_id"),)


class Draw(Base):
    """A lottery among people who await a decision: what anybody needs to play it again."""

    __tablename__ = "draws"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = plain(code(32), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    seed: Mapped[str] = plain(code(80))
    places: Mapped[int]
    among: Mapped[str] = plain(code(16))  # all, shortlist
    candidates: Mapped[list[Any]] = plain(JsonColumn, default=list)  # [public id, seats], sorted
    chosen: Mapped[list[Any]] = plain(JsonColumn, default=list)  # public ids, in order
    made_at: Mapped[datetime]
    made_by: Mapped[str] = plain(code(40))

    __table_args__ = (Index("ix_draws_event_id", "event_id", "id"),)


class Closing(Base):
    """The consequences of one deadline of one event were drawn (recap, trace): once."""

    __tablename__ = "closings"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    closes_at: Mapped[datetime]
    handled_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("event_id", "closes_at"),)
