"""One way to change the state of a registration: table, trace, seat, in the agreed lock order."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from eventreg.audit import services as audit
from eventreg.registration import errors, rules
from eventreg.registration.models import Registration
from eventreg.registration.rules import Act, SignupFacts, State
from eventreg.registration.services import pools
from eventreg.shared import tokens
from eventreg.shared.db import db


def move(
    registration: Registration,
    act: Act,
    *,
    facts: SignupFacts,
    actor: str,
    now: datetime,
    owing: Callable[[], None] | None = None,
    **details: Any,
) -> State:
    """Applies `act`; raises NotPossible when the table has no such move, Full without a seat.

    The registration must be locked by the caller. `owing` queues the letters once the new state
    and nonce are set, before the seat: the contended row comes last.
    """
    before = State(registration.state)
    after = rules.TRANSITIONS.get((before, act))
    if after is None:
        raise errors.NotPossible
    audit.record(
        act.value,
        at=now,
        actor=actor,
        event_id=registration.event_id,
        registration_id=registration.id,
        states=(before, after),
        **details,
    )
    wanted = int(rules.holds_seat(after, pending_holds_seat=facts.pending_holds_seat))
    held, registration.seats = registration.seats, wanted
    registration.state = after
    registration.version += 1
    if after not in rules.ACTIVE:
        registration.ended_at = now
    if act is Act.CANCEL:
        registration.nonce = tokens.random_id(9)  # what was mailed before opens nothing any more
    db.session.flush()
    if owing is not None:
        owing()
    if wanted > held:
        taken, _instant = pools.take(facts.pool_id)
        if not taken:
            raise errors.Full
    elif held > wanted:
        pools.release(facts.pool_id, held - wanted)
    return after
