"""Helping organisers to choose: score and notes, a shortlist, a lottery with its seed recorded."""

from datetime import datetime

from eventreg.audit import services as audit
from eventreg.registration import errors
from eventreg.registration.models import Draw, Registration
from eventreg.registration.queries import selection
from eventreg.registration.rules import selection as rules
from eventreg.shared import tokens
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Invalid


def note(
    registration: Registration,
    *,
    score: int | None,
    notes: str,
    shortlisted: bool,
    seen: tuple[int | None, str, bool],
) -> None:
    """Writes what organisers think of a request; never shown to its person but on their demand.

    `seen`: the values that the form was drawn with. Raises NotPossible when a colleague has
    written others since.
    """
    now = (registration.score, registration.organiser_notes, registration.shortlisted)
    if seen != now:
        raise errors.NotPossible
    registration.score = score
    registration.organiser_notes = notes
    registration.shortlisted = shortlisted
    db.session.flush()


def make_draw(
    event_id: int, *, places: int, shortlist: bool, seed: str, actor: str, now: datetime
) -> Draw:
    """Draws and records; decides nobody. Raises Invalid when nobody may be drawn."""
    candidates = selection.candidates(event_id, shortlist=shortlist)
    if not candidates:
        raise Invalid(N_("Nobody awaits a decision there."), field="among")
    chosen = rules.draw(candidates, seed=seed, places=places)
    made = Draw(
        public_id=tokens.random_id(),
        event_id=event_id,
        seed=seed,
        places=places,
        among="shortlist" if shortlist else "all",
        candidates=[list(one) for one in candidates],
        chosen=chosen,
        made_at=now,
        made_by=actor,
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        "drawn",
        at=now,
        actor=actor,
        event_id=event_id,
        draw=made.id,
        candidates=len(candidates),
        chosen=len(chosen),
    )
    return made
