"""What a running instance depends on: settings, database, migrations, queue."""

from datetime import datetime

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from eventreg.config import Settings
from eventreg.operations import migrations
from eventreg.operations.invariants import Finding, all_findings
from eventreg.privacy import queries as privacy
from eventreg.shared.db import db, is_sqlite, wait_for_disk
from eventreg.shared.errors import Unavailable
from eventreg.shared.models import Probe
from eventreg.shared.rows import insert_or_none


def write_probe(now: datetime) -> None:
    """Rewrites one row, inside the caller's transaction: the database takes writes."""
    probe = db.session.get(Probe, 1)
    if probe is None:
        insert_or_none(Probe, {"id": 1, "at": now}, Probe.id)
    else:
        probe.at = now
        db.session.flush()


def findings(settings: Settings, now: datetime) -> list[Finding]:
    """Everything that `eventreg doctor` says, without stopping at the first fault.

    Where the database is away, or older than the code, nothing more can be asked of it.
    """
    found = [
        Finding("settings", True, f"{settings.env}, {settings.base_url}"),
        _theme(settings),
    ]
    try:
        found += [_database(), _schema()]
    except OperationalError as fault:
        words = str(fault.orig).strip().splitlines()[0] if fault.orig else type(fault).__name__
        return [*found, Finding("database", False, words)]
    if found[-1].ok:
        found += [*all_findings(now), _kept(now)]
    return found


def _theme(settings: Settings) -> Finding:
    """The State's design system is for State services on a .gouv.fr name (its terms of use)."""
    host = settings.base_url.split("//")[-1].split(":")[0]
    allowed = not settings.production or settings.theme != "state" or host.endswith(".gouv.fr")
    words = settings.theme if allowed else "the state theme is for .gouv.fr names only"
    return Finding("theme", allowed, words)


def _database() -> Finding:
    if not is_sqlite():
        version = db.session.execute(text("SHOW server_version")).scalar_one()
        return Finding("database", True, f"PostgreSQL {version}")
    mode = db.session.execute(text("PRAGMA journal_mode")).scalar_one()
    keys = db.session.execute(text("PRAGMA foreign_keys")).scalar_one()
    try:
        wait_for_disk()
        disk = "answers"
    except Unavailable:
        disk = "fails"
    good = (mode, keys, disk) == ("wal", 1, "answers")
    return Finding("database", good, f"SQLite, journal {mode}, keys {keys}, the disk {disk}")


def _schema() -> Finding:
    script = ScriptDirectory.from_config(migrations.config())
    current = MigrationContext.configure(db.session.connection()).get_current_revision()
    head = script.get_current_head()
    words = f"at {current}" if current == head else f"at {current}, expected {head}: db upgrade"
    return Finding("schema", current == head, words)


def _kept(now: datetime) -> Finding:
    late = privacy.overdue(now)
    total = sum(late.values())
    words = ", ".join(f"{n} {what}" for what, n in late.items() if n)
    return Finding("retention", total == 0, words or "nobody is kept past the retention")


def queue_answers(app: Flask) -> bool:
    """Whether the queue answers; the service lives without it (the poll sends)."""
    try:
        storage = app.extensions["huey"].storage
        initialize = getattr(storage, "initialize_schema", None)
        if initialize is not None:
            initialize()  # an SQL queue makes its tables the first time
        storage.queue_size()
    except Exception:  # noqa: BLE001 - each kind of queue fails in its own way
        return False
    return True
