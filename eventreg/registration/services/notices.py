"""Everybody signed up learns that their event moved or is cancelled: once, batch by batch.

Who was told is what the outbox says (one letter per notice and person, by its dedupe key), so a
worker that dies in the middle loses nothing and repeats nothing.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from eventreg.audit import services as audit
from eventreg.events import notices
from eventreg.events.models import Notice
from eventreg.events.rules import Planned
from eventreg.mailing import services as mailing
from eventreg.mailing.services import Mail
from eventreg.registration import mails, queries
from eventreg.registration.models import Registration
from eventreg.registration.queries import SignupPage
from eventreg.registration.services import wording
from eventreg.shared.db import db, transaction

BATCH = 100  # letters of one transaction
# Sign-ups that were under way at the change carry the old facts: no transaction lasts longer.
SETTLE = timedelta(seconds=10)


def tell_due(now: datetime) -> int:
    """Owes the letters of every open notice; answers how many. Opens short transactions."""
    told = 0
    for notice in list(notices.open_notices()):
        db.session.rollback()
        told += _tell(notice, now)
    db.session.rollback()
    return told


def _tell(notice: Notice, now: datetime) -> int:
    told, last = 0, 0
    page = queries.signup_page_of(notice.event_id)
    while True:
        people = queries.to_tell(
            notice.event_id,
            key=_key(notice),
            until=notice.made_at + SETTLE,
            after_id=last,
            limit=BATCH,
        )
        if not people:
            break
        # Written before the transaction: it holds nobody up for longer than its inserts.
        letters = [_letter(notice, person, page) for person in people]
        last = people[-1].id
        db.session.rollback()
        owed = _owe(notice.id, letters, now)
        if owed is None:
            return told
        told += owed
    db.session.rollback()
    if now >= notice.made_at + SETTLE:
        _end(notice.id, now)
    return told


def _owe(notice_id: int, letters: list[Mail], now: datetime) -> int | None:
    """How many letters are new; None when the notice has ended meanwhile."""
    with transaction() as session:
        notice = session.get(Notice, notice_id, with_for_update=True, populate_existing=True)
        if notice is None or notice.done_at is not None:
            return None
        owed = sum(mailing.queue(letter, now=now) is not None for letter in letters)
        notice.told += owed
    return owed


def _end(notice_id: int, now: datetime) -> None:
    with transaction() as session:
        notice = session.get(Notice, notice_id, with_for_update=True, populate_existing=True)
        if notice is None or notice.done_at is not None:
            return
        notice.done_at = now
        audit.record(
            "people_told",
            at=now,
            actor="system",
            event_id=notice.event_id,
            kind=notice.kind,
            count=notice.told,
        )


def _key(notice: Notice) -> str:
    return f"notice:{notice.id}"


def _letter(notice: Notice, person: Registration, page: SignupPage) -> Mail:
    purpose = "confirm" if person.state == "unconfirmed" else "manage"
    letter = mails.event_news(
        notice.kind,
        state=person.state,
        before=Planned.from_json(notice.before),
        to=person.email_key,
        locale=person.locale,
        page=page,
        public_id=person.public_id,
        url=wording.url(person, purpose, person.locale),
    )
    return replace(letter, registration_id=person.id, dedupe_key=f"{_key(notice)}:{person.id}")
