"""The oracle after an experiment: invariants I1-I9, and a dump to see that nothing changed."""

from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from typing import Any

from flask import Flask
from sqlalchemy import select

from eventreg.operations import invariants
from eventreg.operations.invariants import Finding
from eventreg.shared.clock import utc_now
from eventreg.shared.db import Base, db

# What a visit may write, and why it says nothing about anybody.
VOLATILE = {
    ("probes", "id"): "readyz proves that the database takes writes: its one row appears",
    ("probes", "at"): "and is rewritten",
    ("organiser_sessions", "seen_at"): "idleness of a session counts from its last use",
}


def broken(
    app: Flask,
    *,
    receipts: Iterable[str] = (),
    messages: Sequence[EmailMessage] | None = None,
    surplus_allowed: int = 0,
    capacity: bool = True,
) -> list[Finding]:
    """The findings that do not hold; the empty list is what every experiment wants."""
    with app.app_context():
        db.session.rollback()
        found = [*invariants.all_findings(utc_now()), invariants.acknowledged(receipts)]
        if capacity:
            found.append(invariants.within_capacity())
        if messages is not None:
            found.append(invariants.delivered(messages, surplus_allowed=surplus_allowed))
        db.session.rollback()
    return [finding for finding in found if not finding.ok]


def dump(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, without the columns of VOLATILE."""
    kept: dict[str, list[tuple[Any, ...]]] = {}
    with app.app_context():
        db.session.rollback()
        for table in Base.metadata.sorted_tables:
            columns = [c for c in table.columns if (table.name, c.name) not in VOLATILE]
            if not columns:
                continue
            order = list(table.primary_key.columns)
            rows = db.session.execute(select(*columns).order_by(*order)).all()
            kept[table.name] = [tuple(row) for row in rows]
        db.session.rollback()
    return kept


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Which tables differ, with the first row that does."""
    told = []
    for name, rows in before.items():
        if rows != after[name]:
            old, new = set(map(str, rows)), set(map(str, after[name]))
            told.append(f"{name}: {sorted(new - old)[:1]} instead of {sorted(old - new)[:1]}")
    return told
