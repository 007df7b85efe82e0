"""A document of the site becomes an event: upsert by slug, hide what vanished, report doubts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from eventreg.audit import services as audit
from eventreg.events import notices, queries, rules, services
from eventreg.events.columns import DEFAULTS, DERIVED, facts, unkept
from eventreg.events.errors import BadValue
from eventreg.events.jekyll import Document, DocumentError, Problem, looks_same, parse
from eventreg.events.models import Event, ProgrammeSession
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Stale

TWIN = N_("Another event looks like this one: %(slug)s. Is it the same one?")
CLASH = "changed-here-too"
FOLLOWING = MappingProxyType(
    {
        "day_only": "starts_at",
        "postal_code": "address",
        "city": "address",
        "kind": "categories",
        "lead_html": "lead",
        "body_html": "body",
        "videos": "body",
        "calls_to_action": "body",
        "lead_en_html": "lead_en",
        "body_en_html": "body_en",
    }
)
OURS, THEIRS = "here", "document"  # what an organiser chooses between


@dataclass(frozen=True)
class Clash:
    """A key that changed here and in the document since it was last read, with both values."""

    key: str
    here: Any
    document: Any


@dataclass(frozen=True)
class Report:
    """What an import did: created, changed, unchanged, or news (never an event).

    `hidden` counts the sessions that vanished from the document; `clashes` holds what changed on
    both sides, `version` that of the event before the import (0: none). `moves`: people signed up
    will be told of a new date or place.
    """

    slug: str
    outcome: str
    changed: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    event_id: int | None = None
    hidden: int = 0
    clashes: tuple[Clash, ...] = ()
    version: int = 0
    moves: bool = False


@dataclass(frozen=True)
class _Run:
    """Who imports and how."""

    actor: str
    now: datetime
    publish: bool | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    tell: bool = True


def apply(  # noqa: PLR0913 - how an import runs, in one call
    document: Document,
    *,
    actor: str,
    now: datetime,
    publish: bool | None = None,
    choices: Mapping[str, str] | None = None,
    version: int | None = None,
    tell: bool = True,
) -> Report:
    """Creates or updates the event of a document, inside the caller's transaction.

    `publish`: True shows it whatever the document says, None follows the document, False never.
    What an organiser changed here stays when the document did not change it; where both did, the
    organiser's value stays and the report says so, unless `choices` says THEIRS for its key.
    A new date or place is told to everybody signed up, unless `tell` is False.
    Raises BadValue when facts cannot go together, Stale when `version` is no longer the event's.
    """
    run = _Run(actor, now, publish, choices or {}, tell)
    if document.kind == "news":
        return Report(document.slug, "news", warnings=document.warnings)
    if queries.by_slug(document.slug) is None:
        if version:
            raise Stale
        return _create(document, run)
    event = services.locked(document.slug)  # an organiser may be changing it right now
    if version is not None and event.version != version:
        raise Stale
    return _update(event, document, run)


def _create(document: Document, run: _Run) -> Report:
    values = facts(document)
    event = services.create(
        document.slug,
        title=values.pop("title"),
        starts_at=values.pop("starts_at"),
        actor=run.actor,
        now=run.now,
        **values,
    )
    _keep_source(event, document)
    _programme(event, document)
    db.session.flush()
    wanted = run.publish if run.publish is not None else not document.draft
    extra = _publish(event, run) if wanted else ()
    warnings = (*document.warnings, *unkept(document), *extra, *_twin(event))
    return Report(document.slug, "created", (), warnings, event.id)


def _update(event: Event, document: Document, run: _Run) -> Report:
    warnings = [*document.warnings, *unkept(document)]
    changed: list[str] = []
    clashes: list[Clash] = []
    version, hidden, before = event.version, 0, notices.planned(event)
    if event.source_hash != document.content_hash:
        values, clashes = _changes(event, document, run.choices)
        warnings += map(_told, clashes)
        changed = services.change(event, values, actor=run.actor, now=run.now, tell=run.tell)
        touched, hidden = _programme(event, document)
        if touched:
            changed.append("programme")
            services.touch(event, run.now)
        _keep_source(event, document)
        audit.record(
            "document_imported", at=run.now, actor=run.actor, event_id=event.id, keys=changed
        )
    if run.publish and event.state == "draft":
        warnings += _publish(event, run)
        changed.append("state")
    return Report(
        document.slug,
        "changed" if changed else "unchanged",
        tuple(changed),
        tuple(warnings),
        event.id,
        hidden,
        tuple(clashes),
        version,
        rules.must_tell(event.state, before, notices.planned(event), run.now),
    )


def _changes(
    event: Event, document: Document, choices: Mapping[str, str]
) -> tuple[dict[str, Any], list[Clash]]:
    """What the document changed since it was last imported, and where the organiser did too."""
    new, old = facts(document), _facts_before(event)
    values: dict[str, Any] = {}
    clashes = []
    for key, value in new.items():
        here = here_now(event, key)
        if value == here or (old is not None and value == old.get(key)):
            continue
        ours = old is not None and here != old.get(key) and key not in DERIVED
        if ours:
            clashes.append(Clash(key, here, value))
        if not ours or choices.get(key) == THEIRS:
            values[key] = value
    _follow(values, new, {clash.key for clash in clashes})
    return values, clashes


def _follow(values: dict[str, Any], new: Mapping[str, Any], clashing: set[str]) -> None:
    """What is made from a value goes with it."""
    for key, source in FOLLOWING.items():
        if source in values and key in new:
            values[key] = new[key]
        elif source in clashing:
            values.pop(key, None)


def _told(clash: Clash) -> Problem:
    return Problem(
        None,
        CLASH,
        N_("%(key)s was changed here and in the document: the value of here is kept."),
        {"key": clash.key},
    )


def here_now(event: Event, key: str) -> Any:
    """The value of a column, or the number of places."""
    return queries.pool(event.id).capacity if key == "capacity" else getattr(event, key)


def source_of(event: Event) -> Document | None:
    """The document an event was last imported from; None when it has none that can be read."""
    if not event.source_text:
        return None
    try:
        return parse(event.source_text.encode(), event.source_name or f"{event.slug}.md")
    except DocumentError:
        return None


def _facts_before(event: Event) -> dict[str, Any] | None:
    document = source_of(event)
    return None if document is None else {**DEFAULTS, **facts(document)}


def _keep_source(event: Event, document: Document) -> None:
    event.source_name = document.name
    event.source_text = document.source
    event.source_hash = document.content_hash
    event.document_at = document.document_date
    event.front_matter_extra = dict(document.extra)


def _publish(event: Event, run: _Run) -> Sequence[Problem]:
    """Publishes; an event without a date stays a draft and the report says why."""
    try:
        services.publish(event, actor=run.actor, now=run.now)
    except BadValue as fault:
        return (Problem(None, "kept-as-draft", fault.message, {}),)
    return ()


def _twin(event: Event) -> Sequence[Problem]:
    """Another event that may be this one under another file name: proposed, never merged."""
    return tuple(
        Problem(None, "possible-duplicate", TWIN, {"slug": other.slug})
        for other in queries.around(event)
        if looks_same(event.title, other.title)
        or (event.external_url and event.external_url == other.external_url)
    )[:3]


def _programme(event: Event, document: Document) -> tuple[bool, int]:
    """Brings the sessions up to date: whether something changed, how many are hidden by it."""
    before: dict[object, list[ProgrammeSession]] = {}
    for old in sorted(queries.whole_programme(event.id), key=lambda old: (old.position, old.id)):
        before.setdefault(_key(old), []).append(old)
    changed = False
    for position, session in enumerate(s for day in document.programme.days for s in day.sessions):
        values = {
            "position": position,
            "day": session.day,
            "starts_at": session.start,
            "ends_at": session.end,
            "track": session.track or "",
            "title": session.title or "",
            "organisations_text": session.organisations_text or "",
            "description": session.description or "",
            "speakers": list(session.speakers),
            "items": [asdict(item) for item in session.items],
            "hidden": False,
        }
        # Two rooms may open with the same words at the same hour: each keeps its own line.
        same = before.get((session.day, session.start, session.track or "", session.title or ""))
        row = same.pop(0) if same else None
        if row is None:
            db.session.add(ProgrammeSession(event_id=event.id, **values))
            changed = True
            continue
        for key, value in values.items():
            if _plain(getattr(row, key)) != _plain(value):
                setattr(row, key, value)
                changed = True
    gone = [old for rows in before.values() for old in rows if not old.hidden]
    for old in gone:
        old.hidden = True
    return changed or bool(gone), len(gone)


def _plain(value: Any) -> Any:
    """JSON gives back lists where a document has tuples."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _key(row: ProgrammeSession) -> tuple[date | None, datetime | None, str, str]:
    return (row.day, row.starts_at, row.track, row.title)
