"""What is kept, and what is kept too long."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)

from eventreg.audit.models import AuditEntry
from eventreg.eligibility.models import ListEntry
from eventreg.events.models import Event
from eventreg.files.models import StoredFile
from eventreg.mailing.models import OutboxMessage
from eventreg.organisers.models import Organiser, OrganiserSession, SignInLink
from eventreg.proconnect.models import ProConnectAttempt, ProConnectVisit
from eventreg.questionnaire.models import AccessNeeds, FormVersion
from eventreg.registration.models import Invitation, Proposal, Registration
from eventreg.registration.rules.invitations import KEPT as INVITATION_KEPT
from eventreg.shared.db import Base, Keep, db

ENDED_DAYS = 31  # cancelled, rejected: the event's end + 1 month
EXPIRED_HOURS = 48  # never proven: after the hold ended
NEEDS_DAYS = 7  # after the event
UNCLAIMED_DAYS = 1
MAIL_BODY_DAYS = 7  # after the final state
SESSION_DAYS = 1
PROPOSAL_DAYS = 4  # after it ended by itself: a change of address is stoppable for three
YEAR = 365
GRACE = timedelta(days=2)  # a job may be late by a night before the doctor complains


def inventory() -> dict[str, dict[str, Keep]]:
    """Every personal column by table, with its retention."""
    found: dict[str, dict[str, Keep]] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.info.get("keep"):
                found.setdefault(table.name, {})[column.name] = column.info["keep"]
    return found


def event_end() -> ColumnElement[Any]:
    """The stated end, else the start: from here on retention is counted."""
    return func.coalesce(Event.ends_at, Event.starts_at)


def due_needs(now: datetime) -> Select[tuple[int]]:
    """Ids of registrations whose access needs served: their event is over."""
    over = event_end() <= now - timedelta(days=NEEDS_DAYS)
    return (
        select(AccessNeeds.registration_id)
        .join(Event, Event.id == AccessNeeds.event_id)
        .where(over)
        .distinct()
        .order_by(AccessNeeds.registration_id)
    )


def due_files(now: datetime) -> Select[tuple[int]]:
    """Ids of files given on a form that was never sent."""
    return (
        select(StoredFile.id)
        .where(
            StoredFile.purpose == "answer",
            StoredFile.registration_id.is_(None),
            StoredFile.created_at <= now - timedelta(days=UNCLAIMED_DAYS),
        )
        .order_by(StoredFile.id)
    )


def due_registrations(now: datetime) -> Select[tuple[int]]:
    """Ids of registrations whose time has come, by the state they ended in."""
    end = event_end()
    # Retention differs by event: compare with a cut-off for each number of days in use.
    days = db.session.execute(select(Event.retention_days).distinct()).scalars().all()
    over = [and_(Event.retention_days == d, end <= now - timedelta(days=d)) for d in days]
    ended = Registration.state.in_(("cancelled", "rejected", "waiting"))
    return (
        select(Registration.id)
        .join(Event, Event.id == Registration.event_id)
        .where(
            or_(
                and_(
                    Registration.state == "expired",
                    Registration.ended_at <= now - timedelta(hours=EXPIRED_HOURS),
                ),
                and_(ended, end <= now - timedelta(days=ENDED_DAYS)),
                *over,
            )
        )
        .order_by(Registration.id)
    )


def due_list_entries(now: datetime) -> Select[tuple[int]]:
    """Ids of lines of events' lists whose event is over: people named there leave with it."""
    days = db.session.execute(select(Event.retention_days).distinct()).scalars().all()
    over = [and_(Event.retention_days == d, event_end() <= now - timedelta(days=d)) for d in days]
    return (
        select(ListEntry.id)
        .join(Event, Event.id == ListEntry.event_id)
        .where(or_(false(), *over))
        .order_by(ListEntry.id)
    )


def due_invitations(now: datetime) -> Select[tuple[int]]:
    """Answered by no, withdrawn or ended without an answer, a week ago."""
    ended = func.coalesce(Invitation.answered_at, Invitation.expires_at)
    wanted = (Invitation.state != "accepted", ended <= now - INVITATION_KEPT)
    return select(Invitation.id).where(*wanted).order_by(Invitation.id)


