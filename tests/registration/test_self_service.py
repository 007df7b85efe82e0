"""What a person changes of their registration: names, answers, workshops, companions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.operations.invariants import within_capacity
from eventreg.registration import errors, services
from eventreg.registration.rules import State
from eventreg.registration.services import (
    Wishes,
    editing,
    pools,
)
from eventreg.registration.services.editing import IDENTITY, Edit
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.registration.people import (
    HOUR,
    act,
    change,
    counts,
    edit,
    kinds,
    person,
    sign_up,
    state,
    well,
)

pytestmark = pytest.mark.usefixtures("now", "ctx")


def test_names_are_corrected_and_the_trace_tells_which_answers_never_what(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    assert edit("anne", given_name="Anne-Lise", phone="01 99 00 12 34") is State.CONFIRMED
    row = person("anne")
    assert (row.given_name, row.search) == ("Anne-Lise", "martin anne-lise anne@example.org")
    step = db.session.execute(
        select(AuditEntry).where(AuditEntry.action == "modified")
    ).scalar_one()
    assert step.details == {"keys": ["given_name", "phone"]}
    edit("anne")  # nothing changed: nothing is written
    assert db.session.query(AuditEntry).filter_by(action="modified").count() == 1
    well()


def test_two_edits_at_once_never_overwrite_each_other(make_event: Callable[..., Event]) -> None:
    """The mutant without the comparison of marks loses the first one's telephone."""
    make_event(confirmation_hours=0)
    sign_up("anne")
    seen = editing.mark(person("anne"))
    stored = {key: getattr(person("anne"), key) for key in IDENTITY}
    one = Edit(stored | {"phone": "01 99 00 00 01"}, seen)
    two = Edit(stored | {"given_name": "Hanne"}, seen)
    act("anne", lambda row: editing.modify(row, one))
    with pytest.raises(errors.ChangedMeanwhile):
        act("anne", lambda row: editing.modify(row, two))
    db.session.rollback()
    assert (person("anne").phone, person("anne").given_name) == ("01 99 00 00 01", "Anne")
    # Fresh links in between are no change of the answers.
    with transaction():
        services.send_links(canonical("anne@example.org"), locale="fr", now=NOW)
    assert edit("anne", given_name="Hanne") is State.CONFIRMED


@pytest.mark.parametrize(
    ("values", "after", "allowed"),
    [
        ({"closes_at": NOW + HOUR}, HOUR - timedelta(seconds=1), True),
        ({"closes_at": NOW + HOUR}, HOUR, False),
        ({"closes_at": NOW + HOUR, "modify_until": NOW + 3 * HOUR}, 2 * HOUR, True),
        ({"closes_at": NOW + 3 * HOUR, "modify_until": NOW + HOUR}, HOUR, False),
        ({"modify_until": NOW + timedelta(days=60)}, timedelta(days=20), False),  # it began
    ],
)
def test_answers_are_changed_until_the_limit(
    make_event: Callable[..., Event], values: dict[str, Any], after: timedelta, allowed: bool
) -> None:
    make_event(confirmation_hours=0, **values)
    sign_up("anne")
    with clock.frozen(NOW + after):
        if allowed:
            assert edit("anne", phone="1") is State.CONFIRMED
        else:
            with pytest.raises(errors.TooLateToModify):
                edit("anne", phone="1")


def test_one_moves_from_a_workshop_to_another_all_or_none(
    workshops: Callable[..., Wishes],
) -> None:
    sign_up("anne", workshops("a"))
    assert edit("anne", workshops("b")) is State.CONFIRMED
    assert counts() == {"": (1, 0), "a": (0, 0), "b": (1, 0)}
    well()
    sign_up("bea", workshops("a"))
    with pytest.raises(errors.PoolsFull) as refusal:
        edit("bea", workshops("b"), phone="lost with the rest")
    assert refusal.value.params == {"pools": "B"}
    assert counts() == {"": (2, 0), "a": (1, 0), "b": (1, 0)}
    assert person("bea").phone == ""
    well()


def test_a_workshop_that_filled_between_the_look_and_the_taking_loses_nobody(
    workshops: Callable[..., Wishes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conditional update decides, not the look before it."""
    sign_up("anne", workshops("a"))
    sign_up("bea", workshops("b"))
    monkeypatch.setattr(editing, "_refuse_if_full", lambda _more: None)
    with pytest.raises(errors.Full):
        edit("anne", workshops("b"))
    assert counts() == {"": (2, 0), "a": (1, 0), "b": (1, 0)}
    well()


def test_companions_are_people_who_come_before_the_deadline(
    workshops: Callable[..., Wishes],
) -> None:
    change(closes_at=NOW + HOUR, modify_until=NOW + 3 * HOUR)
    sign_up("anne", workshops("a"))
    edit("anne", workshops("a", companions=1))
    assert counts()[""] == (2, 0)
    with clock.frozen(NOW + HOUR):
        with pytest.raises(errors.Closed):
            edit("anne", workshops("a", companions=2))
        edit("anne", workshops("b"))  # fewer people, another workshop
        assert counts() == {"": (1, 0), "a": (0, 0), "b": (1, 0)}
        well()


@pytest.mark.parametrize("holds", [False, True])
def test_a_change_is_decided_again_where_the_organisers_ask_it(
    workshops: Callable[..., Wishes], holds: bool
) -> None:
    sign_up("anne", workshops("a"))
    change(reset_on_edit=True, pending_holds_seat=holds)
    assert edit("anne", workshops("b")) is State.PENDING
    assert counts() == {"": (int(holds), 0), "a": (0, 0), "b": (int(holds), 0)}
    assert kinds("anne@example.org")[-1] == "pending"
    well()
    act("anne", lambda row: services.decide(row, accept=True, reason="", actor="organiser:1"))
    assert counts() == {"": (1, 0), "a": (0, 0), "b": (1, 0)}
    well()


def test_whoever_waits_may_ask_for_something_else_and_keeps_the_rank(
    make_event: Callable[..., Event],
) -> None:
    event = make_event(capacity=5, confirmation_hours=0, waiting_list=True)
    with transaction() as session:
        row = {"event_id": event.id, "kind": "workshop", "key": "a", "waiting_list": True}
        session.add(Pool(capacity=1, **row))
    asks = Wishes(form_version=1, pools={"a": 1})
    sign_up("anne", asks)
    sign_up("bea", asks, in_line=True)
    rank = person("bea").queue_rank
    edit("bea", Wishes(form_version=1, companions=1, pools={"a": 1}))
    assert (state("bea"), person("bea").queue_rank) == ("waiting", rank)
    well()
    edit("bea", Wishes(form_version=1))  # without the full workshop nothing lacks
    assert state("bea") == "offered"
    assert counts() == {"": (2, 0), "a": (1, 0)}
    well()


def test_mutant_an_edit_that_does_not_compare_is_seen(
    make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editing.tokens, "same", lambda _one, _other: True)
    with pytest.raises(pytest.fail.Exception):
        test_two_edits_at_once_never_overwrite_each_other(make_event)


def test_mutant_a_move_that_takes_without_looking_is_seen(
    workshops: Callable[..., Wishes], monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = pools.apply
    monkeypatch.setattr(
        pools, "apply", lambda changes, **_options: taking(changes, over_capacity=True)
    )
    with pytest.raises(pytest.fail.Exception):
        test_a_workshop_that_filled_between_the_look_and_the_taking_loses_nobody(
            workshops, monkeypatch
        )
    assert not within_capacity().ok
