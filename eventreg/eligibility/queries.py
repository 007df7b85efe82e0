"""Reads of eligibility: what this instance added to the domain files, the lists of its events."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, column, func, select, table
from sqlalchemy.orm import undefer

from eventreg.eligibility.models import (
    DomainAddition,
    ListEntry,
    RegistryFile,
    RegistryRevision,
    SavedPolicy,
)
from eventreg.eligibility.tables import Addition
from eventreg.shared.db import JsonColumn, db, run

PAGE = 50
# The room of events stands beside this one: its table is named here without its model.
_events = table(
    "events", column("id"), column("slug"), column("audience"), column("policy", JsonColumn)
)
_REVISION = select(func.coalesce(func.max(RegistryRevision.id), 0), func.count())
_NAMING = select(ListEntry.entry, ListEntry.verdict).where(
    ListEntry.event_id == bindparam("event_id"),
    ListEntry.entry.in_(bindparam("entries", expanding=True)),
)


def revision() -> tuple[int, int]:
    """The last change of this instance's registry, and how many there were.

    Both: a change numbered earlier may be committed later.
    """
    last, count = run(_REVISION).one()
    return int(last), int(count)


def current_file() -> RegistryFile | None:
    """The web registry in use, with its contents."""
    query = (
        select(RegistryFile)
        .where(RegistryFile.kind == "web", RegistryFile.contents.is_not(None))
        .order_by(RegistryFile.id.desc())
        .limit(1)
        .options(undefer(RegistryFile.contents))
    )
    return db.session.execute(query).scalar_one_or_none()


def files() -> Sequence[RegistryFile]:
    """Every file that was loaded, latest first, without its contents."""
    query = select(RegistryFile).order_by(RegistryFile.id.desc()).limit(PAGE)
    return db.session.execute(query).scalars().all()


def additions() -> Sequence[DomainAddition]:
    return (
        db.session.execute(select(DomainAddition).order_by(DomainAddition.domain)).scalars().all()
    )


def addition(domain: str) -> DomainAddition | None:
    wanted = DomainAddition.domain == domain
    return db.session.execute(select(DomainAddition).where(wanted)).scalar_one_or_none()


def as_addition(row: DomainAddition) -> Addition:
    """The row as rules read it."""
    return Addition(row.domain, row.covers_below, row.verdict, row.category, row.organisation)


def naming(event_id: int, entries: Iterable[str]) -> dict[str, str]:
    """The lines of an event's lists among `entries`, each with its word. One statement."""
    rows = run(_NAMING, {"event_id": event_id, "entries": list(entries)})
    return dict(rows.tuples().all())


def list_counts(event_id: int) -> dict[str, int]:
    """How many lines each list of an event has."""
    query = (
        select(ListEntry.verdict, func.count())
        .where(ListEntry.event_id == event_id)
        .group_by(ListEntry.verdict)
    )
    return dict(db.session.execute(query).tuples().all())


def list_entries(event_id: int, verdict: str, *, limit: int | None = None) -> Sequence[str]:
    """Lines of one list of an event, in alphabetical order."""
    query = (
        select(ListEntry.entry)
        .where(ListEntry.event_id == event_id, ListEntry.verdict == verdict)
        .order_by(ListEntry.entry)
    )
    return db.session.execute(query.limit(limit) if limit else query).scalars().all()


def saved_policies() -> Sequence[SavedPolicy]:
    return db.session.execute(select(SavedPolicy).order_by(SavedPolicy.name)).scalars().all()


def saved_policy(policy_id: int) -> SavedPolicy | None:
    return db.session.get(SavedPolicy, policy_id)


def event_of(slug: str) -> Any:
    """(id, audience, policy) of an event, or None when there is no such event."""
    query = select(_events.c.id, _events.c.audience, _events.c.policy).where(_events.c.slug == slug)
    return db.session.execute(query).one_or_none()