def due_proposals(now: datetime) -> Select[tuple[int]]:
    """Ids of proposals that nobody can answer or stop any more."""
    return select(Proposal.id).where(Proposal.expires_at <= now - timedelta(days=PROPOSAL_DAYS))


def due_bodies(now: datetime) -> Select[tuple[int]]:
    """Ids of letters whose text leaves: a week after they were sent, failed or withdrawn."""
    final = func.coalesce(OutboxMessage.sent_at, OutboxMessage.failed_at, OutboxMessage.created_at)
    return select(OutboxMessage.id).where(
        OutboxMessage.state.in_(("sent", "failed", "cancelled")),
        OutboxMessage.body_erased_at.is_(None),
        final <= now - timedelta(days=MAIL_BODY_DAYS),
    )


def due_sessions(now: datetime) -> Select[tuple[int]]:
    """Ids of organisers' sessions that nobody can use any more."""
    return select(OrganiserSession.id).where(
        OrganiserSession.seen_at <= now - timedelta(days=SESSION_DAYS)
    )


def due_links(now: datetime) -> Select[tuple[int]]:
    """Ids of sign-in links that open nothing any more."""
    return select(SignInLink.id).where(SignInLink.expires_at <= now - timedelta(days=SESSION_DAYS))


def due_visits(now: datetime) -> Select[tuple[int]]:
    """Ids of sealed ProConnect sign-ins that nobody can open any more."""
    return select(ProConnectVisit.id).where(ProConnectVisit.expires_at <= now)


def due_attempts(now: datetime) -> Select[tuple[int]]:
    """Ids of ProConnect sign-ins that nobody came back from."""
    return select(ProConnectAttempt.id).where(ProConnectAttempt.expires_at <= now)


def due_letters(now: datetime) -> Select[tuple[int]]:
    """Ids of finished letters that belong to no registration (links, sign-ins, recaps)."""
    final = func.coalesce(OutboxMessage.sent_at, OutboxMessage.failed_at, OutboxMessage.created_at)
    return select(OutboxMessage.id).where(
        OutboxMessage.registration_id.is_(None),
        OutboxMessage.state.in_(("sent", "failed", "cancelled")),
        final <= now - timedelta(days=ENDED_DAYS),
    )


def due_accounts(now: datetime) -> Select[tuple[int]]:
    """Ids of organisers who have not signed in for a year."""
    return select(Organiser.id).where(
        func.coalesce(Organiser.last_sign_in_at, Organiser.created_at) <= now - timedelta(days=YEAR)
    )


def due_traces(now: datetime) -> Select[tuple[int]]:
    """Ids of traces older than a year whose registration, if any, is gone."""
    alive = select(Registration.id).where(Registration.id == AuditEntry.registration_id)
    return select(AuditEntry.id).where(
        AuditEntry.at <= now - timedelta(days=YEAR), not_(alive.exists())
    )


def due_contacts(now: datetime) -> Select[tuple[int]]:
    """Ids of events over for a year that still name people: contacts, the document's text."""
    named = or_(
        Event.contact_name != "",
        Event.contact_email != "",
        Event.source_text.is_not(None),
        cast(Event.press_contacts, Text) != "[]",
        Event.policy.is_not(None),
        exists().where(
            FormVersion.event_id == Event.id, cast(FormVersion.definition, Text).like("%@%")
        ),
    )
    return select(Event.id).where(event_end() <= now - timedelta(days=YEAR), named)


def overdue(now: datetime) -> dict[str, int]:
    """What is kept past its date by more than the grace of a late job.

    Old events may have been imported today: the next night has their contacts.
    """
    at = now - GRACE
    return {
        "registrations": _count(due_registrations(at)),
        "list entries": _count(due_list_entries(at)),
        "proposals": _count(due_proposals(at)),
        "invitations": _count(due_invitations(at)),
        "access needs": _count(due_needs(at)),
        "files nobody sent": _count(due_files(at)),
        "mail bodies": _count(due_bodies(at)),
        "letters": _count(due_letters(at)),
        "organiser accounts": _count(due_accounts(at)),
        "traces": _count(due_traces(at)),
        "event contacts": _count(due_contacts(at).where(Event.updated_at <= at)),
    }


def _count(query: Select[tuple[int]]) -> int:
    inner = query.order_by(None).subquery()
    return int(db.session.execute(select(func.count()).select_from(inner)).scalar_one())
