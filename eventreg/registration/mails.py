"""Letters about a registration: facts in, finished mail out. Nothing is looked up.

No letter holds a word typed by the person who signed up, not even a name: anybody can type
somebody else's address (R24). Titles, places and reasons are the organiser's.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, TypedDict, Unpack

from eventreg.config import Settings
from eventreg.events.rules import Move, Planned, move_of
from eventreg.mailing.services import Mail
from eventreg.registration import rules
from eventreg.registration.queries import SignupPage
from eventreg.registration.rules import State
from eventreg.shared import calendar, clock, letters
from eventreg.shared.letters import Attachment, Letter

# Stand for what differs from one letter to the next; random, so that no title can hold them.
_URL = f"https://lien.invalid/{secrets.token_hex(16)}"
_REFERENCE = secrets.token_hex(16)
LinkEntry = tuple[str, datetime | None, str, str]  # title, start, zone, address of the link


class About(TypedDict):
    """The arguments of every letter about a registration. `url` opens it for its person."""

    to: str
    locale: str
    page: SignupPage
    public_id: str
    url: str


@dataclass(frozen=True)
class EventFacts:
    """What letters say of an event. `place` is one line, `contact` an address or nothing."""

    title: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    timezone: str = "Europe/Paris"
    day_only: bool = False
    place: str = ""
    online: bool = False
    contact: str = ""


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
    event = _facts(page.in_locale(locale))
    frame = _confirm_frame(
        letters.writer().settings,
        locale,
        event,
        duration(page.facts.confirmation_hours, locale),
        rules.after_proof(outcome="review" if review else "eligible", approval=page.facts.approval),
    )
    letter = _filled(frame, url, public_id)
    return _enveloped(letter, page, kind="confirm_address", to=to, locale=locale)


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
        confirm_url=_URL,
        reference=_REFERENCE,
        hold=hold,
        next_state=next_state,
    )


def confirmed(*, to: str, locale: str, page: SignupPage, public_id: str, url: str) -> Mail:
    """The seat is theirs; the calendar file goes along."""
    files = _calendar(page.in_locale(locale), to=to)
    return _mail("confirmed", to, locale, page, files=files, manage_url=url, reference=public_id)


def pending(*, to: str, locale: str, page: SignupPage, public_id: str, url: str) -> Mail:
    """The request awaits an organiser."""
    return _mail("pending", to, locale, page, manage_url=url, reference=public_id)


def waiting(*, proves: bool = False, accepted: bool = False, **about: Unpack[About]) -> Mail:
    """In line; `proves`: the link also proves the address. `accepted`: an organiser said yes."""
    return _mail(
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
    frame = _offer_frame(letters.writer().settings, locale, _facts(page), minute)
    letter = _filled(frame, url, public_id)
    return _enveloped(letter, page, kind="offer", to=to, locale=locale)


@lru_cache(maxsize=128)
def _offer_frame(_settings: Settings, locale: str, event: EventFacts, until: datetime) -> Letter:
    """The letter of a minute's offers, its link and its reference left to fill in."""
    return letters.write(
        "registration/offer",
        locale,
        event=event,
        ics_size=0,
        url=_URL,
        reference=_REFERENCE,
        until=until,
    )


def offer_ended(*, to: str, locale: str, page: SignupPage, public_id: str, url: str) -> Mail:
    """The offer was not answered in time."""
    return _mail("offer_ended", to, locale, page, url=url, reference=public_id)


def offer_withdrawn(*, reason: str, **about: Unpack[About]) -> Mail:
    """An organiser took an offer back: in line again, and why."""
    to, locale, page = about["to"], about["locale"], about["page"]
    reference, url = about["public_id"], about["url"]
    return _mail("offer_withdrawn", to, locale, page, url=url, reference=reference, reason=reason)


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """Requests of an event that nobody has decided: how many, the oldest of them."""

    title: str
    people: int
    since: datetime
    timezone: str


def undecided(*, to: str, locale: str, url: str, **facts: Any) -> Mail:
    """To an organiser: people have waited for a decision. `facts` are those of Undecided."""
    requests = Undecided(**facts)
    letter = letters.write("registration/undecided", locale, requests=requests, url=url)
    return Mail.of(letter, kind="undecided", to=to, locale=locale)


def needs_told(*, to: str, locale: str, url: str, title: str) -> Mail:
    """To the contact for access needs: somebody told some. What they are is read on the page."""
    letter = letters.write("registration/access_needs", locale, title=title, url=url)
    return Mail.of(letter, kind="access_needs", to=to, locale=locale)


