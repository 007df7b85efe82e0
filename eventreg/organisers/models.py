"""Tables of organisers' accounts, their roles, sign-in links and sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import NEVER_REUSED, Base, Keep, code, personal, plain


class Organiser(Base):
    """An account; `email` is canonical. Without password: links are mailed."""

    __tablename__ = "organisers"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = personal(Keep.ACCOUNT, unique=True)  # canonical
    name: Mapped[str] = personal(Keep.ACCOUNT)
    locale: Mapped[str] = plain(code(8), default="fr")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]


class OrganiserRole(Base):
    """owner or reader, of one event or (event_id null) of all."""

    __tablename__ = "organiser_roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organisers.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    role: Mapped[str] = plain(code(16))

    __table_args__ = (
        UniqueConstraint("organiser_id", "event_id"),
        Index("ix_organiser_roles_event_id", "event_id"),
    )


class SignInLink(Base):
    """A one-time link; only the hash of its code is stored."""

    __tablename__ = "sign_in_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organisers.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = plain(code(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    next_path: Mapped[str | None] = plain(code(500))

    __table_args__ = (Index("ix_sign_in_links_organiser_id", "organiser_id"),)


class OrganiserSession(Base):
    """A signed-in browser; the cookie holds the id, the row its hash."""

    __tablename__ = "organiser_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    id_hash: Mapped[str] = plain(code(64), unique=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organisers.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    browser: Mapped[str] = personal(Keep.SESSION, code(120), default="")

    __table_args__ = (Index("ix_organiser_sessions_organiser_id", "organiser_id"),)
