"""Whom a policy would exclude today among people signed up. Decisions taken are never changed."""

from dataclasses import dataclass

from sqlalchemy import select

from eventreg.eligibility import queries as eligibility_queries
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.many import Many
from eventreg.eligibility.registry import upwards
from eventreg.eligibility.rules import Decision, Identity, Outcome, Policy, lowest
from eventreg.registration.models import ACTIVE, Registration
from eventreg.shared.db import db

NAMED_AT_ONCE = 5_000  # lines asked for in one statement; databases take some 30,000
_COLUMNS = (
    Registration.public_id,
    Registration.given_name,
    Registration.family_name,
    Registration.email_key,
    Registration.state,
    Registration.eligibility_outcome,
    Registration.eligibility_method,
    Registration.eligibility_siret,
    Registration.eligibility_roles,
)


@dataclass(frozen=True)
class Lowered:
    """Somebody whom the policy would treat worse than they were."""

    public_id: str
    name: str
    email: str
    state: str
    before: str
    decision: Decision


def lowered(event_id: int, policy: Policy) -> list[Lowered]:
    """Active registrations whose outcome would be lower; an organiser's own decisions stand."""
    query = (
        select(*_COLUMNS)
        .where(
            Registration.event_id == event_id,
            ACTIVE,
            Registration.eligibility_method != "organiser",
            Registration.eligibility_reason != "organiser_decision",
        )
        .order_by(Registration.family_name, Registration.id)
    )
    people = db.session.execute(query).all()
    entries = _entries(event_id, {row.email_key for row in people})
    many = Many(policy, eligibility.current_registry(), entries)
    found = []
    for row in people:
        identity = _identity(row.email_key, row) if row.eligibility_siret else None
        decision = many.decide(row.email_key, identity)
        before = Outcome(row.eligibility_outcome)
        if decision.outcome is not before and lowest(decision.outcome, before) is decision.outcome:
            name = f"{row.given_name} {row.family_name}"
            found.append(
                Lowered(row.public_id, name, row.email_key, row.state, str(before), decision)
            )
    return found


def _entries(event_id: int, keys: set[str]) -> dict[str, str]:
    """The lines of the event's long lists that name any of these people; most name nobody here."""
    if not eligibility_queries.list_counts(event_id):
        return {}
    domains = {key.rpartition("@")[2] for key in keys}
    below = {f".{name}" for domain in domains for name in upwards(domain)}
    wanted = sorted(keys | domains | below)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), NAMED_AT_ONCE):
        part = wanted[start : start + NAMED_AT_ONCE]
        found |= eligibility_queries.naming(event_id, part)
    return found


def _identity(email: str, row: object) -> Identity:
    """What was kept of a ProConnect sign-in; the account itself was not."""
    return Identity(
        issuer="kept",
        sub="kept",
        email=email,
        email_verified=True,
        siret=getattr(row, "eligibility_siret", ""),
        roles=tuple(getattr(row, "eligibility_roles", ())),
    )
