"""May this person still come: asked again when they change, come back, or put somebody forward."""

from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import Decision, Identity
from eventreg.registration import errors
from eventreg.registration.models import Registration
from eventreg.registration.rules import SignupFacts
from eventreg.shared.addresses import Address


def ask(
    address: Address | str, facts: SignupFacts, *, identity: Identity | None = None
) -> Decision:
    """The decision for an address whose mailbox answers. Raises NotEligible."""
    decision = eligibility.decide(
        address,
        audience=facts.audience,
        policy=facts.policy,
        identity=identity,
        proven=True,
        event_id=facts.event_id,
    )
    if decision.outcome == "refused":
        raise errors.NotEligible(decision.message, **decision.params)
    return decision


def ask_again(registration: Registration, facts: SignupFacts) -> Decision | None:
    """The decision for somebody known; None where an organiser's own stands. Raises NotEligible."""
    if registration.eligibility_method == "organiser":
        return None
    identity = None
    if registration.eligibility_siret:  # what was kept of a sign-in; the account was not
        identity = Identity(
            issuer="kept",
            sub="kept",
            email=registration.email_key,
            email_verified=True,
            siret=registration.eligibility_siret,
            roles=tuple(registration.eligibility_roles),
            acr=registration.eligibility_acr,
        )
    return ask(registration.email_key, facts, identity=identity)


def refuse_doubtful(decision: Decision) -> None:
    """Raises NotEligible where a person would have to decide: nobody takes a place that way."""
    if decision.outcome == "review":
        raise errors.NeedsOrganiser


def keep(registration: Registration, columns: dict[str, object]) -> None:
    """Puts the evidence of a decision into its columns."""
    for name, value in columns.items():
        setattr(registration, name, value)
