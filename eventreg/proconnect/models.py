"""Tables of ProConnect: attempts under way, sealed visits, organisers' linked accounts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import Base, Keep, code, personal, plain


class ProConnectAttempt(Base):
    """From the button to the way back: taken away by the first that comes back with its state."""

    __tablename__ = "proconnect_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    state_hash: Mapped[str] = plain(code(64), unique=True)
    browser_hash: Mapped[str] = plain(code(64))
    nonce: Mapped[str] = plain(code(64))
    verifier: Mapped[str] = plain(code(128))
    purpose: Mapped[str] = plain(code(16))
    next_path: Mapped[str | None] = plain(code(500))
    locale: Mapped[str] = plain(code(8), default="fr")
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_proconnect_attempts_expires_at", "expires_at"),)


class ProConnectVisit(Base):
    """Who a browser is, sealed with a key that only its cookie completes."""

    __tablename__ = "proconnect_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = plain(code(64), unique=True)
    sealed: Mapped[str] = personal(Keep.SESSION, Text)
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_proconnect_visits_expires_at", "expires_at"),)


class OrganiserIdentity(Base):
    """A ProConnect account that opens an organiser's; issuer and sub together name it."""

    __tablename__ = "organiser_identities"

    id: Mapped[int] = mapped_column(primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organisers.id", ondelete="CASCADE"))
    issuer: Mapped[str] = plain(code(300))
    sub: Mapped[str] = personal(Keep.ACCOUNT, code(255))
    linked_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("issuer", "sub"),
        Index("ix_organiser_identities_organiser_id", "organiser_id"),
    )
