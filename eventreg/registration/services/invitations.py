"""Invitations: sent by organisers, used once, declined in one click, reminded, ended on their date."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eventreg.audit import services as audit
from eventreg.events.models import Event
from eventreg.mailing import services as mailing
from eventreg.registration import errors, links, mails, queries
from eventreg.registration.models import Invitation
from eventreg.registration.queries import invitations
from eventreg.registration.rules import Pass, closing
from eventreg.registration.rules.invitations import (
    LONGEST,
    MOST_AT_ONCE,
    default_end,
    reminder,
)
from eventreg.shared import clock, tokens
from eventreg.shared.addresses import Address
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.rows import insert_or_none

BATCH = 100


@dataclass(frozen=True)
class Guest:
    """Somebody to invite."""

    address: Address
    given_name: str = ""
    family_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the invitations of one sending allow. `expires_at` None: the usual end."""

    locale: str = "fr"
    message: str = ""
    reason: str = ""
    population: str = ""
    bound: bool = True
    skips_approval: bool = False
    skips_deadline: bool = False
    beyond_capacity: bool = False
    expires_at: datetime | None = None

    @property
    def exceptional(self) -> bool:
        """It goes past a deadline or the capacity: that needs a reason, and one address."""
        return self.skips_deadline or self.beyond_capacity


@dataclass(frozen=True)
class Sent:
    """What became of a list: how many were invited, who was open already, who takes part already."""

    invited: int
    already_invited: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()


def invite(event: Event, guests: Sequence[Guest], terms: Terms, *, actor: str) -> Sent:
    """Invites each guest once. The event must be locked by the caller.

    Raises Invalid beside `reason`, `expires_at` or `guests`, and for an event that takes no
    sign-ups here.
    """
    now = clock.utc_now()
    page = queries.signup_page_of(event.id)
    ends = _end(event, terms, now)
    _check(event, guests, terms, actor)
    sent, open_already, there = 0, [], []
    for guest in {g.address.canonical: g for g in guests}.values():
        if queries.active_of(event.id, guest.address.canonical) is not None:
            there.append(guest.address.typed)
            continue
        key = insert_or_none(Invitation, _row(event, guest, terms, actor, now, ends), Invitation.id)
        if key is None:
            open_already.append(guest.address.typed)
            continue
        made = db.session.get_one(Invitation, key)
        _owe(made, page, "invitation", now)
        audit.record("invited", at=now, actor=actor, event_id=event.id, invitation=key)
        sent += 1
    return Sent(sent, tuple(open_already), tuple(there))


def _end(event: Event, terms: Terms, now: datetime) -> datetime:
    ends = terms.expires_at or default_end(
        now,
        closing=closing(starts_at=event.starts_at, closes_at=event.closes_at),
        exception=terms.skips_deadline,
    )
    if event.starts_at is not None:
        ends = min(ends, event.starts_at)
    if ends <= now or ends - now > LONGEST:
        raise Invalid(
            N_("Choose an end between now and the start of the event."), field="expires_at"
        )
    return ends


def _check(event: Event, guests: Sequence[Guest], terms: Terms, actor: str) -> None:
    if event.state != "published" or event.registration_mode != "internal":
        raise Invalid(N_("People are invited to a published event that takes sign-ups here."))
    if not guests:
        raise Invalid(N_("Write at least one address."), field="guests")
    if len(guests) > MOST_AT_ONCE:
        raise Invalid(
            N_("Invite %(limit)s people at a time at most."), field="guests", limit=MOST_AT_ONCE
        )
    if terms.exceptional and not terms.reason:
        raise Invalid(N_("Write the reason of this exception: it is traced."), field="reason")
    if terms.exceptional and not terms.bound:
        raise Invalid(N_("An exception is for one person: keep it bound to the address."))
    limit = event.invitations_each
    if limit and invitations.count_by(event.id, actor) + len(guests) > limit:
        raise Invalid(
            N_("Each organiser may invite %(limit)s people to this event."),
            field="guests",
            limit=limit,
        )


