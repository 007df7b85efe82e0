"""What the timeline of an event is made of."""

from eventreg.events.models import Event, Pool
from eventreg.questionnaire import queries as forms
from eventreg.questionnaire.rules import words
from eventreg.registration import queries
from eventreg.registration.queries import waiting
from eventreg.registration.rules import SignupFacts
from eventreg.registration.rules.timeline import Dates, Moment, Release, Window, timeline
from eventreg.shared.db import db


def of(event: Event, *, locale: str, own: str) -> list[Moment]:
    """Every instant of an event; `own` names the event's own pool."""
    facts = queries.signup_facts_of(event.id)
    return timeline(facts, dates(event, facts, locale=locale, own=own))


def dates(event: Event, facts: SignupFacts, *, locale: str, own: str) -> Dates:
    """The instants that are not among the facts of sign-ups."""
    form = forms.form_of(event.id, event.form_version)
    return Dates(
        published_at=event.published_at if event.state == "published" else None,
        closed_message_from=event.closed_message_from,
        says_closed=bool(event.closed_message),
        retention_days=event.retention_days,
        windows=[
            Window(words(one.label, locale), one.opens_at, one.closes_at)
            for one in form.populations
        ],
        releases=_releases(event.id, own),
        offer_ends=waiting.offer_ends(event.id),
        last_hold=queries.latest_hold_end(
            event.id, hours=event.confirmation_hours, starts_at=facts.starts_at
        ),
    )


def _releases(event_id: int, own: str) -> list[Release]:
    query = db.session.query(Pool).where(Pool.event_id == event_id)
    rows = {row.key: row for row in query.order_by(Pool.position, Pool.id)}
    names = {key: row.label or key or own for key, row in rows.items()}
    return [
        Release(names[key], names[row.into], row.released_at)
        for key, row in rows.items()
        if row.released_at is not None and row.into in names
    ]
