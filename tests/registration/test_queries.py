"""What a sign-up reads costs the same however many have signed up."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event as sa_event

from eventreg.registration import queries
from eventreg.registration.models import Registration
from eventreg.shared.db import db


def test_the_twin_is_the_active_one_of_its_event(
    make_event: Callable[..., Any], make_registration: Callable[..., Registration]
) -> None:
    event, other = make_event("une"), make_event("autre")
    make_registration(event, "nadia@example.org", state="cancelled")
    make_registration(other, "nadia@example.org")
    assert queries.active_of(event.id, "nadia@example.org") is None
    wanted = make_registration(event, "nadia@example.org", state="waiting")
    found = queries.active_of(event.id, "nadia@example.org")
    assert found is not None
    assert found.id == wanted.id


def test_somebody_who_signs_up_again_does_not_make_sqlite_read_the_whole_event(
    make_event: Callable[..., Any], database_name: str
) -> None:
    if database_name != "sqlite":
        pytest.skip("PostgreSQL plans by its statistics")
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cur: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    event = make_event()
    sa_event.listen(db.engine, "before_cursor_execute", note)
    try:
        queries.active_of(event.id, "nadia@example.org")
    finally:
        sa_event.remove(db.engine, "before_cursor_execute", note)
    statement, parameters = sent[-1]
    connection = db.session.connection()
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert [row[3] for row in plan] == [
        "SEARCH registrations USING INDEX uq_registrations_active (event_id=? AND email_key=?)"
    ]
