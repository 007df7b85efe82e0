"""Use cases of accounts: make one, mail a link, sign in, sign out. Inside the caller's transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, insert, select, update

from eventreg.audit import services as audit
from eventreg.mailing import services as mailing
from eventreg.organisers import mails, queries
from eventreg.organisers.errors import AccountExists, LinkSpent, UnknownAccount, UnknownEvent
from eventreg.organisers.models import Organiser, OrganiserRole, OrganiserSession, SignInLink
from eventreg.organisers.rules import LINK_LIFE, Role, may_mail
from eventreg.shared.db import db
from eventreg.shared.tokens import digest, random_id

CODE_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A fresh session: its secret goes into the cookie and is stored nowhere."""

    secret: str
    organiser_id: int
    locale: str
    next_path: str | None


def create(
    email_key: str, *, name: str, role: Role, event_slug: str | None, now: datetime
) -> Organiser:
    """An account with a role, or one more role for an account that exists.

    Raises UnknownEvent, and AccountExists when the account already has the role.
    """
    event_id = None
    if event_slug is not None:
        event_id = queries.event_id(event_slug)
        if event_id is None:
            raise UnknownEvent
    organiser = queries.by_email(email_key)
    if organiser is None:
        organiser = Organiser(email=email_key, name=name, created_at=now, last_sign_in_at=None)
        db.session.add(organiser)
        db.session.flush()
    _give(organiser.id, role, event_id)
    audit.record(
        "organiser_role",
        at=now,
        actor="operator",
        event_id=event_id,
        organiser=organiser.id,
        role=role.value,
    )
    return organiser


def _give(organiser_id: int, role: Role, event_id: int | None) -> None:
    held = db.session.execute(
        select(OrganiserRole).where(
            OrganiserRole.organiser_id == organiser_id,
            OrganiserRole.event_id.is_(None)
            if event_id is None
            else OrganiserRole.event_id == event_id,
        )
    ).scalar_one_or_none()
    if held is None:
        db.session.add(OrganiserRole(organiser_id=organiser_id, event_id=event_id, role=role.value))
    elif held.role == role.value:
        raise AccountExists
    else:
        held.role = role.value
    db.session.flush()


def link(email_key: str, *, life: timedelta, now: datetime) -> tuple[str, str]:
    """(language, one-time code) for the operator to hand over. Raises UnknownAccount."""
    organiser = queries.by_email(email_key)
    if organiser is None or not organiser.active:
        raise UnknownAccount
    code = _make_link(organiser.id, life=life, next_path=None, now=now)
    audit.record("sign_in_link", at=now, actor="operator", organiser=organiser.id)
    return organiser.locale, code


def ask_link(
    email_key: str, *, locale: str, next_path: str | None, url: Callable[[str], str], now: datetime
) -> None:
    """Mails a one-time link when the address has an account, at most 3 an hour; says nothing.

    An unknown address, an account switched off and an exhausted budget do the same work in a
    savepoint that is undone, so that neither the answer nor its time tells them apart (R43).
    `url` makes the absolute address of a code.
    """
    organiser = queries.asked_or_any(email_key)
    if organiser is None:
        return
    hour, day = queries.links_made(organiser.id, now=now)
    known = organiser.email == email_key and organiser.active
    with db.session.begin_nested() as savepoint:
        code = _make_link(organiser.id, life=LINK_LIFE, next_path=next_path, now=now)
        minutes = int(LINK_LIFE.total_seconds() // 60)
        letter = mails.sign_in(to=email_key, locale=locale, url=url(code), minutes=minutes)
        mailing.queue(letter, now=now)
        if not (known and may_mail(last_hour=hour, last_day=day)):
            savepoint.rollback()


def _make_link(organiser_id: int, *, life: timedelta, next_path: str | None, now: datetime) -> str:
    code = random_id(CODE_BYTES)
    db.session.execute(
        insert(SignInLink).values(
            organiser_id=organiser_id,
            code_hash=digest(code),
            created_at=now,
            expires_at=now + life,
            next_path=next_path,
        )
    )
    return code


def enter(code: str, *, browser: str, replaces: str | None, now: datetime) -> Entered:
    """Spends a link and opens a session under a new id; raises LinkSpent.

    `replaces` is the secret of the session that this browser held before: it ends.
    """
    spent = db.session.execute(
        update(SignInLink)
        .where(
            SignInLink.code_hash == digest(code),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
            SignInLink.organiser_id.in_(select(Organiser.id).where(Organiser.active)),
        )
        .values(used_at=now)
        .returning(SignInLink.organiser_id, SignInLink.next_path)
    ).one_or_none()
    if spent is None:
        raise LinkSpent
    return open_session(
        spent.organiser_id,
        browser=browser,
        replaces=replaces,
        next_path=spent.next_path,
        now=now,
    )


def open_session(
    organiser_id: int,
    *,
    browser: str,
    replaces: str | None,
    next_path: str | None,
    now: datetime,
    method: str = "link",
) -> Entered:
    """A session for somebody who proved to be this organiser, under a new id.

    `replaces` is the secret of the session that this browser held before: it ends.
    """
    if replaces:
        _end(OrganiserSession.id_hash == digest(replaces), now=now)
    secret = random_id(CODE_BYTES)
    db.session.execute(
        insert(OrganiserSession).values(
            id_hash=digest(secret),
            organiser_id=organiser_id,
            created_at=now,
            seen_at=now,
            browser=browser,
        )
    )
    locale = db.session.execute(
        update(Organiser)
        .where(Organiser.id == organiser_id)
        .values(last_sign_in_at=now)
        .returning(Organiser.locale)
    ).scalar_one()
    audit.record("sign_in", at=now, actor=f"organiser:{organiser_id}", method=method)
    return Entered(secret=secret, organiser_id=organiser_id, locale=locale, next_path=next_path)


def touch(session_id: int, *, now: datetime) -> None:
    """Notes that a session was used: idleness counts from here."""
    db.session.execute(
        update(OrganiserSession).where(OrganiserSession.id == session_id).values(seen_at=now)
    )


def leave(session_id: int, *, organiser_id: int, now: datetime) -> bool:
    """Ends one of a person's own sessions; False when it is not theirs or already ended."""
    mine = (OrganiserSession.id == session_id) & (OrganiserSession.organiser_id == organiser_id)
    ended = _end(mine, now=now)
    if ended:
        audit.record("sign_out", at=now, actor=f"organiser:{organiser_id}")
    return ended


def leave_others(session_id: int, *, organiser_id: int, now: datetime) -> None:
    """Ends every session of a person but the present one."""
    others = (OrganiserSession.id != session_id) & (OrganiserSession.organiser_id == organiser_id)
    if _end(others, now=now):
        audit.record("sign_out", at=now, actor=f"organiser:{organiser_id}")


def _end(which: ColumnElement[bool], *, now: datetime) -> bool:
    result = db.session.execute(
        update(OrganiserSession)
        .where(which, OrganiserSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE has a count
