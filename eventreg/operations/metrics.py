"""Figures for Prometheus: what an operator wants to be woken for."""

from datetime import datetime

from sqlalchemy import func, select

from eventreg.events.models import Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import MAIL_STATES
from eventreg.privacy.models import ErasureReceipt
from eventreg.registration.models import Registration
from eventreg.shared.db import db


def text(now: datetime) -> str:
    """The figures in Prometheus' text format."""
    lines = []
    for name, kind, help_, values in _figures(now):
        lines += [f"# HELP eventreg_{name} {help_}", f"# TYPE eventreg_{name} {kind}"]
        lines += [f"eventreg_{name}{labels} {value:g}" for labels, value in values]
    return "\n".join(lines) + "\n"


def _figures(now: datetime) -> list[tuple[str, str, str, list[tuple[str, float]]]]:
    by_state = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    counts = dict(db.session.execute(by_state).tuples().all())
    oldest = db.session.execute(
        select(func.min(OutboxMessage.due_at)).where(
            OutboxMessage.state.in_(("queued", "retrying")), OutboxMessage.due_at <= now
        )
    ).scalar_one()
    taken = db.session.execute(select(func.coalesce(func.sum(Pool.taken), 0))).scalar_one()
    held = db.session.execute(select(func.coalesce(func.sum(Registration.seats), 0))).scalar_one()
    erased = db.session.execute(select(func.max(ErasureReceipt.at))).scalar_one()
    mails = [(f'{{state="{state}"}}', float(counts.get(state, 0))) for state in MAIL_STATES]
    late = (now - oldest).total_seconds() if oldest else 0.0
    return [
        ("mails", "gauge", "Letters by state.", mails),
        ("oldest_due_mail_seconds", "gauge", "Age of the oldest letter due.", [("", late)]),
        ("seat_drift", "gauge", "Seats counted minus seats held.", [("", float(taken - held))]),
        (
            "last_erasure_timestamp_seconds",
            "gauge",
            "When personal data was last erased.",
            [("", erased.timestamp() if erased else 0.0)],
        ),
    ]
