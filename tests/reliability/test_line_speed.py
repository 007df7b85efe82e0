"""A long waiting list: served fast, with as many statements for each offer however long it is."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.services import waiting_list
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.registration.people import well

pytestmark = pytest.mark.usefixtures("now", "ctx")
SECONDS = 10.0


def line_of(event: Event, people: int) -> None:
    """People in line with their rows, traces and letters, in bulk."""
    with transaction() as session:
        pool = session.execute(select(Pool.id).where(Pool.event_id == event.id)).scalar_one()
        rows = [_person(event.id, number) for number in range(people)]
        session.execute(insert(Registration), rows)
        ids = (
            session.execute(
                select(Registration.id).where(Registration.event_id == event.id).order_by("id")
            )
            .scalars()
            .all()
        )
        seats = [{"registration_id": k, "pool_id": pool, "lacking": True} for k in ids]
        session.execute(insert(PoolSeats), seats)
        common = {"at": NOW, "actor": "registrant", "action": "registered", "event_id": event.id}
        trace = [{**common, "registration_id": k, "new_state": "waiting"} for k in ids]
        session.execute(insert(AuditEntry), [{**one, "details": {}} for one in trace])
        session.execute(update(Pool).where(Pool.id == pool).values(waiting=people))
        session.execute(text("ANALYZE"))  # as a database does by itself after a while


def _person(event_id: int, number: int) -> dict[str, Any]:
    return {
        "public_id": f"p{event_id}-{number}",
        "event_id": event_id,
        "state": "waiting",
        "nonce": "n",
        "locale": "fr",
        "source": "organiser",
        "email": f"p{number}@example.org",
        "email_key": f"p{number}@example.org",
        "given_name": "Camille",
        "family_name": "Martin",
        "queue_rank": float(number),
        "registered_at": NOW + timedelta(microseconds=number),
        "proven_at": NOW,
    }


def offered(event: Event) -> int:
    db.session.rollback()
    wanted = (Registration.event_id == event.id, Registration.state == "offered")
    return int(db.session.execute(select(func.count()).where(*wanted)).scalar_one())


def raise_capacity(event: Event, places: int) -> None:
    with transaction() as session:
        session.execute(update(Pool).where(Pool.event_id == event.id).values(capacity=places))


def served(make_event: Callable[..., Event], *, people: int, places: int) -> float:
    event = make_event(capacity=0, confirmation_hours=0, waiting_list=True)
    line_of(event, people)
    raise_capacity(event, places)
    began = time.monotonic()
    done = waiting_list.serve(event.id, NOW)
    took = time.monotonic() - began
    assert (done, offered(event)) == (places, places)
    first = select(func.max(Registration.queue_rank)).where(Registration.state == "offered")
    assert db.session.execute(first).scalar_one() == places - 1, "in the order of the list"
    letters = select(func.count()).where(OutboxMessage.kind == "offer")
    assert db.session.execute(letters).scalar_one() == places
    return took


@pytest.mark.fault
def test_ten_thousand_people_in_line_are_served_by_a_thousand_freed_seats(
    make_event: Callable[..., Event], database_name: str
) -> None:
    took = served(make_event, people=10_000, places=1_000)
    print(f"waiting list: 1,000 of 10,000 served in {took:.2f} s on {database_name}")
    well()
    assert took <= SECONDS


def test_an_offer_costs_the_same_whether_ten_or_a_thousand_people_wait(
    make_event: Callable[..., Event], count_queries: Callable[[], Any]
) -> None:
    found = []
    for slug, people, places in (("courte", 10, 5), ("longue", 1_000, 5), ("libre", 1_000, 50)):
        event = make_event(slug, capacity=0, confirmation_hours=0, waiting_list=True)
        line_of(event, people)
        raise_capacity(event, places)
        with count_queries() as seen:
            assert waiting_list.serve(event.id, NOW) == places
        found.append(len(seen))
    short, long, many = found
    assert short == long
    assert (many - long) / 45 <= 7, "statements for one offer more"
    well()
