"""The facts of sign-ups as they are for one population: its window, its approval."""

from eventreg.registration.rules import SignupFacts


def of(facts: SignupFacts, population: str) -> SignupFacts:
    """The event's facts, with what the population says otherwise."""
    return facts
