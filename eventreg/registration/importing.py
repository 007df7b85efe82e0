"""People in bulk: plausible ones for trials (`attendees fill`, the sample events)."""

import random
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, insert, literal, select, update

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.events.queries import pool as pool_of
from eventreg.registration.errors import Full
from eventreg.registration.models import Registration
from eventreg.registration.rules import State
from eventreg.shared.db import JsonColumn, UtcDateTime, db
from eventreg.shared.text import fold

BATCH = 2_000
GIVEN = [
    "Agathe",
    "Amine",
    "Anaïs",
    "Bastien",
    "Camille",
    "Chloé",
    "Cyril",
    "Delphine",
    "Élodie",
    "Farid",
    "Gaëlle",
    "Hugo",
    "Inès",
    "Jeanne",
    "Karim",
    "Léa",
    "Louis",
    "Maëlle",
    "Malik",
    "Nadia",
    "Noé",
    "Oumou",
    "Paul",
    "Rania",
    "Sacha",
    "Salomé",
    "Thomas",
    "Victor",
    "Yasmine",
    "Zoé",
]
FAMILY = [
    "Aubry",
    "Benali",
    "Bernard",
    "Chevalier",
    "Cherif",
    "Colin",
    "Da-Silva",
    "Diallo",
    "Dubreuil",
    "Fontaine",
    "Garnier",
    "Haddad",
    "Imbert",
    "Kouyaté",
    "Lambert",
    "Leroy",
    "Lopez",
    "Martin",
    "Mercier",
    "Moreau",
    "Nguyen",
    "Perrin",
    "Petit",
    "Renaud",
    "Roussel",
    "Schmitt",
    "Texier",
    "Traoré",
    "Vidal",
    "Weber",
]
FOLDED = {name: fold(name) for name in (*GIVEN, *FAMILY)}
BODIES = (
    "Préfecture de la Drôme",
    "Ministère de la Transition écologique",
    "Agence régionale de santé",
    "Commune de Saint-Malo",
    "Université de Lille",
    "Département de la Gironde",
    "Ministère de l’Intérieur",
    "Direction interministérielle du numérique",
)
JOBS = ("chargée de mission", "développeur", "designer", "cheffe de projet", "juriste", "")


def fill(event: Event, count: int, now: datetime, *, state: State = State.CONFIRMED) -> int:
    """Adds `count` confirmed people without a letter, within the capacity; answers how many.

    One conditional update takes all the seats at once. Raises Full when they do not fit.
    """
    pool = pool_of(event.id)
    query = update(Pool).where(Pool.id == pool.id)
    if pool.capacity is not None:
        query = query.where(Pool.taken + count <= Pool.capacity)
    first = _random_number(event.id)
    last = db.session.execute(select(func.max(Registration.id))).scalar_one() or 0
    for start in range(0, count, BATCH):
        rows = [
            _row(event, first + number, now, state)
            for number in range(start, min(start + BATCH, count))
        ]
        # Without RETURNING: SQLite would take the rows one by one.
        db.session.connection().execute(insert(Registration), rows)
    _trace(event.id, last, now)
    taken = db.session.execute(
        query.values(taken=Pool.taken + count), execution_options={"synchronize_session": False}
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE has a count
        raise Full
    db.session.expire(pool)
    return count


def refuse_if_too_many(event: Event, count: int) -> None:
    """Raises Full when `count` more people do not fit, before any is added."""
    pool = pool_of(event.id)
    if pool.capacity is not None and pool.taken + count > pool.capacity:
        raise Full


def _random_number(event_id: int) -> int:
    """Where to begin, so that filling twice makes no twins (but once in a billion times)."""
    return secrets.randbelow(10**9) * 1_000_000 + event_id


def _row(event: Event, number: int, now: datetime, state: State) -> dict[str, object]:
    chance = random.Random(number)  # noqa: S311 - plausible people, no secret
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    email = f"{FOLDED[given]}.{FOLDED[family]}.{number}@exemple-{number % 7}.example"
    at = now - timedelta(minutes=chance.randrange(1, 60 * 24 * 20))
    return {
        "public_id": secrets.token_urlsafe(16),
        "event_id": event.id,
        "state": state,
        "seats": 1,
        "version": 1,
        "nonce": secrets.token_urlsafe(9),
        "locale": "fr",
        "source": "filled",
        "email": email,
        "email_key": email,
        "given_name": given,
        "family_name": family,
        "organisation": chance.choice(BODIES),
        "job_title": chance.choice(JOBS),
        "phone": "",
        "answers": {},
        "justification": "",
        "decision_reason": "",
        "search": f"{FOLDED[family]} {FOLDED[given]} {email}",
        "eligibility_outcome": "eligible",
        "eligibility_reason": "filled",
        "eligibility_rule": "filled",
        "eligibility_body": "",
        "registry_version": "",
        "registered_at": at,
        "proven_at": at,
        "confirmed_at": at,
    }


def _trace(event_id: int, after: int, now: datetime) -> None:
    """One trace for each person filled in since the row `after`, in one statement."""
    people = select(
        literal(now, UtcDateTime()),
        literal("operator"),
        literal("filled"),
        Registration.event_id,
        Registration.id,
        Registration.state,
        literal({}, JsonColumn),
    ).where(
        Registration.event_id == event_id,
        Registration.source == "filled",
        Registration.id > after,
    )
    columns = ["at", "actor", "action", "event_id", "registration_id", "new_state", "details"]
    db.session.execute(insert(AuditEntry).from_select(columns, people.order_by(Registration.id)))
