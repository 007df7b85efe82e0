"""Tables of eligibility: what this instance adds to the domain files, and the lists of its events."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import NEVER_REUSED, Base, JsonColumn, Keep, code, personal, plain


class RegistryFile(Base):
    """A large registry file that an operator loaded. Only the current one keeps its contents."""

    __tablename__ = "registry_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = plain(code(16), default="web")
    name: Mapped[str] = plain()
    version: Mapped[str] = plain(code(64))  # SHA-256 of the table as it is read
    rows: Mapped[int]
    loaded_at: Mapped[datetime]
    loaded_by: Mapped[str] = plain(code(64))
    contents: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    __table_args__ = (Index("ix_registry_files_kind", "kind", "id"), NEVER_REUSED)


class RegistryRevision(Base):
    """One row for each change of what decisions are made from: processes look for a new one."""

    __tablename__ = "registry_revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = plain(code(64))
    what: Mapped[str] = plain(code(64))

    __table_args__ = (NEVER_REUSED,)


class DomainAddition(Base):
    """What an administrator decided of a domain, for every event of this instance."""

    __tablename__ = "domain_additions"

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = plain(code(255), unique=True)
    covers_below: Mapped[bool] = mapped_column(default=False)
    verdict: Mapped[str] = plain(code(16))
    category: Mapped[str] = plain(code(32), default="state")
    organisation: Mapped[str] = plain(default="")
    reason: Mapped[str] = plain()
    made_at: Mapped[datetime]
    made_by: Mapped[str] = plain(code(64))

    __table_args__ = (
        CheckConstraint("verdict IN ('accepted','review','refused')", name="verdict"),
    )


class ListEntry(Base):
    """One line of an event's long lists: an address, a domain, .domain with all below it."""

    __tablename__ = "list_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    entry: Mapped[str] = personal(Keep.REGISTRATION, code(255))
    verdict: Mapped[str] = plain(code(16))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = plain(code(64))

    __table_args__ = (
        CheckConstraint("verdict IN ('accepted','refused','invited')", name="verdict"),
        UniqueConstraint("event_id", "entry"),
        Index("ix_list_entries_event_id", "event_id", "verdict"),
    )


class SavedPolicy(Base):
    """A policy under a name, to be used again; it names domains, never a person."""

    __tablename__ = "saved_policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = plain(code(80), unique=True)
    data: Mapped[dict[str, Any]] = plain(JsonColumn)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = plain(code(64))
