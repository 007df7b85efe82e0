"""The consequences of a deadline: once for each deadline, whoever comes and however late.

No rule reads what is noted here: sign-ups close by the clock alone, and a deadline moved later
opens them again by itself.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from eventreg.audit import services as audit
from eventreg.config import Settings
from eventreg.events.models import Event
from eventreg.mailing import services as mailing
from eventreg.organisers import queries as organisers
from eventreg.registration import mails, queries, rules
from eventreg.registration.models import Closing
from eventreg.shared import letters, tokens, urls
from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.rows import insert_or_none


def close_due(now: datetime) -> int:
    """Traces each closing that has come and writes the recap to its organisers.

    Opens one short transaction per event; the unique row of `closings` makes it once, also on
    two workers at the same time. Answers how many closings were handled.
    """
    due = list(queries.to_close(now))
    db.session.rollback()
    handled = 0
    for event_id in due:
        with transaction():
            handled += _close(event_id, now)
    return handled


def _close(event_id: int, now: datetime) -> int:
    event = db.session.get_one(Event, event_id, populate_existing=True)
    closes_at = rules.closing(starts_at=event.starts_at, closes_at=event.closes_at)
    if closes_at is None or closes_at > now or event.state != "published":
        return 0
    mark = {"event_id": event.id, "closes_at": closes_at, "handled_at": now}
    if insert_or_none(Closing, mark, Closing.id) is None:
        return 0
    figures = queries.figures(event.id)
    page = queries.signup_page_of(event.id)
    audit.record("closed", at=now, actor="system", event_id=event.id, figures=figures)
    until = queries.latest_hold_end(
        event.id, hours=event.confirmation_hours, starts_at=event.starts_at
    )
    for to, locale in recipients(event):
        letter = mails.closing_recap(
            to=to,
            locale=locale,
            title=event.title,
            closes_at=closes_at,
            timezone=event.timezone,
            figures=figures,
            capacity=page.facts.capacity,
            taken=page.facts.taken,
            may_still_confirm=figures.get("unconfirmed", 0),
            until=until,
            url=urls.absolute("backoffice.overview", locale, slug=event.slug),
        )
        key = f"recap:{event.id}:{closes_at.timestamp():.6f}:{tokens.digest(to)[:16]}"
        mailing.queue(replace(letter, event_id=event.id, dedupe_key=key), now=now)
    return 1


def recipients(event: Event) -> list[tuple[str, str]]:
    """(address, locale) of the owners and of the event's contact, each once."""
    found = {owner.email: owner.locale for owner in organisers.owners(event.id)}
    settings: Settings = letters.writer().settings
    with suppress(InvalidAddress):  # a contact that cannot be written to, or none
        found.setdefault(canonical(event.contact_email).canonical, settings.locale)
    return list(found.items())
