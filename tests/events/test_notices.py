"""People who signed up learn that an event moved or is cancelled: what is news, and what is not."""

from datetime import timedelta

import pytest

from eventreg.audit.models import AuditEntry
from eventreg.events import services
from eventreg.events.models import Notice
from eventreg.events.rules import Planned, move_of, must_tell
from eventreg.shared.db import db, transaction

HOUR = timedelta(hours=1)


def plan(now, **values):
    known = {
        "starts_at": now + 48 * HOUR,
        "ends_at": now + 50 * HOUR,
        "timezone": "Europe/Paris",
        "day_only": False,
        "place": "Lieu A, Paris",
        "online": False,
    }
    return Planned(**(known | values))


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({}, (False, False, False)),
        ({"starts_at": 24}, (True, False, False)),
        ({"ends_at": 74}, (True, False, False)),
        ({"starts_at": 49}, (False, True, False)),
        ({"place": "Lieu B"}, (False, False, True)),
        ({"place": "lieu  a, paris"}, (False, False, False)),
        ({"online": True, "starts_at": 49}, (False, True, True)),
        ({"timezone": "America/Martinique"}, (False, True, False)),
    ],
)
def test_a_move_is_a_day_else_hours_and_a_place(now, changes, moved):
    values = {
        key: now + value * HOUR if key.endswith("_at") else value for key, value in changes.items()
    }
    found = move_of(plan(now), plan(now, **values))
    assert (found.day, found.hours, found.place) == moved


def test_what_is_over_and_stays_over_is_no_news(now):
    past = {"starts_at": now - 9 * HOUR, "ends_at": now - 8 * HOUR}
    before, after = plan(now, **past), plan(now, **past, place="Ailleurs")
    assert not must_tell("published", before, after, now)
    assert must_tell("published", plan(now), after, now)
    assert must_tell("published", before, plan(now), now)
    assert not must_tell("archived", plan(now), plan(now, place="Ailleurs"), now)


def test_a_plan_survives_its_row(now):
    for one in (plan(now), plan(now, starts_at=None, ends_at=None)):
        assert Planned.from_json(one.as_json()) == one


def notices():
    return db.session.query(Notice).order_by(Notice.id).all()


def change(now, **values):
    with transaction():
        tell = values.pop("tell", True)
        services.change(services.locked("journee"), values, actor="operator", now=now, tell=tell)


def test_a_notice_is_written_with_the_change_and_only_for_what_is_news(now, make_event):
    make_event(venue="Lieu A")
    change(now, title="Autre titre", lead="Autre chapeau", capacity=12)
    change(now, venue="Lieu  a")
    change(now, venue="Lieu B", tell=False)
    assert notices() == []
    change(now, venue="Lieu C")
    (notice,) = notices()
    assert (notice.kind, notice.before["place"], notice.after["place"]) == (
        "moved",
        "Lieu B",
        "Lieu C",
    )
    assert db.session.query(AuditEntry).filter_by(action="notice_made").count() == 1


def test_a_draft_that_nobody_knows_moves_in_silence(now, make_event, make_registration):
    event = make_event(state="draft", venue="A")
    change(now, venue="B")
    assert notices() == []
    make_registration(event)
    change(now, venue="C")
    assert len(notices()) == 1


def test_a_second_move_replaces_the_first_and_tells_what_people_had_read(now, make_event):
    make_event(venue="A")
    change(now, venue="B")
    change(now, venue="C")
    first, second = notices()
    assert first.done_at == now
    assert second.before["place"] == "A"
    change(now, venue="A")  # back again: some may have read « B » or « C »
    assert [n.done_at for n in notices()][-1] is None
    assert notices()[-1].before["place"] == "C"


def test_cancelling_ends_the_news_of_a_move_and_is_told_once(now, make_event):
    make_event(venue="A")
    change(now, venue="B")
    for _ in range(2):
        with transaction():
            found = services.locked("journee")
            services.cancel(found, message="Grève.", actor="operator", now=now)
    moved, cancelled = notices()
    assert (moved.done_at, cancelled.kind, cancelled.done_at) == (now, "cancelled", None)
    assert found.state_message == "Grève."


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("set", "journee", "venue=Lieu B"), ["moved"]),
        (("set", "journee", "venue=Lieu B", "--no-letters"), []),
        (("set", "journee", "capacity=12"), []),
        (("cancel", "journee", "--message", "Grève."), ["cancelled"]),
        (("cancel", "journee", "--no-letters"), []),
    ],
)
def test_an_operator_moves_and_cancels_by_command(now, app, make_event, words, kinds):
    make_event(venue="Lieu A")
    result = app.test_cli_runner().invoke(args=["events", *words])
    assert (result.exit_code, result.stderr) == (0, "")
    db.session.rollback()
    assert [notice.kind for notice in notices()] == kinds


def test_an_event_that_cannot_be_cancelled_is_refused_without_a_traceback(now, app, make_event):
    make_event(state="archived")
    for words in (["journee"], ["inconnu"], ["journee", "--message", "x" * 2001]):
        result = app.test_cli_runner().invoke(args=["events", "cancel", *words])
        assert result.exit_code == 1
        assert "Traceback" not in result.stderr
        assert result.stderr