def _row(
    event: Event, guest: Guest, terms: Terms, actor: str, now: datetime, ends: datetime
) -> dict[str, object]:
    return {
        "public_id": tokens.random_id(),
        "event_id": event.id,
        "state": "open",
        "nonce": tokens.random_id(9),
        "email": guest.address.typed,
        "email_key": guest.address.canonical,
        "given_name": guest.given_name,
        "family_name": guest.family_name,
        "locale": terms.locale,
        "message": terms.message,
        "reason": terms.reason,
        "population": terms.population,
        "bound": terms.bound,
        "skips_approval": terms.skips_approval,
        "skips_deadline": terms.skips_deadline,
        "beyond_capacity": terms.beyond_capacity,
        "invited_by": actor,
        "created_at": now,
        "expires_at": ends,
        "remind_at": reminder(now, ends),
    }


def held(public_id: str, nonce: str) -> Invitation:
    """The invitation, locked, when `nonce` still opens it. Raises ExpiredLink."""
    found = invitations.by_public_id(public_id, lock=True)
    if found is None or not tokens.same(found.nonce, nonce):
        raise errors.ExpiredLink
    return found


def usable(invitation: Invitation, now: datetime) -> bool:
    """Open, and its end has not come."""
    return invitation.state == "open" and now < invitation.expires_at


def spend(allowed: Pass, registration_id: int) -> None:
    """Uses an invitation up, inside the sign-up's transaction. Raises ExpiredLink when it is over."""
    now = clock.deciding_instant(db.session)
    found = invitations.by_public_id(allowed.public_id, lock=True)
    if found is None or not usable(found, now):
        raise errors.ExpiredLink
    found.state, found.answered_at, found.registration_id = "accepted", now, registration_id
    db.session.flush()


def decline(invitation: Invitation) -> None:
    """The person will not come; twice is once."""
    now = clock.utc_now()
    if invitation.state == "open":
        _close(invitation, "declined", actor="registrant", now=now)


def withdraw(invitation: Invitation, *, actor: str) -> None:
    """An organiser takes it back. Raises NotPossible once it was answered."""
    if invitation.state != "open":
        raise errors.NotPossible
    _close(invitation, "withdrawn", actor=actor, now=clock.utc_now())


def tend(now: datetime) -> int:
    """Ends what is over and sends the reminders that are due, in short transactions."""
    return _each(now, expiring=True) + _each(now, expiring=False)


def _each(now: datetime, *, expiring: bool) -> int:
    done = 0
    while True:
        with transaction():
            found = (invitations.ended if expiring else invitations.to_remind)(now, BATCH)
            for invitation in found:
                if expiring:
                    _close(invitation, "expired", actor="system", now=now)
                else:
                    _remind(invitation, now)
        done += len(found)
        if len(found) < BATCH:
            return done


def _remind(invitation: Invitation, now: datetime) -> None:
    page = queries.signup_page_of(invitation.event_id)
    invitation.reminded_at = now
    if page.facts.event_state == "published":
        _owe(invitation, page, "invitation_reminder", now)


def _close(invitation: Invitation, state: str, *, actor: str, now: datetime) -> None:
    invitation.state, invitation.answered_at = state, now
    audit.record(
        f"invitation_{state}",
        at=now,
        actor=actor,
        event_id=invitation.event_id,
        invitation=invitation.id,
    )
    db.session.flush()


def _owe(invitation: Invitation, page: queries.SignupPage, kind: str, now: datetime) -> None:
    letter = mails.invitation(
        kind,
        to=invitation.email_key,
        locale=invitation.locale,
        page=page,
        public_id=invitation.public_id,
        url=links.url(
            "invitation",
            public_id=invitation.public_id,
            nonce=invitation.nonce,
            locale=invitation.locale,
        ),
        message=invitation.message,
        until=invitation.expires_at,
    )
    mailing.queue(replace(letter, dedupe_key=f"invitation:{invitation.id}:{kind}"), now=now)
