"""The facts of sign-ups as they are for one population, and for whoever was invited."""

from dataclasses import replace

from eventreg.eligibility.rules import policy_of
from eventreg.questionnaire import queries as forms
from eventreg.registration.rules import Pass, SignupFacts


def of(facts: SignupFacts, population: str = "", allowed: Pass | None = None) -> SignupFacts:
    """The event's facts, with what the population and an invitation say otherwise.

    A population opens and closes within the event's own window, never outside of it: the closing
    of an event is everybody's.
    """
    if population and facts.form_version:
        facts = _population(facts, population)
    return facts if allowed is None else allowed.terms(facts)


def _population(facts: SignupFacts, key: str) -> SignupFacts:
    form = forms.form_of(facts.event_id, facts.form_version)
    found = form.population(key)
    if found is None:
        return facts
    opens = [at for at in (facts.opens_at, found.opens_at) if at is not None]
    closes = [at for at in (facts.closing, found.closes_at) if at is not None]
    policy = found.policy if found.policy is not None else facts.policy
    return replace(
        facts,
        opens_at=max(opens, default=None),
        closes_at=min(closes, default=None),
        approval=found.approval or facts.approval,
        policy=policy,
        audience=facts.audience if found.policy is None else policy_of("", policy).audience,
    )
