"""Invitations: who may use one, when, and what it changes for its holder. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from eventreg.events.rules import SignupFacts
from eventreg.shared.addresses import Address

LONGEST = timedelta(days=366)
LIFE = timedelta(days=14)  # where the organiser says nothing
REMIND_BEFORE = timedelta(days=3)
KEPT = timedelta(days=7)  # unanswered, after its end
MOST_AT_ONCE = 2_000


@dataclass(frozen=True)
class Pass:
    """What an open invitation allows. `email_key` is the only address when it is bound."""

    id: int
    public_id: str
    event_id: int
    email_key: str
    bound: bool
    population: str
    skips_approval: bool
    skips_deadline: bool
    beyond_capacity: bool
    invited_by: str
    expires_at: datetime

    def fits(self, address: Address) -> bool:
        """Whether somebody may sign up with it under this address."""
        return not self.bound or address.canonical == self.email_key

    def proves(self, address: Address) -> bool:
        """Its link was mailed to this address: whoever shows it has read that mailbox."""
        return address.canonical == self.email_key

    def terms(self, facts: SignupFacts) -> SignupFacts:
        """The facts of sign-ups for its holder.

        Past the deadline it stands until its own end; never past the start of the event.
        """
        if self.skips_approval:
            facts = replace(facts, approval="none")
        if self.skips_deadline:
            ends = min(self.expires_at, facts.starts_at or self.expires_at)
            facts = replace(facts, opens_at=None, closes_at=ends)
        return replace(facts, capacity=None, waiting=0) if self.beyond_capacity else facts


def default_end(now: datetime, *, closing: datetime | None, exception: bool) -> datetime:
    """When an invitation ends where its organiser does not say: in 14 days, or at the closing."""
    ends = now + LIFE
    if exception or closing is None or closing <= now:
        return ends
    return min(ends, closing)


def reminder(now: datetime, ends: datetime) -> datetime | None:
    """When to remind: 3 days before its end, if that is a day away at least."""
    at = ends - REMIND_BEFORE
    return at if at - now >= timedelta(days=1) else None
