"""Whom a policy would exclude today among people signed up. Decisions taken are never changed."""

from dataclasses import dataclass

from sqlalchemy import case, select

from eventreg.eligibility import queries as eligibility_queries
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.many import Many
from eventreg.eligibility.registry import upwards
from eventreg.eligibility.rules import Decision, Identity, Outcome, Policy, lowest
from eventreg.registration.models import ACTIVE, Registration
from eventreg.shared.db import db

NAMED_AT_ONCE = 5_000  # lines asked for in one statement; databases take some 30,000
_SIGNED_IN = Registration.eligibility_siret != ""
_FACTS = (  # few and light: ten thousand people are read each time the page is looked at
    Registration.id,
    Registration.email_key,
    Registration.eligibility_outcome,
    Registration.eligibility_siret,
    case((_SIGNED_IN, Registration.eligibility_roles), else_=None).label("eligibility_roles"),
)
_SHOWN = (
    Registration.id,
    Registration.public_id,
    Registration.given_name,
    Registration.family_name,
    Registration.email_key,
    Registration.state,
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


def lowered(event_id: int, policy: Policy, *, shown: int) -> tuple[list[Lowered], int]:
    """Active people whose outcome would be lower: the first of them by name, and how many.

    An organiser's own decisions stand.
    """
    query = (
        select(*_FACTS)
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
    outcomes = {str(outcome): outcome for outcome in Outcome}
    found: dict[int, tuple[str, Decision]] = {}
    for row in people:
        identity = _identity(row.email_key, row) if row.eligibility_siret else None
        decision = many.decide(row.email_key, identity)
        before = outcomes[row.eligibility_outcome]
        if decision.outcome is not before and lowest(decision.outcome, before) is decision.outcome:
            found[row.id] = (str(before), decision)
    return _named(list(found.items())[:shown]), len(found)


def _named(found: list[tuple[int, tuple[str, Decision]]]) -> list[Lowered]:
    """Who they are, in the same order."""
    query = select(*_SHOWN).where(Registration.id.in_([key for key, _ in found]))
    people = {row.id: row for row in db.session.execute(query)}
    return [
        Lowered(
            public_id=row.public_id,
            name=f"{row.given_name} {row.family_name}",
            email=row.email_key,
            state=row.state,
            before=before,
            decision=decision,
        )
        for key, (before, decision) in found
        if (row := people.get(key)) is not None
    ]


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
