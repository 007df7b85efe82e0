"""A document of the site becomes an event: upsert by slug, hide what vanished, report doubts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from eventreg.audit import services as audit
from eventreg.events import queries, services
from eventreg.events.errors import BadValue
from eventreg.events.jekyll import Document, DocumentError, Problem, parse
from eventreg.events.models import Event, ProgrammeSession
from eventreg.shared.db import db
from eventreg.shared.errors import N_

Moment = datetime | date


@dataclass(frozen=True)
class Report:
    """What an import did: created, changed, unchanged, or news (never an event)."""

    slug: str
    outcome: str
    changed: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    event_id: int | None = None


def apply(document: Document, *, actor: str, now: datetime, publish: bool | None = None) -> Report:
    """Creates or updates the event of a document, inside the caller's transaction.

    `publish`: True shows it whatever the document says, None follows the document, False never.
    What an organiser changed here stays when the document did not change it; where both did, the
    organiser's value stays and the report says so. Raises BadValue when facts cannot go together.
    """
    if document.kind == "news":
        return Report(document.slug, "news", warnings=document.warnings)
    if queries.by_slug(document.slug) is None:
        return _create(document, actor=actor, now=now, publish=publish)
    event = services.locked(document.slug)  # an organiser may be changing it right now
    return _update(event, document, actor=actor, now=now, publish=publish)


def look_for_files(document: Document, site_root: Path) -> Document:
    """The document with a warning for each image or file that is not under `site_root`."""
    root = site_root.resolve()
    missing = []
    for src in (*(image.src for image in document.images), *document.files):
        path = (root / src.lstrip("/")).resolve()
        if not (path.is_relative_to(root) and path.is_file()):
            missing.append(
                Problem(
                    None, "file-absent", N_("%(src)s is not under the site root."), {"src": src}
                )
            )
    return replace(document, warnings=(*document.warnings, *missing))


def _create(document: Document, *, actor: str, now: datetime, publish: bool | None) -> Report:
    values = facts(document)
    event = services.create(
        document.slug,
        title=values.pop("title"),
        starts_at=values.pop("starts_at"),
        actor=actor,
        now=now,
        **values,
    )
    _keep_source(event, document)
    _programme(event, document)
    db.session.flush()
    wanted = publish if publish is not None else not document.draft
    extra = _publish(event, actor=actor, now=now) if wanted else ()
    warnings = (*document.warnings, *extra, *_twin(document))
    return Report(document.slug, "created", (), warnings, event.id)


def _update(
    event: Event, document: Document, *, actor: str, now: datetime, publish: bool | None
) -> Report:
    warnings = list(document.warnings)
    changed: list[str] = []
    if event.source_hash != document.content_hash:
        values, clashes = _changes(event, document)
        warnings += clashes
        changed = services.change(event, values, actor=actor, now=now)
        if _programme(event, document):
            changed.append("programme")
            services.touch(event, now)
        _keep_source(event, document)
        audit.record("document_imported", at=now, actor=actor, event_id=event.id, keys=changed)
    if publish and event.state == "draft":
        warnings += _publish(event, actor=actor, now=now)
        changed.append("state")
    outcome = "changed" if changed else "unchanged"
    return Report(document.slug, outcome, tuple(changed), tuple(warnings), event.id)


def _changes(event: Event, document: Document) -> tuple[dict[str, Any], list[Problem]]:
    """What the document changed since it was last imported, and where the organiser did too."""
    new, old = facts(document), _facts_before(event)
    values, clashes = {}, []
    for key, value in new.items():
        here = _here(event, key)
        if value == here or (old is not None and value == old.get(key)):
            continue
        if old is not None and here != old.get(key):
            clashes.append(
                Problem(
                    None,
                    "changed-here-too",
                    N_("%(key)s was changed here and in the document: the value of here is kept."),
                    {"key": key},
                )
            )
            continue
        values[key] = value
    return values, clashes


def _here(event: Event, key: str) -> Any:
    return queries.pool(event.id).capacity if key == "capacity" else getattr(event, key)


def _facts_before(event: Event) -> dict[str, Any] | None:
    if not event.source_text:
        return None
    try:
        return facts(parse(event.source_text.encode(), event.source_name or f"{event.slug}.md"))
    except DocumentError:
        return None


def facts(document: Document) -> dict[str, Any]:
    """The columns of an event that a document states."""
    zone = document.timezone
    registration = document.registration
    return {
        "title": document.title,
        "kind": (document.categories[0] if document.categories else "")[:80],
        "categories": list(document.categories),
        "tags": list(document.tags),
        "lead": document.lead or "",
        "lead_html": document.lead_html,
        "body": document.body,
        "body_html": document.body_html,
        "starts_at": _begin(document.start, zone),
        "ends_at": _end(document.end, zone),
        "day_only": document.start is not None and not isinstance(document.start, datetime),
        "timezone": zone,
        "venue": document.venue or "",
        "address": document.address or "",
        "postal_code": document.postal_code or "",
        "city": document.city or "",
        "online": bool(document.online),
        "info_fields": [
            {"label": f.label, "value": f.value, "link": f.link} for f in document.info_fields
        ],
        "images": [{"src": i.src, "alt": i.alt} for i in document.images],
        "files": list(document.files),
        "videos": [asdict(video) for video in document.videos],
        "calls_to_action": [{"text": c.text, "href": c.href} for c in document.calls_to_action],
        "press_contacts": [
            {"name": c.name, "phones": list(c.phones), "email": c.email}
            for c in document.press_contacts
        ],
        "registration_mode": registration.mode,
        "external_url": (registration.link or "") if registration.mode == "external" else "",
        "paid": registration.paid,
        "opens_at": _begin(registration.opens_at, zone),
        "closes_at": _deadline(registration.deadline, zone),
        "audience": "public_agents" if document.audience.public_agents_only else "anyone",
        "audience_text": document.audience.text or "",
        "capacity": document.capacity,
    }


def _begin(moment: Moment | None, zone: str) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), ZoneInfo(zone))


def _end(moment: Moment | None, zone: str) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(23, 59), ZoneInfo(zone))


def _deadline(moment: Moment | None, zone: str) -> datetime | None:
    """A day alone runs to its end: the next midnight, strictly before which people sign up."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment + timedelta(days=1), time(), ZoneInfo(zone))


