"""Letters of a sign-up and of what becomes of it."""

from datetime import datetime
from functools import lru_cache
from typing import Unpack

from eventreg.config import Settings
from eventreg.mailing.services import Mail
from eventreg.registration import rules
from eventreg.registration.mails.frame import (
    REFERENCE,
    URL,
    About,
    EventFacts,
    calendar_of,
    duration,
    enveloped,
    facts_of,
    filled,
    mail,
)
from eventreg.registration.queries import SignupPage
from eventreg.registration.rules import State
from eventreg.shared import letters
from eventreg.shared.letters import Letter


def first_letter(state: State, *, review: bool, **about: Unpack[About]) -> Mail:
    """The letter that answers a sign-up: prove the address, or what was decided at once.

    `review`: a person must decide once the address is proven. The url confirms, or manages.
    """
    if state is State.UNCONFIRMED:
        return confirm_address(**about, review=review)
    if state is State.WAITING:
        return waiting(**about, proves=about["page"].facts.confirmation_hours > 0)
    return confirmed(**about) if state is State.CONFIRMED else pending(**about)


def confirm_address(
    *, to: str, locale: str, page: SignupPage, public_id: str, url: str, review: bool = False
) -> Mail:
    """Asks the mailbox to confirm while the seat is held."""
    event = facts_of(page.in_locale(locale))
    frame = _confirm_frame(
        letters.writer().settings,
        locale,
        event,
        duration(page.facts.confirmation_hours, locale),
        rules.after_proof(outcome="review" if review else "eligible", approval=page.facts.approval),
    )
    letter = filled(frame, url, public_id)
    return enveloped(letter, page, kind="confirm_address", to=to, locale=locale)


@lru_cache(maxsize=128)
def _confirm_frame(
    _settings: Settings, locale: str, event: EventFacts, hold: str, next_state: State
) -> Letter:
    """The letter of every sign-up to one event, its link and its reference left to fill in.

    It is written inside a request, a thousand times in a rush with the same words.
    """
    return letters.write(
        "registration/confirm_address",
        locale,
        event=event,
        ics_size=0,
        confirm_url=URL,
        reference=REFERENCE,
        hold=hold,
        next_state=next_state,
    )


def confirmed(*, to: str, locale: str, page: SignupPage, public_id: str, url: str) -> Mail:
    """The seat is theirs; the calendar file goes along."""
    files = calendar_of(page.in_locale(locale), to=to)
    return mail("confirmed", to, locale, page, files=files, manage_url=url, reference=public_id)


def pending(*, to: str, locale: str, page: SignupPage, public_id: str, url: str) -> Mail:
    """The request awaits an organiser."""
    return mail("pending", to, locale, page, manage_url=url, reference=public_id)


def waiting(*, proves: bool = False, accepted: bool = False, **about: Unpack[About]) -> Mail:
    """In line; `proves`: the link also proves the address. `accepted`: an organiser said yes."""
    return mail(
        "waiting",
        about["to"],
        about["locale"],
        about["page"],
        url=about["url"],
        reference=about["public_id"],
        proves=proves,
        accepted=accepted,
        several=about["page"].facts.form_version > 0,
    )


def offer(
    *, to: str, locale: str, page: SignupPage, public_id: str, url: str, until: datetime
) -> Mail:
    """A place is kept for somebody who waited, until that instant."""
    minute = until.replace(second=0, microsecond=0)  # never later than it is
    frame = _offer_frame(letters.writer().settings, locale, facts_of(page), minute)
    letter = filled(frame, url, public_id)
    return enveloped(letter, page, kind="offer", to=to, locale=locale)


@lru_cache(maxsize=128)
def _offer_frame(_settings: Settings, locale: str, event: EventFacts, until: datetime) -> Letter:
    """The letter of a minute's offers, its link and its reference left to fill in."""
    return letters.write(
        "registration/offer",
        locale,
        event=event,
        ics_size=0,
        url=URL,
        reference=REFERENCE,
        until=until,
    )


def offer_ended(*, to: str, locale: str, page: SignupPage, public_id: str, url: str) -> Mail:
    """The offer was not answered in time."""
    return mail("offer_ended", to, locale, page, url=url, reference=public_id)


def offer_withdrawn(*, reason: str, **about: Unpack[About]) -> Mail:
    """An organiser took an offer back: in line again, and why."""
    to, locale, page = about["to"], about["locale"], about["page"]
    reference, url = about["public_id"], about["url"]
    return mail("offer_withdrawn", to, locale, page, url=url, reference=reference, reason=reason)


def invitation(kind: str, *, message: str, until: datetime, **about: Unpack[About]) -> Mail:
    """Invites somebody, or reminds them; the words in it are the organiser's."""
    page, locale = about["page"], about["locale"]
    facts = {"message": message, "until": until, "reminds": kind != "invitation"}
    letter = letters.write(
        "registration/invitation",
        locale,
        event=facts_of(page.in_locale(locale)),
        url=about["url"],
        **facts,
    )
    return enveloped(letter, page, kind=kind, to=about["to"], locale=locale)


def accepted(
    *, to: str, locale: str, page: SignupPage, public_id: str, url: str, reason: str = ""
) -> Mail:
    """An organiser said yes, maybe with a word."""
    files = calendar_of(page.in_locale(locale), to=to)
    return mail(
        "accepted",
        to,
        locale,
        page,
        files=files,
        manage_url=url,
        reference=public_id,
        reason=reason,
    )


def rejected(
    *, to: str, locale: str, page: SignupPage, public_id: str, url: str, reason: str
) -> Mail:
    """An organiser said no, and why."""
    return mail("rejected", to, locale, page, manage_url=url, reference=public_id, reason=reason)


def cancelled(
    *, to: str, locale: str, page: SignupPage, public_id: str, url: str, reason: str = ""
) -> Mail:
    """A registration ended: by its person when there is no `reason`, else by the organisers."""
    files = calendar_of(page.in_locale(locale), to=to, cancel=True)
    return mail(
        "cancelled",
        to,
        locale,
        page,
        files=files,
        manage_url=url,
        reference=public_id,
        reason=reason,
        event_cancelled=page.facts.event_state == "cancelled",
    )
