"""The registry of this instance: the release's files, the web sites loaded, the additions.

The database is the source, so that several machines agree. Each process holds one registry and
looks every two seconds whether there is a newer one; nothing is restarted.
"""

import contextlib
import gzip
import time
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, delete, inspect, update
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from eventreg.audit import services as audit
from eventreg.eligibility import queries
from eventreg.eligibility import registry as release
from eventreg.eligibility.entries import InvalidEntry, list_entry
from eventreg.eligibility.models import DomainAddition, RegistryFile, RegistryRevision
from eventreg.eligibility.registry import Registry, RegistryError, WebTable
from eventreg.eligibility.tables import FAMILIES_OF, VERDICTS, Addition, read_web
from eventreg.shared.db import after_commit, db
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.fields import clean_line, has_unprintable

LOOK_EVERY = 2.0  # seconds
MAX_BYTES = 64 * 1024 * 1024  # of a file, unpacked
NEVER = (0, 0)  # nothing was ever added to the files of the release
TEXT_LIMIT = 300


@dataclass
class _Held:
    """What one process holds for one database."""

    registry: Registry
    revision: tuple[int, int]
    look_at: float


_held: "WeakKeyDictionary[Engine, _Held]" = WeakKeyDictionary()


def current_registry() -> Registry:
    """The registry that decisions are taken from now: at most one statement every two seconds."""
    engine, now = db.engine, time.monotonic()
    held = _held.get(engine)
    if held is not None and now < held.look_at:
        return held.registry
    revision = _revision()  # before the contents: those read later are at least as new
    if held is None or held.revision != revision:
        registry = release.load() if revision == NEVER else _read()
        held = _held[engine] = _Held(registry, revision, now)
    held.look_at = now + LOOK_EVERY
    return held.registry


def warm_up() -> None:
    """Reads the registry ahead of need; a database that is away does not keep a server down."""
    with contextlib.suppress(DBAPIError):  # each process reads it as soon as there is an answer
        current_registry()
    db.session.remove()


def _revision() -> tuple[int, int]:
    """That of the database; of one that is not migrated yet, none: `check` still answers."""
    try:
        return queries.revision()
    except (OperationalError, ProgrammingError):
        db.session.rollback()
        if inspect(db.engine).has_table(RegistryRevision.__tablename__):
            raise
        return NEVER


def forget() -> None:
    """The next decision of this process looks at the database first."""
    held = _held.get(db.engine)
    if held is not None:
        held.look_at = 0.0


def _read() -> Registry:
    registry = release.load()
    file = queries.current_file()
    if file is not None and file.contents is not None:
        registry = registry.with_web(WebTable.unpacked(file.contents))
    additions = [queries.as_addition(row) for row in queries.additions()]
    return registry.with_additions(additions) if additions else registry


@dataclass(frozen=True)
class Change:
    """What a new file would change: counts, and the first names of each sort."""

    rows: int
    before: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    altered: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        return not (self.added or self.removed or self.altered)


def read_file(path: Path) -> WebTable:
    """A web registry from a CSV file, gzipped or not. Raises RegistryError naming the line."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise RegistryError(path.name, 0, "cannot be read") from fault
    if data.startswith(b"\x1f\x8b"):
        data = _unzipped(data, path.name)
    if len(data) > MAX_BYTES:
        raise RegistryError(path.name, 0, f"more than {MAX_BYTES // 1024 // 1024} MB")
    return WebTable(read_web(data, path.name))


def _unzipped(data: bytes, name: str) -> bytes:
    """At most MAX_BYTES and one more: a small file may unpack to anything."""
    try:
        reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
        found = reader.decompress(data, MAX_BYTES + 1)
        if not reader.eof and len(found) <= MAX_BYTES:
            raise RegistryError(name, 0, "the compressed file is cut short")
    except (zlib.error, gzip.BadGzipFile) as fault:
        raise RegistryError(name, 0, "not a gzip file that can be read") from fault
    return found


def compare(new: WebTable) -> Change:
    """What `load_web` would change."""
    old = current_registry().web
    names, before = set(new), set(old)
    altered = {name for name in names & before if new[name] != old[name]}
    return Change(
        rows=len(new),
        before=len(old),
        added=tuple(sorted(names - before)),
        removed=tuple(sorted(before - names)),
        altered=tuple(sorted(altered)),
    )


def load_web(new: WebTable, *, name: str, by: str, now: datetime) -> RegistryFile:
    """Replaces the web registry; decisions already taken keep their version."""
    file = RegistryFile(
        kind="web",
        name=name[:200],
        version=new.digest,
        rows=len(new),
        loaded_at=now,
        loaded_by=by,
        contents=new.packed(),
    )
    db.session.execute(update(RegistryFile).values(contents=None))
    db.session.add(file)
    db.session.flush()
    _changed("file_loaded", by=by, now=now, rows=len(new), version=new.digest[:12])
    return file


def add_domain(wanted: Addition, *, reason: str, by: str, now: datetime) -> DomainAddition:
    """Accepts, refuses or holds a domain for every event; replaces what was said of it before.

    `wanted.domain` is as typed. Raises Invalid naming the field.
    """
    domain, below = _domain(wanted.domain)
    reason, organisation = _text("reason", reason), _text("organisation", wanted.organisation)
    if not reason:
        raise Invalid(N_("Write the reason: colleagues will want to know."), field="reason")
    if wanted.verdict not in VERDICTS:
        raise Invalid(N_("Choose what happens to this domain."), field="verdict")
    if wanted.category not in FAMILIES_OF:
        raise Invalid(N_("Choose the sort of body."), field="category")
    db.session.execute(delete(DomainAddition).where(DomainAddition.domain == domain))
    added = DomainAddition(
        domain=domain,
        covers_below=below,
        verdict=wanted.verdict,
        category=wanted.category,
        organisation=organisation,
        reason=reason,
        made_at=now,
        made_by=by,
    )
    db.session.add(added)
    db.session.flush()
    _changed("domain_decided", by=by, now=now, domain=domain, verdict=wanted.verdict)
    return added


def remove_domain(domain: str, *, by: str, now: datetime) -> bool:
    """What the release's files say of a domain counts again. False when nothing was added."""
    found = queries.addition(domain)
    if found is None:
        return False
    db.session.delete(found)
    db.session.flush()
    _changed("domain_removed", by=by, now=now, domain=domain)
    return True


def _domain(text: str) -> tuple[str, bool]:
    try:
        entry = list_entry(text)
    except InvalidEntry as fault:
        raise Invalid(fault.message, field="domain") from fault
    if "@" in entry:
        raise Invalid(
            N_(
                "Write a domain (example.org), not an address: a person is accepted event by event."
            ),
            field="domain",
        )
    return entry.removeprefix("."), entry.startswith(".")


def _text(field: str, text: str) -> str:
    value = clean_line(text)
    if len(value) > TEXT_LIMIT or has_unprintable(value):
        raise Invalid(
            N_("Use %(limit)s printable characters at most."), field=field, limit=TEXT_LIMIT
        )
    return value


def _changed(what: str, *, by: str, now: datetime, **details: Any) -> None:
    """A revision for the processes, a trace for people; this process looks at once."""
    db.session.add(RegistryRevision(at=now, by=by, what=what))
    db.session.flush()
    audit.record(f"registry_{what}", at=now, actor=by, **details)
    after_commit(forget)
