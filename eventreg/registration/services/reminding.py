"""Requests that nobody decides: a letter to the owners, once in each period of the event."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from eventreg.events.models import Event
from eventreg.mailing import services as mailing
from eventreg.registration import mails
from eventreg.registration.queries import waiting
from eventreg.registration.services.closing import recipients
from eventreg.shared import tokens, urls
from eventreg.shared.db import db, transaction

SLACK = timedelta(hours=1)  # a job of today may come some minutes earlier than yesterday's


def remind_due(now: datetime) -> int:
    """Owes the letters that are due, in a short transaction for each event; answers how many.

    Two workers at once owe them once: the day is in the key.
    """
    due = [row for row in waiting.undecided(now) if _is_due(row, now)]
    db.session.rollback()
    owed = 0
    for row in due:
        with transaction():
            owed += _remind(row.id, people=row.people, since=row.since, now=now)
    return owed


def _is_due(row: Row[Any], now: datetime) -> bool:
    period = timedelta(days=row.remind_days)
    last: datetime = max(filter(None, (row.since, row.reminded_at)))
    return now - last >= period - SLACK


def _remind(event_id: int, *, people: int, since: datetime, now: datetime) -> int:
    event = db.session.get_one(Event, event_id, populate_existing=True)
    for to, locale in recipients(event):
        letter = mails.undecided(
            to=to,
            locale=locale,
            title=event.title,
            people=people,
            since=since,
            timezone=event.timezone,
            url=urls.absolute("backoffice.requests", locale, slug=event.slug),
        )
        key = f"undecided:{event.id}:{now:%Y%m%d}:{tokens.digest(to)[:16]}"
        mailing.queue(replace(letter, event_id=event.id, dedupe_key=key), now=now)
    return 1
