"""Pictures and documents of an event: each change is a change of the event, and traced."""

from collections.abc import Sequence
from datetime import datetime

from eventreg.audit import services as audit
from eventreg.events import services
from eventreg.events.models import Event
from eventreg.files import queries
from eventreg.files import services as files
from eventreg.files.models import StoredFile
from eventreg.files.rules import Prepared


def add(
    event: Event, ready: Prepared, *, alt: str, decorative: bool, actor: str, now: datetime
) -> StoredFile:
    """One more file, last of its kind. Raises TooManyFiles."""
    kept = files.keep(ready, event.id, alt=alt, decorative=decorative)
    services.touch(event, now)
    audit.record("file_added", at=now, actor=actor, event_id=event.id, file=kept.public_id)
    return kept


def describe(
    event: Event, public_id: str, *, alt: str, decorative: bool, actor: str, now: datetime
) -> None:
    """Another description. Nothing happens for a file that somebody removed meanwhile."""
    file = of_event(event.id, public_id)
    if file is not None and files.describe(file, alt=alt, decorative=decorative):
        services.touch(event, now)
        audit.record("file_changed", at=now, actor=actor, event_id=event.id, file=file.public_id)


def move(event: Event, public_id: str, *, by: int, actor: str, now: datetime) -> None:
    """One place earlier or later among the files of its kind."""
    file = of_event(event.id, public_id)
    if file is None:
        return
    media = queries.of_event(event.id)
    siblings: Sequence[StoredFile] = media.images if file.purpose == "image" else media.documents
    files.move(file, siblings, by=by)
    services.touch(event, now)
    audit.record("file_moved", at=now, actor=actor, event_id=event.id, file=file.public_id)


def remove(event: Event, public_id: str, *, actor: str, now: datetime) -> None:
    """Takes a file away; a second time changes nothing."""
    file = of_event(event.id, public_id)
    if file is not None:
        files.remove(file)
        services.touch(event, now)
        audit.record("file_removed", at=now, actor=actor, event_id=event.id, file=public_id)


def of_event(event_id: int, public_id: str) -> StoredFile | None:
    """A picture or document of this event; what registrants gave is not an organiser's to change."""
    file = queries.by_public_id(public_id)
    if file is None or file.event_id != event_id or file.purpose == "answer":
        return None
    return file
