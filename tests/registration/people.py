"""Short words for stories of several people at one event, by their given name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from eventreg.events import services as event_services
from eventreg.events.models import Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings
from eventreg.registration import errors, queries, services
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.rules import State
from eventreg.registration.services import (
    Applicant,
    Wishes,
    address,
    editing,
    handover,
    proposals,
    returning,
)
from eventreg.registration.services.editing import IDENTITY, Edit
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def sign_up(name: str, wishes: Wishes | None = None, *, in_line: bool = False) -> State:
    page = queries.signup_page("journee")
    assert page is not None
    applicant = Applicant.from_text(f"{name}@example.org", name.title(), "Martin")
    wishes = wishes or Wishes()
    prepared = services.prepare(page, applicant, locale="fr", wishes=wishes, in_line=in_line)
    with transaction():
        return State(services.register(prepared, key=name, payload={}).state)


def person(name: str, *, lock: bool = False) -> Registration:
    query = select(Registration).where(Registration.email_key == f"{name}@example.org")
    query = query.order_by(Registration.id.desc()).limit(1)
    query = query.execution_options(populate_existing=True)
    return db.session.execute(query.with_for_update() if lock else query).scalar_one()


def state(name: str) -> str:
    db.session.rollback()
    return person(name).state


def act(name: str, what: Callable[[Registration], Any]) -> Any:
    with transaction():
        return what(person(name, lock=True))


def leave(name: str) -> None:
    act(name, lambda row: services.cancel(row, actor="registrant"))


def back(name: str, how: Callable[..., State]) -> State:
    """As the door does it: the places, else the line where one is kept."""
    try:
        found: State = act(name, how)
    except errors.Full:
        page = queries.signup_page("journee")
        assert page is not None
        db.session.rollback()
        if not returning.may_wait(person(name), page.facts):
            raise
        found = act(name, lambda row: how(row, in_line=True))
    return found


def again(public_id: str, how: Callable[..., State]) -> State:
    with transaction():
        row = queries.by_public_id(public_id, lock=True)
        assert row is not None
        return how(row)


def kinds(address: str) -> list[str]:
    db.session.rollback()
    query = select(OutboxMessage.kind).where(OutboxMessage.recipient == address)
    return list(db.session.execute(query.order_by(OutboxMessage.id)).scalars())


def counts() -> dict[str, tuple[int, int]]:
    db.session.rollback()
    query = select(Pool.key, Pool.taken, Pool.waiting)
    return {key: (taken, waiting) for key, taken, waiting in db.session.execute(query)}


def change(**values: Any) -> None:
    with transaction():
        event = event_services.locked("journee")
        event_services.change(event, values, actor="operator", now=clock.utc_now())


def well() -> None:
    """The oracle, after each story."""
    db.session.rollback()
    assert [f for f in all_findings(clock.utc_now()) if not f.ok] == []


def edit(name: str, wishes: Wishes | None = None, **identity: str) -> State:
    def write(row: Registration) -> State:
        stored = {key: getattr(row, key) for key in IDENTITY}
        return editing.modify(row, Edit(stored | identity, editing.mark(row), wishes))

    found: State = act(name, write)
    return found


def offer(name: str = "anne", to: str = "bea@example.org") -> Proposal:
    colleague = Applicant.from_text(to, "Béa", "Petit")
    found: Proposal = act(name, lambda row: handover.offer(row, colleague))
    return found


def answer_proposal(proposal: Proposal, how: Callable[..., Any], purpose: str = "take") -> Any:
    nonce = proposal.stop_nonce if purpose == "stop" else proposal.nonce
    with transaction():
        return how(*proposals.held(proposal.public_id, nonce, purpose))


def move_to(new: str, name: str = "anne") -> Proposal:
    found: Proposal = act(name, lambda row: address.ask(row, canonical(new)))
    return found
