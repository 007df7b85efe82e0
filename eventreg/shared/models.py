"""Tables without a business word: the row that /readyz writes."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import Base


class Probe(Base):
    """One row, rewritten to prove that the database takes writes."""

    __tablename__ = "probes"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
