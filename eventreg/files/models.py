"""Tables of stored files: what a file is, and its bytes apart, so that lists never read them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import Base, Keep, code, personal, plain


class StoredFile(Base):
    """A picture or document of an event, or a file that a registrant gave as an answer.

    `alt` describes a picture (empty with `decorative`: said to say nothing) or titles a document.
    `source` is where a document of the site names it; a row taken away by an organiser stays with
    `removed`, without bytes, so that the next import does not bring it back.
    """

    __tablename__ = "stored_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = plain(code(32), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE")
    )
    purpose: Mapped[str] = plain(code(16))
    name: Mapped[str] = personal(Keep.REGISTRATION)  # a registrant's file may bear their name
    media_type: Mapped[str] = plain(code(100))
    size: Mapped[int]  # bytes as stored
    sha256: Mapped[str] = plain(code(64))  # of the bytes as they were given
    alt: Mapped[str] = plain(default="")
    decorative: Mapped[bool] = mapped_column(default=False)
    width: Mapped[int | None]
    height: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
    source: Mapped[str] = plain(default="")
    removed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("purpose IN ('image','document','answer')", name="purpose"),
        # An answer has none until its sign-up is sent.
        CheckConstraint("purpose = 'answer' OR registration_id IS NULL", name="owner"),
        Index("ix_stored_files_event_id", "event_id", "purpose", "position"),
        Index("ix_stored_files_registration_id", "registration_id"),
    )


class FileContent(Base):
    """The bytes of a file; a picture has a second, smaller copy for narrow screens."""

    __tablename__ = "file_contents"

    file_id: Mapped[int] = mapped_column(
        ForeignKey("stored_files.id", ondelete="CASCADE"), primary_key=True
    )
    variant: Mapped[str] = mapped_column(code(8), primary_key=True, info={"keep": None})
    width: Mapped[int | None]
    height: Mapped[int | None]
    size: Mapped[int]
    data: Mapped[bytes] = personal(Keep.REGISTRATION, LargeBinary)

    __table_args__ = (CheckConstraint("variant IN ('full','small')", name="variant"),)
