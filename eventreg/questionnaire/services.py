"""Use cases of forms, in the caller's transaction: a new version, its pools, who may come."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update

from eventreg.audit import services as audit
from eventreg.eligibility.policies import PolicyFault, policy_from_data, policy_to_data
from eventreg.events import services as events
from eventreg.events.models import Event, Pool
from eventreg.questionnaire import queries
from eventreg.questionnaire.errors import BadForm
from eventreg.questionnaire.models import AccessNeeds, FormVersion
from eventreg.questionnaire.rules import BadDefinition, Form, SchemaFault, as_data, parse
from eventreg.questionnaire.rules.definition import without_people
from eventreg.shared.db import db


@dataclass(frozen=True)
class Read:
    """A definition understood: the form, and who may come when it says so (None: as it is)."""

    form: Form
    policy: Mapping[str, Any] | None = None
    audience: str = ""


@dataclass(frozen=True)
class Applied:
    """What applying a definition changed."""

    version: int
    changed: bool
    overbooked: tuple[str, ...] = ()  # pools with more seats taken than they have now
    kept: tuple[str, ...] = ()  # pools no longer in the form that people still hold seats of


def read(data: Any, *, zone: str) -> Read:
    """Understands a definition. Raises BadForm with every mistake."""
    try:
        form = parse(data, zone=zone)
    except BadDefinition as bad:
        raise BadForm(bad.faults) from bad
    faults: list[SchemaFault] = []
    populations = []
    for number, one in enumerate(form.populations):
        policy = _policy(one.policy, f"populations[{number}].eligibility", faults)
        populations.append(replace(one, policy=policy_to_data(policy) if policy else None))
    policy = _policy(data.get("eligibility") if data else None, "eligibility", faults)
    if faults:
        raise BadForm(faults)
    form = replace(form, populations=tuple(populations))
    if policy is None:
        return Read(form)
    return Read(form, policy_to_data(policy), policy.audience)


def _policy(data: Any, path: str, faults: list[SchemaFault]) -> Any:
    if data is None:
        return None
    try:
        return policy_from_data(data, path)
    except PolicyFault as fault:
        faults.append(SchemaFault(fault.path, fault.message, fault.params))
        return None


def apply(event: Event, read_: Read, *, actor: str, now: datetime) -> Applied:
    """Makes the definition the event's: a new version when it differs, pools by their key.

    `event` is locked. Nobody is evicted: a pool may end with more seats taken than it has. Pools
    that people hold seats of, or wait for, stay even when the form no longer names them.
    """
    if read_.policy is not None:
        values = {"audience": read_.audience, "policy": dict(read_.policy)}
        events.change(event, values, actor=actor, now=now)
    version = _new_version(event, read_.form, actor=actor, now=now)
    changed = version != event.form_version
    event.form_version = version
    kept, moved = _pools(event, read_.form)
    if changed or moved:
        events.touch(event, now)
        audit.record("form_changed", at=now, actor=actor, event_id=event.id, version=version)
    db.session.flush()
    rows = queries.pools(event.id)
    over = [key for key, r in rows.items() if r.capacity is not None and r.taken > r.capacity]
    return Applied(version, changed or moved, tuple(over), tuple(kept))


def _new_version(event: Event, form: Form, *, actor: str, now: datetime) -> int:
    """The version that says this; 0 for a form that asks nothing."""
    data = as_data(form, stored=True)
    if data == queries.definition(event.id, event.form_version):
        return event.form_version
    if not data:
        return 0
    version = queries.last_version(event.id) + 1
    values = {"event_id": event.id, "version": version, "definition": data}
    db.session.execute(insert(FormVersion).values(**values, made_at=now, made_by=actor))
    return version


def _pools(event: Event, form: Form) -> tuple[list[str], bool]:
    """(keys of pools kept though no longer named, whether anything changed)."""
    rows, moved = queries.pools(event.id), False
    for position, spec in enumerate(form.pools, 1):
        values = {
            "kind": spec.kind,
            "label": spec.label.get("fr") or spec.label.get("en") or "",
            "label_en": spec.label.get("en", ""),
            "position": position,
            "capacity": spec.capacity,
            "waiting_list": spec.waiting_list,
            "released_at": spec.released_at,
            "into": spec.into,
        }
        row = rows.pop(spec.key, None)
        if row is None:
            db.session.add(Pool(event_id=event.id, key=spec.key, **values))
            moved = True
        elif any(getattr(row, name) != value for name, value in values.items()):
            # Never through the loaded row: `taken` moves meanwhile.
            db.session.execute(update(Pool).where(Pool.id == row.id).values(**values))
            moved = True
    used = queries.used_pools(event.id)
    gone = [row.id for row in rows.values() if row.id not in used]
    if gone:
        db.session.execute(delete(Pool).where(Pool.id.in_(gone)))
    return [key for key, row in rows.items() if row.id in used], moved or bool(gone)


def as_document(event: Event) -> dict[str, Any]:
    """The whole definition of an event, as `read` takes it; applying it changes nothing."""
    data = as_data(queries.whole(event.id, event.form_version), zone=event.timezone)
    if event.policy is not None:
        data["eligibility"] = event.policy
    return data


def keep_needs(
    registration_id: int, event_id: int, needs: Mapping[str, str], *, now: datetime
) -> None:
    """Access needs, apart from the other answers: another reader, another end."""
    wanted = AccessNeeds.registration_id == registration_id
    db.session.execute(delete(AccessNeeds).where(wanted))
    for question, text in needs.items():
        db.session.add(
            AccessNeeds(
                registration_id=registration_id,
                event_id=event_id,
                question=question,
                text=text,
                given_at=now,
            )
        )
    db.session.flush()


def erase_needs(registration_ids: list[int]) -> None:
    """Access needs leave on their own date (privacy)."""
    wanted = AccessNeeds.registration_id.in_(registration_ids)
    db.session.execute(delete(AccessNeeds).where(wanted))


def erase_people(event_ids: list[int]) -> None:
    """Addresses named in forms leave; what the forms asked stays readable (privacy)."""
    query = db.session.query(FormVersion).where(FormVersion.event_id.in_(event_ids))
    for row in query:
        row.definition = without_people(row.definition)
    db.session.flush()
    queries.forget()
