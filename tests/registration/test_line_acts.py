"""What organisers do to a waiting list, reserved seats, reminders, the timeline."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.organisers import services as organisers
from eventreg.organisers.rules import Role
from eventreg.registration import errors, rules, services
from eventreg.registration.models import Registration
from eventreg.registration.queries import line
from eventreg.registration.rules.timeline import KINDS, Dates, Release, Window, timeline
from eventreg.registration.services import Wishes, line_acts
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Invalid, NotFound, Stale
from tests.conftest import NOW
from tests.registration.people import act, leave, person, sign_up, state, well
from tests.registration.test_waiting_list import answer, full, kinds

__all__ = ["full"]
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("now", "ctx")


def do(what: Callable[..., Any], name: str, **more: Any) -> Any:
    """An act of an organiser on the person as the screen showed them."""
    row = person(name)
    given = {"reason": "Intervient.", "actor": "organiser:1", "version": row.version, **more}
    db.session.rollback()
    with transaction():
        return what(row.event_id, row.public_id, **given)


def ranks() -> list[str]:
    db.session.rollback()
    query = select(Registration.given_name).where(Registration.state == "waiting")
    return list(
        db.session.execute(query.order_by(Registration.queue_rank, Registration.id)).scalars()
    )


def test_somebody_is_moved_to_any_rank_however_close_the_others_are(full: Event) -> None:
    """Ranks are numbers: two of them may leave no room between."""
    with transaction() as session:  # the same instant for everybody
        session.execute(update(Registration).values(queue_rank=1_800_000_000.0))
    assert ranks() == ["Bea", "Chloe", "Dan"]
    do(line_acts.move_to, "dan", rank=2)
    assert ranks() == ["Bea", "Dan", "Chloe"]
    do(line_acts.move_to, "bea", rank=9)
    assert ranks() == ["Dan", "Chloe", "Bea"]
    do(line_acts.move_to, "bea", rank=1)
    assert ranks() == ["Bea", "Dan", "Chloe"]
    for _ in range(60):  # halves of halves end
        do(line_acts.move_to, "chloe", rank=2)
        do(line_acts.move_to, "dan", rank=2)
    assert ranks() == ["Bea", "Dan", "Chloe"]
    assert sign_up("eve", in_line=True) == "waiting"
    assert ranks()[-1] == "Eve"
    well()


def test_two_organisers_at_once_a_missing_reason_and_a_foreign_event_are_refused(
    full: Event, make_event: Callable[..., Event]
) -> None:
    seen = person("dan").version
    do(line_acts.move_to, "dan", rank=1)
    with pytest.raises(Stale):
        do(line_acts.move_to, "dan", rank=2, version=seen)
    for what, more in ((line_acts.move_to, {"rank": 1}), (line_acts.offer_now, {})):
        with pytest.raises(Invalid):
            do(what, "chloe", reason=" ", **more)
    with pytest.raises(errors.NotPossible):
        do(line_acts.move_to, "anne", rank=1)
    with pytest.raises(errors.NotPossible):
        do(line_acts.withdraw, "bea")
    other, row = make_event("autre"), person("bea")
    with pytest.raises(NotFound), transaction():
        line_acts.offer_now(
            other.id, row.public_id, reason="x", actor="organiser:1", version=row.version
        )


def test_a_place_is_offered_out_of_order_only_where_one_is_free_and_is_taken_back(
    full: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.Full):
        do(line_acts.offer_now, "dan")
    with monkeypatch.context() as patch:
        patch.setattr(services.waiting_list, "_serve_quietly", lambda _event: 0)
        leave("anne")
    do(line_acts.offer_now, "dan")
    assert [state(n) for n in ("bea", "dan")] == ["waiting", "offered"]
    assert person("dan").queue_reason == "Intervient."
    do(line_acts.withdraw, "dan", reason="Erreur de notre part.")
    assert [state(n) for n in ("bea", "chloe", "dan")] == ["offered", "waiting", "waiting"]
    assert line.rank(person("dan")) == 2
    assert kinds("dan") == ["waiting", "offer", "offer_withdrawn"]
    assert answer("dan") is rules.State.WAITING, "the link of the withdrawn offer takes nothing"
    query = select(AuditEntry.action, AuditEntry.actor).where(
        AuditEntry.registration_id == person("dan").id, AuditEntry.actor != "registrant"
    )
    assert db.session.execute(query.order_by(AuditEntry.id)).tuples().all() == [
        ("offer", "organiser:1"),
        ("withdraw", "organiser:1"),
    ]
    well()


def test_whoever_must_be_decided_on_or_came_too_late_is_offered_nothing(
    full: Event,
) -> None:
    with transaction() as session:
        session.execute(
            update(Registration).where(Registration.given_name == "Bea").values(cleared=False)
        )
        session.execute(update(Pool).values(capacity=9))
    with pytest.raises(errors.NotPossible):
        do(line_acts.offer_now, "bea")
    with clock.frozen(NOW + timedelta(days=30)), pytest.raises(errors.NotPossible):
        do(line_acts.offer_now, "dan")


@pytest.fixture
def reserved(make_event: Callable[..., Event]) -> Event:
    """Three places for the public, two for the press until an instant."""
    event = make_event(capacity=5, confirmation_hours=0, waiting_list=True)
    with transaction() as session:
        more = {"event_id": event.id, "taken": 0, "waiting_list": True}
        session.add(Pool(kind="population", key="public", capacity=3, **more))
        release = {"released_at": NOW + HOUR, "into": "public"}
        session.add(Pool(kind="population", key="press", capacity=2, **more, **release))
    return event


def capacities() -> dict[str, int | None]:
    db.session.rollback()
    return dict(db.session.execute(select(Pool.key, Pool.capacity)).tuples().all())


PUBLIC, PRESS = (
    Wishes(pools={"public": 1}, form_version=1),
    Wishes(pools={"press": 1}, form_version=1),
)


def test_reserved_seats_that_stayed_free_go_to_the_others_once_and_serve_their_list(
    reserved: Event,
) -> None:
    assert sign_up("paul", PRESS) == "confirmed"
    for name in ("anne", "bea", "chloe"):
        assert sign_up(name, PUBLIC) == "confirmed"
    for name in ("dan", "eve"):
        assert sign_up(name, PUBLIC, in_line=True) == "waiting"
    assert services.release_due(NOW + HOUR - timedelta(seconds=1)) == 0
    with clock.frozen(NOW + HOUR):
        assert [services.release_due(clock.utc_now()) for _ in range(2)] == [1, 0]
        assert capacities() == {"": 5, "public": 4, "press": 1}
        assert [state(n) for n in ("dan", "eve")] == ["offered", "waiting"]
        leave("paul")  # given back later: it follows, as nobody waits for the press
        assert services.release_due(clock.utc_now()) == 1
        assert capacities() == {"": 5, "public": 5, "press": 0}
        assert state("eve") == "offered"
        well()
    trace = select(AuditEntry.details).where(AuditEntry.action == "seats_released")
    assert [d["seats"] for d in db.session.execute(trace).scalars()] == [1, 1]


def test_reserved_seats_stay_for_those_who_wait_for_them() -> None:
    """A rule: (capacity, taken, lacking) -> released."""
    cases = [((10, 4, 0), 6), ((10, 4, 2), 4), ((10, 10, 3), 0), ((5, 9, 0), 0), ((None, 3, 0), 0)]
    for (capacity, taken, waiting), expected in cases:
        found = rules.releasable(capacity, taken=taken, waiting=waiting)
        assert found == expected, (capacity, taken, waiting)


def reminders() -> list[str]:
    db.session.rollback()
    query = select(OutboxMessage.recipient).where(OutboxMessage.kind == "undecided")
    return list(db.session.execute(query.order_by(OutboxMessage.id)).scalars())


def test_owners_are_reminded_of_requests_once_in_each_period(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0, approval="manual", remind_days=3)
    with transaction():
        organisers.create("nadia@example.org", name="N", role=Role.OWNER, event_slug=None, now=NOW)
    sign_up("anne")
    found = []
    for day in range(8):
        at = NOW + timedelta(days=day)
        services.remind_due(at)
        services.remind_due(at)  # a second worker
        found.append(len(reminders()))
    assert found == [0, 0, 0, 1, 1, 1, 2, 2]
    assert set(reminders()) == {"nadia@example.org"}
    accept = {"accept": True, "reason": "", "actor": "organiser:1"}
    act("anne", lambda row: services.decide(row, **accept))
    services.remind_due(NOW + timedelta(days=12))
    assert len(reminders()) == 2, "nobody waits any more"


def test_nobody_is_reminded_where_the_event_says_never_or_the_address_is_not_proven(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0, approval="manual", remind_days=0)
    with transaction():
        organisers.create("nadia@example.org", name="N", role=Role.OWNER, event_slug=None, now=NOW)
    sign_up("anne")
    services.remind_due(NOW + timedelta(days=9))
    with transaction() as session:
        values = {"remind_days": 1, "approval": "manual", "confirmation_hours": 24.0}
        session.execute(update(Event).values(**values))
        session.execute(update(Registration).values(state="unconfirmed", seats=1))
    services.remind_due(NOW + timedelta(days=9))
    assert reminders() == []


def test_the_timeline_has_every_instant_once_in_order() -> None:
    def at(day: int) -> datetime:
        return NOW + timedelta(days=day)

    facts = rules.SignupFacts(
        event_id=1,
        slug="journee",
        version=1,
        event_state="published",
        mode="internal",
        starts_at=at(20),
        ends_at=at(21),
        timezone="Europe/Paris",
        opens_at=at(1),
        closes_at=at(10),
        pool_id=1,
        capacity=5,
        taken=0,
        waiting_list=True,
        modify_until=at(25),
        cancel_until=at(15),
    )
    dates = Dates(
        published_at=at(0),
        says_closed=True,
        retention_days=30,
        windows=[Window("Presse", at(2), at(9))],
        releases=[Release("Presse", "Public", at(8))],
        offer_ends=[at(5), at(5) + timedelta(seconds=20), at(6)],
        last_hold=at(7),
    )
    found = timeline(facts, dates)
    assert [(one.kind, (one.at - NOW).days) for one in found] == [
        ("published", 0),
        ("opens", 1),
        ("population_opens", 2),
        ("offer_ends", 5),
        ("offer_ends", 6),
        ("last_hold", 7),
        ("released", 8),
        ("population_closes", 9),
        ("closes", 10),
        ("closed_message", 10),
        ("offers_stop", 10),
        ("cancel_until", 15),
        ("modify_until", 20),  # never past the start
        ("starts", 20),
        ("ends", 21),
        ("erasure", 51),
    ]
    assert {one.kind for one in found} == set(KINDS)
    assert dict(found[3].params) == {"count": "2"}
    assert found[6].message % dict(found[6].params)


def test_the_timeline_command_speaks_the_zone_of_the_event(full: Event, app: Flask) -> None:
    leave("anne")
    run = app.test_cli_runner().invoke
    found = json.loads(run(args=["events", "timeline", "journee", "--json"]).output)
    offers = [one for one in found if one["kind"] == "offer_ends"]
    assert [(one["at"], one["past"]) for one in offers] == [("2027-01-05T10:00:00+01:00", False)]
    assert [one["at"] for one in found] == sorted(one["at"] for one in found)
    text = run(args=["events", "timeline", "journee"]).output
    assert "starts" in text.splitlines()[-2]
    assert run(args=["events", "timeline", "absent"]).exit_code != 0