def invitation(kind: str, *, message: str, until: datetime, **about: Unpack[About]) -> Mail:
    """Invites somebody, or reminds them; the words in it are the organiser's."""
    page, locale = about["page"], about["locale"]
    facts = {"message": message, "until": until, "reminds": kind != "invitation"}
    letter = letters.write(
        "registration/invitation",
        locale,
        event=_facts(page.in_locale(locale)),
        url=about["url"],
        **facts,
    )
    return _enveloped(letter, page, kind=kind, to=about["to"], locale=locale)


def accepted(
    *, to: str, locale: str, page: SignupPage, public_id: str, url: str, reason: str = ""
) -> Mail:
    """An organiser said yes, maybe with a word."""
    files = _calendar(page.in_locale(locale), to=to)
    return _mail(
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
    return _mail("rejected", to, locale, page, manage_url=url, reference=public_id, reason=reason)


def cancelled(
    *, to: str, locale: str, page: SignupPage, public_id: str, url: str, reason: str = ""
) -> Mail:
    """A registration ended: by its person when there is no `reason`, else by the organisers."""
    files = _calendar(page.in_locale(locale), to=to, cancel=True)
    return _mail(
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


def place_offered(*, until: datetime, already: bool, **about: Unpack[About]) -> Mail:
    """To a colleague: somebody offers them a place. `already`: they have one, no link is needed."""
    return _proposal("place_offered", until=until, already=already, **about)


def place_answered(*, accepted: bool, **about: Unpack[About]) -> Mail:
    """To whoever offered the place: it was taken, and their own sign-up has ended, or declined."""
    page, to = about["page"], about["to"]
    files = _calendar(page.in_locale(about["locale"]), to=to, cancel=True) if accepted else ()
    return _mail(
        "place_answered",
        to,
        about["locale"],
        page,
        files=files,
        url=about["url"],
        reference=about["public_id"],
        accepted=accepted,
    )


def address_asked(*, until: datetime, already: bool, **about: Unpack[About]) -> Mail:
    """To a new address: prove it. `already`: it has a sign-up of its own, no link is needed."""
    return _proposal("address_asked", until=until, already=already, **about)


def address_warning(*, until: datetime, done: bool, **about: Unpack[About]) -> Mail:
    """To the old address: a change was asked for, or is done; how to stop it until then."""
    return _proposal("address_warning", until=until, done=done, **about)


def _proposal(kind: str, *, until: datetime, **more: Any) -> Mail:
    to, locale, page = more.pop("to"), more.pop("locale"), more.pop("page")
    reference = more.pop("public_id")
    minute = until.replace(second=0, microsecond=0)  # never later than it is
    return _mail(kind, to, locale, page, until=minute, reference=reference, **more)


def already_registered(*, to: str, locale: str, page: SignupPage, url: str, unproven: bool) -> Mail:
    """Somebody signed this address up again; `unproven`: the first time still awaits its proof."""
    return _mail("already_registered", to, locale, page, url=url, unproven=unproven)


def my_links(*, to: str, locale: str, entries: Sequence[LinkEntry]) -> Mail:
    """The links asked for; with none, the letter says kindly that nothing was found."""
    links = [
        {"event": EventFacts(title, starts_at, timezone=zone), "url": url}
        for title, starts_at, zone, url in entries
    ]
    letter = letters.write("registration/my_links", locale, links=links)
    return Mail.of(letter, kind="my_links", to=to, locale=locale)


def event_news(kind: str, *, state: str, before: Planned, **about: Unpack[About]) -> Mail:
    """The event is cancelled, or moved: to everybody signed up, each in their own words.

    The calendar entry changes with it, for those who have one. An announcement: answers overtake.
    """
    page, to, locale = about["page"], about["to"], about["locale"]
    cancel = kind == "cancelled"
    files = (
        _calendar(page.in_locale(locale), to=to, cancel=cancel) if state == State.CONFIRMED else ()
    )
    news = _News(
        name=f"event_{kind}",
        event=_facts(page.in_locale(locale)),
        before=before,
        move=move_of(before, _plan(_facts(page))),
        message=page.state_message if cancel else "",
        state=state,
        ics_size=sum(len(file.content) for file in files),
    )
    frame = _news_frame(letters.writer().settings, locale, news)
    letter = _filled(frame, about["url"], about["public_id"])
    return _enveloped(letter, page, kind=news.name, to=to, locale=locale, attachments=files, lane=1)


@dataclass(frozen=True, kw_only=True)
class _News:
    """What the letters to everybody in one state have in common."""

    name: str
    event: EventFacts
    before: Planned
    move: Move
    message: str
    state: str
    ics_size: int


@lru_cache(maxsize=128)
def _news_frame(_settings: Settings, locale: str, news: _News) -> Letter:
    """The letter, its link and its reference left to fill in."""
    return letters.write(
        f"registration/{news.name}",
        locale,
        event=news.event,
        before=news.before,
        move=news.move,
        message=news.message,
        state=news.state,
        manage_url=_URL,
        reference=_REFERENCE,
        ics_size=news.ics_size,
    )


def _plan(event: EventFacts) -> Planned:
    return Planned(
        event.starts_at, event.ends_at, event.timezone, event.day_only, event.place, event.online
    )


def _filled(frame: Letter, url: str, public_id: str) -> Letter:
    return replace(
        frame,
        text=frame.text.replace(_URL, url).replace(_REFERENCE, public_id),
        html=frame.html.replace(_URL, url).replace(_REFERENCE, public_id),
    )


@dataclass(frozen=True, kw_only=True)
class Recap:
    """What an organiser learns at the closing. `until`: last instant at which a hold can end."""

    title: str
    closes_at: datetime
    timezone: str
    figures: Mapping[str, int]
    capacity: int | None
    taken: int
    may_still_confirm: int = 0
    until: datetime | None = None


def closing_recap(*, to: str, locale: str, url: str, **facts: Any) -> Mail:
    """To an organiser: sign-ups are over. `facts` are those of Recap; `url` is the back office."""
    recap = Recap(**facts)
    letter = letters.write(
        "registration/closing_recap",
        locale,
        recap=recap,
        figures={state.value: recap.figures.get(state.value, 0) for state in State},
        url=url,
    )
    return Mail.of(letter, kind="closing_recap", to=to, locale=locale)


def duration(hours: float, locale: str) -> str:
    """« 24 heures », « 90 minutes », « 7 secondes »: never longer than the hold."""
    seconds = max(int(hours * 3600), 1)
    if seconds >= 7200 or seconds == 3600:
        count, word = seconds // 3600, "heure" if locale == "fr" else "hour"
    elif seconds >= 60:
        count, word = seconds // 60, "minute"
    else:
        count, word = seconds, "seconde" if locale == "fr" else "second"
    return f"{count}\u00a0{word}{'s' if count > 1 else ''}"


def _facts(page: SignupPage) -> EventFacts:
    return EventFacts(
        title=page.title,
        starts_at=page.facts.starts_at,
        ends_at=page.facts.ends_at,
        timezone=page.facts.timezone,
        day_only=page.day_only,
        place=page.place,
        online=page.online,
        contact=page.contact_email,
    )


def _calendar(page: SignupPage, *, to: str, cancel: bool = False) -> tuple[Attachment, ...]:
    """The calendar file, when there is a day to put in it: REQUEST, or CANCEL with the same UID.

    Calendars are shared: the personal link stays out of it.
    """
    event = _facts(page)
    if event.starts_at is None:
        return ()
    writer, now = letters.writer(), clock.utc_now()
    entry = calendar.Entry(
        uid=writer.uid(f"person {page.facts.event_id} {to}"),
        sequence=calendar.sequence(now),
        stamp=now,
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        day_only=event.day_only,
        timezone=event.timezone,
        place=event.place,
        organiser=writer.settings.mail_sender,
        organiser_name=writer.settings.organisation,
        attendee=to,
        cancelled=cancel,
    )
    method = calendar.CANCEL if cancel else calendar.REQUEST
    filename = "annulation.ics" if cancel else "inscription.ics"
    return (calendar.attachment(entry, method=method, filename=filename),)


def _mail(
    kind: str,
    to: str,
    locale: str,
    page: SignupPage,
    *,
    files: tuple[Attachment, ...] = (),
    **facts: Any,
) -> Mail:
    event = _facts(page.in_locale(locale))
    size = sum(len(file.content) for file in files)
    letter = letters.write(f"registration/{kind}", locale, event=event, ics_size=size, **facts)
    return _enveloped(letter, page, kind=kind, to=to, locale=locale, attachments=files)


def _enveloped(letter: Letter, page: SignupPage, **envelope: Any) -> Mail:
    contact = page.contact_email
    return Mail.of(
        letter,
        event_id=page.facts.event_id,
        headers={"Reply-To": contact} if contact else {},
        **envelope,
    )
