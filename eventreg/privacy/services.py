"""Personal data leaves on its date: nightly, by category, with a receipt; twice changes nothing."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Select, delete, update

from eventreg.audit.models import AuditEntry
from eventreg.eligibility.models import ListEntry
from eventreg.events.models import Event
from eventreg.files import services as files
from eventreg.mailing.models import OutboxMessage
from eventreg.organisers.models import Organiser, OrganiserRole, OrganiserSession, SignInLink
from eventreg.privacy import queries
from eventreg.privacy.models import ErasureReceipt
from eventreg.proconnect.models import OrganiserIdentity, ProConnectAttempt, ProConnectVisit
from eventreg.questionnaire import services as forms
from eventreg.registration.models import Invitation, PoolSeats, Proposal, Receipt, Registration
from eventreg.registration.queries import line as registrations
from eventreg.registration.services import pools
from eventreg.registration.services.pools import Change
from eventreg.shared.db import db, transaction

BATCH = 500
ERASED = "(effacé)"


def erase_due(now: datetime) -> dict[str, int]:
    """Erases what is past its retention, in short transactions; answers how many of each."""
    steps: tuple[
        tuple[str, Callable[[datetime], Select[tuple[int]]], Callable[[list[int], datetime], None]],
        ...,
    ] = (
        ("registrations", queries.due_registrations, _registrations),
        ("list_entries", queries.due_list_entries, _list_entries),
        ("invitations", queries.due_invitations, _invitations),
        ("access_needs", queries.due_needs, _needs),
        ("unclaimed_files", queries.due_files, _files),
        ("proposals", queries.due_proposals, _proposals),
        ("mail_bodies", queries.due_bodies, _bodies),
        ("organiser_sessions", queries.due_sessions, _sessions),
        ("sign_in_links", queries.due_links, _links),
        ("proconnect_visits", queries.due_visits, _visits),
        ("proconnect_attempts", queries.due_attempts, _attempts),
        ("letters", queries.due_letters, _letters),
        ("organiser_accounts", queries.due_accounts, _accounts),
        ("traces", queries.due_traces, _traces),
        ("event_contacts", queries.due_contacts, _contacts),
    )
    counts = {}
    for category, due, erase in steps:
        count = _drain(due, erase, now)
        if count:
            counts[category] = count
            with transaction():
                db.session.add(ErasureReceipt(at=now, category=category, counts={"rows": count}))
    return counts


def _drain(
    due: Callable[[datetime], Select[tuple[int]]],
    erase: Callable[[list[int], datetime], None],
    now: datetime,
) -> int:
    total = 0
    while True:
        with transaction():
            ids = list(db.session.execute(due(now).limit(BATCH)).scalars())
            if ids:
                erase(ids, now)
        total += len(ids)
        if len(ids) < BATCH:
            return total


def _registrations(ids: list[int], _now: datetime) -> None:
    """Rows, their receipts and letters go; the pool gives back the seats that they held."""
    db.session.execute(delete(OutboxMessage).where(OutboxMessage.registration_id.in_(ids)))
    db.session.execute(delete(Receipt).where(Receipt.registration_id.in_(ids)))
    files.erase_of(ids)
    others = _pool_seats(ids)
    gone = delete(Registration).where(Registration.id.in_(ids))
    freed: dict[int, int] = {}
    # What each row held is read as it goes: somebody may be cancelling it at this moment.
    for event_id, seats in db.session.execute(
        gone.returning(Registration.event_id, Registration.seats)
    ):
        freed[event_id] = freed.get(event_id, 0) + seats
    own = registrations.own_pools([event_id for event_id, seats in freed.items() if seats])
    for event_id, pool_id in own.items():
        others[pool_id] = others.get(pool_id, Change()).plus(seats=-freed[event_id])
    pools.apply(others)


def _pool_seats(ids: list[int]) -> dict[int, Change]:
    """What these people held or lacked in pools, no longer theirs."""
    changes: dict[int, Change] = {}
    gone = delete(PoolSeats).where(PoolSeats.registration_id.in_(ids))
    columns = (PoolSeats.pool_id, PoolSeats.seats, PoolSeats.held, PoolSeats.lacking)
    for pool_id, seats, held, lacking in db.session.execute(gone.returning(*columns)):
        change = changes.get(pool_id, Change())
        changes[pool_id] = change.plus(seats=-seats if held else 0, line=-seats if lacking else 0)
    return changes


def _needs(ids: list[int], _now: datetime) -> None:
    forms.erase_needs(ids)


def _files(ids: list[int], _now: datetime) -> None:
    files.erase(ids)


def _list_entries(ids: list[int], _now: datetime) -> None:
    db.session.execute(delete(ListEntry).where(ListEntry.id.in_(ids)))


def _invitations(ids: list[int], _now: datetime) -> None:
    """Those that nobody accepted; the letter that carried one goes by its own date."""
    db.session.execute(delete(Invitation).where(Invitation.id.in_(ids)))


def _proposals(ids: list[int], _now: datetime) -> None:
    """The address of somebody who never agreed to anything leaves first."""
    db.session.execute(delete(Proposal).where(Proposal.id.in_(ids)))


def _bodies(ids: list[int], now: datetime) -> None:
    values = {
        "subject": ERASED,
        "text": "",
        "html": "",
        "headers": {},
        "attachments": [],
        "recipient": "",
        "body_erased_at": now,
    }
    db.session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(**values))


def _sessions(ids: list[int], _now: datetime) -> None:
    db.session.execute(delete(OrganiserSession).where(OrganiserSession.id.in_(ids)))


def _links(ids: list[int], _now: datetime) -> None:
    db.session.execute(delete(SignInLink).where(SignInLink.id.in_(ids)))


def _visits(ids: list[int], _now: datetime) -> None:
    db.session.execute(delete(ProConnectVisit).where(ProConnectVisit.id.in_(ids)))


def _attempts(ids: list[int], _now: datetime) -> None:
    db.session.execute(delete(ProConnectAttempt).where(ProConnectAttempt.id.in_(ids)))


def _letters(ids: list[int], _now: datetime) -> None:
    db.session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(ids)))


def _accounts(ids: list[int], _now: datetime) -> None:
    """Roles, links and sessions go with the account; traces keep its number, never its name."""
    for table in (OrganiserSession, SignInLink, OrganiserRole, OrganiserIdentity):
        db.session.execute(delete(table).where(table.organiser_id.in_(ids)))
    db.session.execute(delete(Organiser).where(Organiser.id.in_(ids)))


def _traces(ids: list[int], _now: datetime) -> None:
    db.session.execute(delete(AuditEntry).where(AuditEntry.id.in_(ids)))


def _contacts(ids: list[int], _now: datetime) -> None:
    """The event's page stays; the people it named and the document's text leave."""
    values: dict[str, object] = {
        "contact_name": "",
        "contact_email": "",
        "press_contacts": [],
        "source_text": None,
        "policy": None,
    }
    db.session.execute(update(Event).where(Event.id.in_(ids)).values(**values))
    forms.erase_people(ids)
