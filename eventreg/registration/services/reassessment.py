"""Whom a policy would exclude today among people signed up. Decisions taken are never changed."""

from dataclasses import dataclass

from sqlalchemy import select

from eventreg.eligibility import queries as eligibility_queries
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import Decision, Identity, Outcome, Policy, lowest
from eventreg.eligibility.rules import decide as decide_by_rules
from eventreg.registration.models import ACTIVE, Registration
from eventreg.shared.db import db

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
    registry = eligibility.current_registry()
    entries = {
        entry: verdict
        for verdict in eligibility_queries.list_counts(event_id)
        for entry in eligibility_queries.list_entries(event_id, verdict)
    }
    found = []
    for row in db.session.execute(query):
        decision = decide_by_rules(
            row.email_key,
            policy=policy,
            registry=registry,
            proven=True,
            identity=_identity(row.email_key, row) if row.eligibility_siret else None,
            entries=entries,
        )
        before = Outcome(row.eligibility_outcome)
        if decision.outcome is not before and lowest(decision.outcome, before) is decision.outcome:
            name = f"{row.given_name} {row.family_name}"
            found.append(
                Lowered(row.public_id, name, row.email_key, row.state, str(before), decision)
            )
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
