"""Reads of accounts, links and sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, column, func, select, table

from eventreg.organisers.models import Organiser, OrganiserRole, OrganiserSession, SignInLink
from eventreg.organisers.rules import ABSOLUTE, Account, Role, is_alive
from eventreg.shared.db import db

# The room of events stands above this one, so its table is named here without its model.
_events = table("events", column("id"), column("slug"))


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A session as found from its cookie: alive or not, and when it was last seen."""

    account: Account
    seen_at: datetime
    alive: bool


def session(id_hash: str, *, now: datetime) -> Opened | None:
    """The session behind a cookie with its account and roles, in one statement."""
    rows = db.session.execute(
        select(
            OrganiserSession.id.label("session_id"),
            OrganiserSession.created_at,
            OrganiserSession.seen_at,
            OrganiserSession.ended_at,
            Organiser.id,
            Organiser.name,
            Organiser.email,
            Organiser.locale,
            OrganiserRole.event_id,
            OrganiserRole.role,
        )
        .join(Organiser, Organiser.id == OrganiserSession.organiser_id)
        .outerjoin(OrganiserRole, OrganiserRole.organiser_id == Organiser.id)
        .where(OrganiserSession.id_hash == id_hash, Organiser.active)
    ).all()
    if not rows:
        return None
    first = rows[0]
    account = Account(
        id=first.id,
        name=first.name,
        email=first.email,
        locale=first.locale,
        session_id=first.session_id,
        signed_in_at=first.created_at,
        roles={row.event_id: Role(row.role) for row in rows if row.role},
    )
    alive = is_alive(
        created_at=first.created_at, seen_at=first.seen_at, ended_at=first.ended_at, now=now
    )
    return Opened(account=account, seen_at=first.seen_at, alive=alive)


@dataclass(frozen=True, kw_only=True)
class SessionLine:
    """One of a person's own sessions, for the page that lists them."""

    id: int
    created_at: datetime
    seen_at: datetime
    browser: str


def open_sessions(organiser_id: int, *, now: datetime) -> list[SessionLine]:
    """The sessions of an account that are still alive, newest first."""
    rows = db.session.execute(
        select(OrganiserSession)
        .where(
            OrganiserSession.organiser_id == organiser_id,
            OrganiserSession.ended_at.is_(None),
            OrganiserSession.created_at > now - ABSOLUTE,
        )
        .order_by(OrganiserSession.created_at.desc(), OrganiserSession.id.desc())
    ).scalars()
    return [
        SessionLine(id=row.id, created_at=row.created_at, seen_at=row.seen_at, browser=row.browser)
        for row in rows
        if is_alive(created_at=row.created_at, seen_at=row.seen_at, ended_at=None, now=now)
    ]


def by_email(email_key: str) -> Organiser | None:
    """The account of a canonical address."""
    return db.session.execute(
        select(Organiser).where(Organiser.email == email_key)
    ).scalar_one_or_none()


def asked_or_any(email_key: str) -> Organiser | None:
    """The active account of the address, else any account: both cost the same statement.

    The row is locked, so that two requests at once cannot both be the third of the hour.
    """
    return db.session.execute(
        select(Organiser)
        .where((Organiser.email == email_key) | (Organiser.id == _lowest()))
        .order_by(case((Organiser.email == email_key, 0), else_=1))
        .limit(1)
        .with_for_update(key_share=True)
    ).scalar_one_or_none()


def _lowest() -> object:
    return select(func.min(Organiser.id)).scalar_subquery()


def links_made(organiser_id: int, *, now: datetime) -> tuple[int, int]:
    """How many links were made for an account in the last hour and in the last day."""
    recent = SignInLink.created_at > now - timedelta(hours=1)
    row = db.session.execute(
        select(func.coalesce(func.sum(case((recent, 1), else_=0)), 0), func.count()).where(
            SignInLink.organiser_id == organiser_id,
            SignInLink.created_at > now - timedelta(days=1),
        )
    ).one()
    return int(row[0]), int(row[1])


def link_is_good(code_hash: str, *, now: datetime) -> bool:
    """Whether a sign-in link can still be used; reading it changes nothing."""
    found = db.session.execute(
        select(SignInLink.id)
        .join(Organiser, Organiser.id == SignInLink.organiser_id)
        .where(
            SignInLink.code_hash == code_hash,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
            Organiser.active,
        )
    ).scalar_one_or_none()
    return found is not None


def event_id(slug: str) -> int | None:
    """The id of an event, for a role given by command."""
    found: int | None = db.session.execute(
        select(_events.c.id).where(_events.c.slug == slug)
    ).scalar_one_or_none()
    return found


def owners(event_id: int) -> Sequence[Organiser]:
    """Active owners of an event, those of all events included."""
    return (
        db.session.execute(
            select(Organiser)
            .join(OrganiserRole, OrganiserRole.organiser_id == Organiser.id)
            .where(
                Organiser.active,
                OrganiserRole.role == Role.OWNER.value,
                (OrganiserRole.event_id == event_id) | OrganiserRole.event_id.is_(None),
            )
            .distinct()
            .order_by(Organiser.id)
        )
        .scalars()
        .all()
    )
