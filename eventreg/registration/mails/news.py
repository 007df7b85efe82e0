"""A moved or cancelled event, told to everybody signed up."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Unpack

from eventreg.config import Settings
from eventreg.events.rules import Move, Planned, move_of
from eventreg.mailing.services import Mail
from eventreg.registration.mails.frame import (
    REFERENCE,
    URL,
    About,
    EventFacts,
    calendar_of,
    enveloped,
    facts_of,
    filled,
)
from eventreg.registration.rules import State
from eventreg.shared import letters
from eventreg.shared.letters import Letter


def _plan(event: EventFacts) -> Planned:
    return Planned(
        event.starts_at, event.ends_at, event.timezone, event.day_only, event.place, event.online
    )


def event_news(kind: str, *, state: str, before: Planned, **about: Unpack[About]) -> Mail:
    """The event is cancelled, or moved: to everybody signed up, each in their own words.

    The calendar entry changes with it, for those who have one. An announcement: answers overtake.
    """
    page, to, locale = about["page"], about["to"], about["locale"]
    cancel = kind == "cancelled"
    files = (
        calendar_of(page.in_locale(locale), to=to, cancel=cancel)
        if state == State.CONFIRMED
        else ()
    )
    news = _News(
        name=f"event_{kind}",
        event=facts_of(page.in_locale(locale)),
        before=before,
        move=move_of(before, _plan(facts_of(page))),
        message=page.state_message if cancel else "",
        state=state,
        ics_size=sum(len(file.content) for file in files),
    )
    frame = _news_frame(letters.writer().settings, locale, news)
    letter = filled(frame, about["url"], about["public_id"])
    return enveloped(letter, page, kind=news.name, to=to, locale=locale, attachments=files, lane=1)


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
        manage_url=URL,
        reference=REFERENCE,
        ics_size=news.ics_size,
    )
