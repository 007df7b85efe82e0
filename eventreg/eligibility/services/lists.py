"""An event's long lists, and policies under a name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from eventreg.audit import services as audit
from eventreg.eligibility.entries import InvalidEntry, Parsed, list_entry
from eventreg.eligibility.models import ListEntry, SavedPolicy
from eventreg.eligibility.policies import Policy, policy_to_data
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.fields import clean_line, has_unprintable

BATCH = 5_000
VERDICTS = ("accepted", "refused", "invited")
NAME_LIMIT = 80


def import_list(
    event_id: int, read: Parsed, *, verdict: str, by: str, now: datetime
) -> dict[str, int]:
    """Adds the lines of a list, or moves them there from another; answers how many of each.

    Exclusions (lines with an exclamation mark) go to the refused. All or nothing: raises Invalid
    when a line is wrong, or when people are invited by anything but an address.
    """
    if verdict not in VERDICTS:
        raise Invalid(N_("Choose the list that these lines go to."), field="verdict")
    if read.faults:
        raise Invalid(N_("Nothing was added: correct the lines below."), field="lines")
    if not (read.accepted or read.refused):
        raise Invalid(N_("Write at least one address or domain."), field="lines")
    if verdict == "invited" and any("@" not in entry for entry in read.accepted):
        raise Invalid(
            N_("People are invited by their address, for example: name@example.org."),
            field="lines",
        )
    by_verdict: dict[str, list[str]] = {}
    for word, entries in ((verdict, read.accepted), ("refused", read.refused)):
        by_verdict.setdefault(word, []).extend(entries)
    counts = {}
    for word, entries_of in by_verdict.items():
        if entries_of:
            _put(event_id, entries_of, word, by=by, now=now)
            counts[word] = len(entries_of)
    audit.record("list_imported", at=now, actor=by, event_id=event_id, counts=counts)
    return counts


def _put(event_id: int, entries: Sequence[str], verdict: str, *, by: str, now: datetime) -> None:
    for start in range(0, len(entries), BATCH):
        batch = list(entries[start : start + BATCH])
        db.session.execute(
            delete(ListEntry).where(ListEntry.event_id == event_id, ListEntry.entry.in_(batch)),
            execution_options={"synchronize_session": False},
        )
        rows = [
            {
                "event_id": event_id,
                "entry": entry,
                "verdict": verdict,
                "made_at": now,
                "made_by": by,
            }
            for entry in batch
        ]
        db.session.execute(insert(ListEntry), rows)


def add_entry(event_id: int, text: str, *, verdict: str, by: str, now: datetime) -> str:
    """One domain or address, accepted or refused for one event. Raises Invalid."""
    try:
        entry = list_entry(text)
    except InvalidEntry as fault:
        raise Invalid(fault.message, field="entry") from fault
    _put(event_id, [entry], verdict, by=by, now=now)
    # An address is a person: the trace tells the domain, never who.
    audit.record(
        "list_entry_added",
        at=now,
        actor=by,
        event_id=event_id,
        verdict=verdict,
        domain=entry.rpartition("@")[2],
    )
    return entry


def remove_entry(event_id: int, text: str, *, by: str, now: datetime) -> bool:
    """False when the list has no such line. Raises Invalid for what is no line at all."""
    try:
        entry = list_entry(text)
    except InvalidEntry as fault:
        raise Invalid(fault.message, field="entry") from fault
    wanted = (ListEntry.event_id == event_id, ListEntry.entry == entry)
    found = db.session.execute(select(ListEntry.id).where(*wanted)).scalar_one_or_none()
    if found is None:
        return False
    db.session.execute(delete(ListEntry).where(ListEntry.id == found))
    audit.record("list_entry_removed", at=now, actor=by, event_id=event_id)
    return True


def remove_list(event_id: int, verdict: str, *, by: str, now: datetime) -> None:
    """Empties one list of an event."""
    wanted = (ListEntry.event_id == event_id, ListEntry.verdict == verdict)
    db.session.execute(delete(ListEntry).where(*wanted))
    audit.record("list_emptied", at=now, actor=by, event_id=event_id, verdict=verdict)


def save_policy(name: str, policy: Policy, *, by: str, now: datetime) -> SavedPolicy:
    """Keeps a policy under a name, replacing what had it. Raises Invalid.

    Addresses stay behind: a person is accepted for one event, and leaves with it.
    """
    name = clean_line(name)
    if not name or len(name) > NAME_LIMIT or has_unprintable(name):
        raise Invalid(
            N_("Write a name of %(limit)s characters at most."), field="name", limit=NAME_LIMIT
        )
    db.session.execute(delete(SavedPolicy).where(SavedPolicy.name == name))
    saved = SavedPolicy(name=name, data=_without_people(policy), made_at=now, made_by=by)
    db.session.add(saved)
    db.session.flush()
    audit.record("policy_saved", at=now, actor=by, policy_id=saved.id)
    return saved


def _without_people(policy: Policy) -> dict[str, Any]:
    data = policy_to_data(policy)
    data.pop("invited", None)
    for key in ("accepted", "refused"):
        kept = [entry for entry in data.pop(key, ()) if "@" not in entry]
        if kept:
            data[key] = kept
    return data


def delete_saved(policy_id: int, *, by: str, now: datetime) -> None:
    """Events that took it keep their copy."""
    db.session.execute(delete(SavedPolicy).where(SavedPolicy.id == policy_id))
    audit.record("policy_deleted", at=now, actor=by, policy_id=policy_id)
