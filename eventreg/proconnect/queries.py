"""Reads of ProConnect's tables."""

from datetime import datetime

from sqlalchemy import select

from eventreg.eligibility.rules import Identity
from eventreg.organisers.models import Organiser
from eventreg.proconnect.models import OrganiserIdentity, ProConnectVisit
from eventreg.shared.db import db


def sealed(secret_hash: str, *, now: datetime) -> str | None:
    """The sealed visit of a browser, while it lasts."""
    return db.session.execute(
        select(ProConnectVisit.sealed).where(
            ProConnectVisit.secret_hash == secret_hash, ProConnectVisit.expires_at > now
        )
    ).scalar_one_or_none()


def organiser_of(identity: Identity) -> Organiser | None:
    """The organiser whose account this identity opens, switched off or not."""
    return db.session.execute(
        select(Organiser)
        .join(OrganiserIdentity, OrganiserIdentity.organiser_id == Organiser.id)
        .where(
            OrganiserIdentity.issuer == identity.issuer,
            OrganiserIdentity.sub == identity.sub,
        )
    ).scalar_one_or_none()
