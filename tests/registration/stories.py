"""Short words for the stories of registrations: sign up, confirm, cancel, what was written."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import errors, queries, services
from eventreg.registration.models import Registration
from eventreg.registration.rules import State
from eventreg.registration.services import Applicant
from eventreg.shared.db import db, transaction

HOUR = timedelta(hours=1)


def sign_up(slug: str = "journee", email: str = "camille@example.org", key: str = "") -> str:
    """As the form does; the receipt."""
    page = queries.signup_page(slug)
    assert page is not None
    applicant = Applicant.from_text(email, "Camille", "Martin")
    prepared = services.prepare(page, applicant, locale="fr")
    with transaction():
        return services.register(prepared, key=key or email, payload={"email": email}).receipt


def person(email: str = "camille@example.org") -> Registration:
    """The latest row of an address, read afresh."""
    db.session.rollback()
    query = select(Registration).where(Registration.email_key == email)
    rows = db.session.execute(query.order_by(Registration.id)).scalars().all()
    return rows[-1]


def confirm(email: str = "camille@example.org") -> State:
    with transaction():
        row = person_locked(email)
        return services.confirm(row)


def person_locked(email: str) -> Registration:
    query = select(Registration).where(Registration.email_key == email)
    query = query.order_by(Registration.id.desc()).limit(1).with_for_update()
    return db.session.execute(query).scalar_one()


def cancel(email: str = "camille@example.org", actor: str = "registrant") -> State:
    with transaction():
        return services.cancel(person_locked(email), actor=actor)


def deliver(email: str, at: datetime, *, failed: bool = False) -> None:
    """The mail server took (or refused for good) the letters of an address."""
    with transaction() as session:
        query = select(OutboxMessage).where(OutboxMessage.recipient == email)
        for letter in session.execute(query).scalars():
            letter.state = "failed" if failed else "sent"
            letter.sent_at, letter.failed_at = (None, at) if failed else (at, None)


def letters(email: str = "camille@example.org") -> list[str]:
    db.session.rollback()
    query = select(OutboxMessage.kind).where(OutboxMessage.recipient == email)
    return list(db.session.execute(query.order_by(OutboxMessage.id)).scalars())


def taken() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.sum(Pool.taken))).scalar_one())


def steps(action: str) -> int:
    db.session.rollback()
    query = select(func.count()).where(AuditEntry.action == action)
    return int(db.session.execute(query).scalar_one())


def decide(accept: bool, reason: str = "", email: str = "camille@example.org") -> State:
    with transaction():
        return services.decide(
            person_locked(email), accept=accept, reason=reason, actor="organiser:1"
        )


def at_once(app: Flask, calls: list[Callable[[], Any]]) -> list[str]:
    """Results or the names of refusals of calls that start together, each on its own connection."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> str:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                return str(call())
            except (errors.NotPossible, errors.Full) as refusal:
                return type(refusal).__name__
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls))
