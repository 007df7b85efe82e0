"""What a registrant does with the links received by mail: confirm, cancel, ask for the links."""

from datetime import datetime, timedelta

from eventreg.audit import services as audit
from eventreg.mailing import services as mailing
from eventreg.registration import errors, mails, queries, rules
from eventreg.registration.models import Registration
from eventreg.registration.queries import SignupPage
from eventreg.registration.rules import Act, SignupFacts, State
from eventreg.registration.services import letters, waiting_list, wording
from eventreg.registration.services.moves import move
from eventreg.shared import clock, tokens
from eventreg.shared.addresses import Address
from eventreg.shared.db import db
from eventreg.shared.letters import writer

MOST_PER_HOUR = 3


def held(public_id: str, nonce: str) -> Registration:
    """The registration, locked, when `nonce` still opens it. Raises ExpiredLink."""
    registration = queries.by_public_id(public_id, lock=True)
    if registration is None or not tokens.same(registration.nonce, nonce):
        raise errors.ExpiredLink
    return registration


def confirm(registration: Registration) -> State:
    """The mailbox is proven: confirmed, or pending for a person to decide. Twice is once.

    In line, the address is proven and the rank stays; an offered place is taken. A hold that
    ended is given back here and now, whether or not the minute job came by.
    """
    if registration.state == State.OFFERED:
        return waiting_list.take_offer(registration)
    if registration.state == State.WAITING and registration.proven_at is None:
        return _prove_in_line(registration)
    if registration.state != State.UNCONFIRMED:
        return State(registration.state)
    page = queries.signup_page_of(registration.event_id)
    facts = page.facts
    refuse_if_over(facts)
    now = clock.deciding_instant(db.session)
    if expire_if_over(registration, page, now):
        return State.EXPIRED
    registration.proven_at = now
    state = rules.after_proof(outcome=registration.eligibility_outcome, approval=facts.approval)
    if state is State.CONFIRMED:
        registration.confirmed_at = now
    proven = state is State.CONFIRMED
    if not proven and not facts.pending_holds_seat:
        waiting_list.serve_later(facts)  # a request holds no seat: what was held is free

    def tell() -> None:
        write = mails.confirmed if proven else mails.pending
        letter = write(**wording.about(registration, page))
        letters.owe(letter, registration, now)

    return move(
        registration,
        Act.PROVE if proven else Act.AWAIT,
        facts=facts,
        actor="registrant",
        now=now,
        owing=tell,
    )


def expire_if_over(registration: Registration, page: SignupPage, now: datetime) -> bool:
    """Gives back what a hold or an offer kept for too long; whether it did."""
    if registration.state == State.OFFERED:
        if registration.offer_ends_at is None or now < registration.offer_ends_at:
            return False
        waiting_list.lapse(registration, page, now)
        return True
    if registration.state != State.UNCONFIRMED:
        return False
    facts = page.facts
    delivered, failed = queries.first_delivery(registration.id)
    ends = rules.hold_ends_at(
        delivered_at=delivered,
        failed_at=failed,
        hours=facts.confirmation_hours,
        starts_at=facts.starts_at,
    )
    if ends is None or now < ends:
        return False
    waiting_list.serve_later(facts)
    move(registration, Act.EXPIRE, facts=facts, actor="system", now=now)
    return True


def _prove_in_line(registration: Registration) -> State:
    now = clock.deciding_instant(db.session)
    registration.proven_at = now
    registration.version += 1
    db.session.flush()
    audit.record(
        "proven",
        at=now,
        actor="registrant",
        event_id=registration.event_id,
        registration_id=registration.id,
    )
    return State.WAITING


def refuse_if_over(facts: SignupFacts) -> None:
    """Raises EventOver: nobody is told « confirmed » for an event that will not take place."""
    if facts.event_state in {"cancelled", "archived"}:
        raise errors.EventOver


def cancel(registration: Registration, *, actor: str, reason: str = "") -> State:
    """Gives the place back; twice is once. Raises NotPossible once the event has started."""
    if registration.state not in rules.ACTIVE:
        return State(registration.state)
    page = queries.signup_page_of(registration.event_id)
    now = clock.deciding_instant(db.session)
    if actor == "registrant" and not rules.may_cancel(
        State(registration.state),
        starts_at=page.facts.starts_at,
        now=now,
        cancel_until=page.facts.cancel_until,
    ):
        raise errors.NotPossible
    waiting_list.serve_later(page.facts)
    proven = registration.proven_at is not None or registration.state == State.CONFIRMED
    registration.cancelled_at = now
    registration.decision_reason = reason

    def tell() -> None:
        if not proven:
            return  # nothing is sent to a mailbox that never answered
        letter = mails.cancelled(**wording.about(registration, page), reason=reason)
        letters.owe(letter, registration, now)

    return move(
        registration,
        Act.CANCEL,
        facts=page.facts,
        actor=actor,
        now=now,
        owing=tell,
        with_reason=bool(reason),
    )


def send_links(address: Address, *, locale: str, now: datetime) -> None:
    """One letter with a fresh link for each coming registration; older links stop working.

    Nothing is sent to an address that has none, and the caller's answer is the same.
    """
    key = writer().recipient_key(address.canonical)
    if queries.letters_since(key, "my_links", now - timedelta(hours=1)) >= MOST_PER_HOUR:
        return  # asking again must neither fill a mailbox nor kill the links just sent
    found = queries.to_remind(address.canonical, now)
    if not found:
        return
    entries = []
    for registration in found:
        page = queries.signup_page_of(registration.event_id)
        registration.nonce = tokens.random_id(9)
        registration.version += 1
        purpose = "confirm" if registration.proven_at is None else "manage"
        url = wording.url(registration, purpose, locale)
        entries.append((page.title, page.facts.starts_at, page.facts.timezone, url))
        audit.record(
            "links_sent",
            at=now,
            actor="registrant",
            event_id=registration.event_id,
            registration_id=registration.id,
        )
    db.session.flush()
    mailing.queue(mails.my_links(to=address.canonical, locale=locale, entries=entries), now=now)
