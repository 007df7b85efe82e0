"""What the letters of registrations share: an event's words, the envelope, the calendar file."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypedDict

from eventreg.mailing.services import Mail
from eventreg.registration.queries import SignupPage
from eventreg.shared import calendar, clock, letters
from eventreg.shared.letters import Attachment, Letter

# Stand for what differs from one letter to the next; random, so that no title can hold them.
URL = f"https://lien.invalid/{secrets.token_hex(16)}"
REFERENCE = secrets.token_hex(16)


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


def facts_of(page: SignupPage) -> EventFacts:
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


def calendar_of(page: SignupPage, *, to: str, cancel: bool = False) -> tuple[Attachment, ...]:
    """The calendar file, when there is a day to put in it: REQUEST, or CANCEL with the same UID.

    Calendars are shared: the personal link stays out of it.
    """
    event = facts_of(page)
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


def mail(
    kind: str,
    to: str,
    locale: str,
    page: SignupPage,
    *,
    files: tuple[Attachment, ...] = (),
    **facts: Any,
) -> Mail:
    event = facts_of(page.in_locale(locale))
    size = sum(len(file.content) for file in files)
    letter = letters.write(f"registration/{kind}", locale, event=event, ics_size=size, **facts)
    return enveloped(letter, page, kind=kind, to=to, locale=locale, attachments=files)


def enveloped(letter: Letter, page: SignupPage, **envelope: Any) -> Mail:
    contact = page.contact_email
    return Mail.of(
        letter,
        event_id=page.facts.event_id,
        headers={"Reply-To": contact} if contact else {},
        **envelope,
    )


def filled(frame: Letter, url: str, public_id: str) -> Letter:
    return replace(
        frame,
        text=frame.text.replace(URL, url).replace(REFERENCE, public_id),
        html=frame.html.replace(URL, url).replace(REFERENCE, public_id),
    )
