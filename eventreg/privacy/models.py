"""Tables of erasure: a receipt for each run that deleted something."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from eventreg.shared.db import Base, JsonColumn, plain


class ErasureReceipt(Base):
    """What left, why and when; counts only."""

    __tablename__ = "erasure_receipts"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    category: Mapped[str] = plain()
    counts: Mapped[dict[str, Any]] = plain(JsonColumn, default=dict)
