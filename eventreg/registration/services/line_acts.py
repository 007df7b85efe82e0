"""What organisers do to a waiting list: move somebody, offer out of order, withdraw an offer."""

from eventreg.registration import errors, mails, queries
from eventreg.registration.models import Registration
from eventreg.registration.queries import waiting
from eventreg.registration.rules import Act, State
from eventreg.registration.services import letters, waiting_list, wording
from eventreg.registration.services.moves import move
from eventreg.shared import clock
from eventreg.shared.db import db
from eventreg.shared.errors import N_, Invalid, NotFound, Stale

PUBLISHED = "published"


def move_to(
    event_id: int, public_id: str, *, rank: int, reason: str, actor: str, version: int
) -> None:
    """Gives somebody in line another rank, from 1; past the end is the end.

    Raises Invalid without a reason, Stale when the person changed meanwhile, NotPossible for
    somebody who no longer waits, NotFound.
    """
    registration = _known(event_id, public_id)
    other = waiting.at_rank(event_id, rank, beside=registration.id)
    # Registrations are locked in the order of their ids, like everywhere.
    people = [registration, _known(event_id, other)] if other else [registration]
    locked = {row.id: _locked(event_id, row.public_id) for row in sorted(people, key=_id)}
    person = locked[registration.id]
    _refuse_if_stale(person, version)
    before = locked[people[1].id] if other else None
    waiting_list.reorder(person, before=before, reason=reason, actor=actor)


def offer_now(event_id: int, public_id: str, *, reason: str, actor: str, version: int) -> State:
    """Offers a free place to somebody before their turn, with a traced reason that they read.

    Raises Invalid without a reason, Full, Stale, NotPossible: also for whoever must be accepted
    first, and once the event has begun.
    """
    _refuse_if_silent(reason)
    person = _locked(event_id, public_id)
    _refuse_if_stale(person, version)
    facts = queries.signup_facts_of(event_id)
    now = clock.deciding_instant(db.session)
    begun = facts.starts_at is None or now >= facts.starts_at
    if not person.cleared or begun or facts.event_state != PUBLISHED:
        raise errors.NotPossible
    person.queue_reason = reason
    return waiting_list.offer(person, actor=actor, now=now, with_reason=True)


def withdraw(event_id: int, public_id: str, *, reason: str, actor: str, version: int) -> State:
    """Takes an offer back: the person is in line again at their rank, and told why.

    Raises Invalid without a reason, Stale, NotPossible once the offer was answered.
    """
    _refuse_if_silent(reason)
    person = _locked(event_id, public_id)
    _refuse_if_stale(person, version)
    if person.state != State.OFFERED:
        raise errors.NotPossible
    page = queries.signup_page_of(event_id)
    now = clock.deciding_instant(db.session)
    person.offered_at = person.offer_ends_at = None
    person.queue_reason = reason
    waiting_list.serve_later(page.facts)

    def tell() -> None:
        letter = mails.offer_withdrawn(**wording.about(person, page), reason=reason)
        letters.owe(letter, person, now)

    return move(
        person,
        Act.WITHDRAW,
        facts=page.facts,
        actor=actor,
        now=now,
        owing=tell,
        with_reason=True,
    )


def _id(registration: Registration) -> int:
    return registration.id


def _known(event_id: int, public_id: str) -> Registration:
    found = queries.attendee(event_id, public_id)
    if found is None:
        raise NotFound
    return found


def _locked(event_id: int, public_id: str) -> Registration:
    found = queries.by_public_id(public_id, lock=True)
    if found is None or found.event_id != event_id:
        raise NotFound
    return found


def _refuse_if_stale(registration: Registration, version: int) -> None:
    if registration.version != version:
        raise Stale


def _refuse_if_silent(reason: str) -> None:
    if not reason.strip():
        raise Invalid(N_("Write the reason: the person will read it."), field="reason")