def _keep_source(event: Event, document: Document) -> None:
    event.source_name = document.name
    event.source_text = document.source
    event.source_hash = document.content_hash
    event.document_at = document.document_date
    event.front_matter_extra = dict(document.extra)


def _publish(event: Event, *, actor: str, now: datetime) -> Sequence[Problem]:
    """Publishes; an event without a date stays a draft and the report says why."""
    try:
        services.publish(event, actor=actor, now=now)
    except BadValue as fault:
        return (Problem(None, "kept-as-draft", fault.message, {}),)
    return ()


def _twin(document: Document) -> Sequence[Problem]:
    other = queries.same_title(document.title, document.slug)
    if other is None:
        return ()
    text = N_("Another event has the same title: %(slug)s. Is it the same one?")
    return (Problem(None, "possible-duplicate", text, {"slug": other.slug}),)


def _programme(event: Event, document: Document) -> bool:
    """Brings the sessions up to date; True when something changed."""
    before = {_key(row): row for row in queries.whole_programme(event.id)}
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
        row = before.pop((session.day, session.start, session.title or ""), None)
        if row is None:
            db.session.add(ProgrammeSession(event_id=event.id, **values))
            changed = True
            continue
        for key, value in values.items():
            if _plain(getattr(row, key)) != _plain(value):
                setattr(row, key, value)
                changed = True
    for row in before.values():
        if not row.hidden:
            row.hidden = changed = True
    return changed


def _plain(value: Any) -> Any:
    """JSON gives back lists where a document has tuples."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _key(row: ProgrammeSession) -> tuple[date | None, datetime | None, str]:
    return (row.day, row.starts_at, row.title)
