"""Everything an event page shows, for the public and for the organisers' preview of it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import request

from eventreg.agenda import feeds, media, programme, queries, rules, words
from eventreg.agenda.programme import Day
from eventreg.agenda.rules import Phase, said
from eventreg.config import Settings
from eventreg.events import notices
from eventreg.events.models import Notice
from eventreg.events.rules import Planned
from eventreg.registration.rules import SignupFacts, signup_state
from eventreg.shared import letters, urls
from eventreg.shared.i18n import current_locale
from eventreg.shared.richtext import plain, trusted

SUMMARY = 200


def asked_track() -> str:
    """The track that the address of the request asks for."""
    return programme.asked_track(request.query_string.decode("latin-1"))


def over_at(event: Any) -> datetime | None:
    """When an event belongs to the past."""
    return rules.over_at(
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        day_only=event.day_only,
        zone=event.timezone,
    )


def phase_of(event: Any, now: datetime) -> Phase:
    """Where an event stands for its visitors."""
    return rules.phase(
        event_state=event.state, starts_at=event.starts_at, over=over_at(event), now=now
    )


def until(event: Any, facts: SignupFacts, move: Notice | None, now: datetime) -> datetime | None:
    """The next instant at which the page says something else."""
    instants = (
        rules.changes_at(facts, over_at(event), now),
        event.closed_message_from,
        move.made_at + notices.SHOWN if move else None,
    )
    return min((i for i in instants if i is not None and i > now), default=None)


def context(
    event: Any,
    facts: SignupFacts,
    *,
    now: datetime,
    move: Notice | None,
    track: str = "",
    preview: bool = False,
) -> dict[str, Any]:
    """What the template `agenda/event.html` places. `move`: the last one, if it is still told."""
    settings: Settings = letters.writer().settings
    locale, over, phase = current_locale(), over_at(event), phase_of(event, now)
    days = _days(event)
    known = _known_track(days, track)
    english = plain(event.lead_en) if event.lead_en else ""
    pictures = media.of_event(event, settings)
    lead = said(_lead(event.lead, event.lead_html), _lead(english, event.lead_en_html), locale)
    plain_lead = said(event.lead, english, locale)
    return {
        "event": event,
        "facts": facts,
        "phase": phase,
        "preview": preview,
        "signups": signup_state(facts, now),
        "title": said(event.title, event.title_en, locale),
        "box": words.call_box(facts, phase=phase, over=over, now=now, name=event.external_name),
        "closed_message": _closed_message(event, locale, now),
        "badges": words.badges(facts, event.kind, phase=phase, over=over, now=now),
        "moved": _moved(event, phase, move),
        "shown_facts": words.facts_of(event),
        "places": words.places(facts),
        "tracks": programme.tracks(days),
        "track": known,
        "days": programme.of_track(days, known) if known else days,
        "info": rules.info_fields(event.info_fields),
        "actions": rules.other_actions(event.calls_to_action, event.body_html),
        "press": rules.press_contacts(event.press_contacts),
        "lead": lead,
        "summary": rules.shorten(str(plain_lead.text or ""), SUMMARY),
        "body": said(
            trusted(event.body_html),
            trusted(event.body_en_html) if event.body_en_html else "",
            locale,
        ),
        "external_url": rules.web_link(event.external_url),
        "contact": rules.web_link(event.contact_email or settings.contact_email),
        "json_ld": feeds.json_ld(
            event, facts, settings, locale=locale, now=now, image=pictures["preview_image"]
        ),
        "page_url": urls.path("agenda.event", locale, slug=event.slug),
        **pictures,
    }


def _known_track(days: list[Day], asked: str) -> str:
    """The key of the track asked for, when the programme has it."""
    return asked if asked in {track.key for track in programme.tracks(days)} else ""


def _days(event: Any) -> list[Day]:
    days = programme.by_day(queries.sessions(event.id), event.timezone)
    return [replace(day, label=words.day_label(day.date)) for day in days]


def _lead(text: str, html: str) -> Any:
    """Formatted only where that says more than the words do."""
    return trusted(html) if "<a " in html else text


def _closed_message(event: Any, locale: str, now: datetime) -> rules.Said:
    since = event.closed_message_from
    if since is not None and now < since:
        return said("", "", locale)
    return said(event.closed_message, event.closed_message_en, locale)


def _moved(event: Any, phase: Phase, move: Notice | None) -> words.Moved | None:
    """What was announced before the last move, as long as that helps somebody."""
    if move is None or event.state not in ("draft", "published") or phase is Phase.PAST:
        return None
    if event.published_at and move.made_at < event.published_at:
        return None  # nobody had read it
    return words.moved(Planned.from_json(move.before), notices.planned(event))
