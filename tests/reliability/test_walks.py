"""R31: the whole life of sign-ups matches a model, whatever people, organisers and time do."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from eventreg.events.models import Event
from eventreg.registration import rules, services
from eventreg.registration.models import Registration
from eventreg.registration.services import pools, waiting_list
from eventreg.shared.db import db
from tests.reliability import acts, walks

# A group of its own begins early: the longest test must not be the last one.
pytestmark = [pytest.mark.usefixtures("ctx"), pytest.mark.xdist_group("walks")]
Put = Callable[[Any, str, Any], None]


def test_random_lives_of_a_hundred_events_match_the_model() -> None:
    """The same hundred each time; `make fault` draws others."""
    walks.play(int(os.environ.get("EVENTREG_TEST_SEED") or 38), walks=100, rounds=30)


@pytest.mark.fault
def test_random_lives_of_two_thousand_events_match_the_model(seed: int) -> None:
    for number in range(20):
        walks.play(seed + number, walks=100, rounds=50)


def newcomers_overtake(put: Put) -> None:
    """The condition that nobody waits is gone."""
    put(pools, "_NEW", pools._FREED)
    put(pools, "_SEVERAL", text(str(pools._SEVERAL).replace("OR waiting = 0", "OR TRUE")))


def second_pool_keeps_its_seats(put: Put) -> None:
    """Only the first pool gets back what a cancelling frees."""
    apply = pools.apply

    def some(changes: Any, **options: Any) -> Any:
        first = min(changes, default=None)
        kept = {key: one for key, one in changes.items() if key == first or one.seats >= 0}
        return apply(kept, **options)

    put(pools, "apply", some)


def offers_never_end(put: Put) -> None:
    """The link of an offer still takes the place after its end."""
    take = waiting_list.take_offer

    def late(registration: Registration) -> Any:
        registration.offer_ends_at = None
        return take(registration)

    put(waiting_list, "take_offer", late)


def lacking_is_forgotten(put: Put) -> None:
    """Whoever leaves the line is still counted among those who lack a seat."""
    apply = pools.apply

    def more(changes: Any, **options: Any) -> Any:
        kept = {pool: one._replace(line=max(one.line, 0)) for pool, one in changes.items()}
        return apply(kept, **options)

    put(pools, "apply", more)


def less_capacity_evicts(put: Put) -> None:
    """Somebody who was in loses the place when the organiser lowers the capacity."""
    change = acts.event_services.change

    def evict(event: Event, values: dict[str, Any], **options: Any) -> Any:
        done = change(event, values, **options)
        query = select(Registration).where(
            Registration.event_id == event.id, Registration.state == "confirmed"
        )
        last = db.session.execute(query.order_by(Registration.id.desc()).limit(1)).scalar()
        if values.get("capacity") == 0 and last is not None:
            services.cancel(last, actor="system")
        return done

    put(acts.event_services, "change", evict)


def last_come_first_served(put: Put) -> None:
    """The end of the line is served first."""
    choose = rules.next_in_line

    def reversed_line(line: Any, room: Any, **options: Any) -> list[int]:
        return choose(list(line)[::-1], room, **options)

    put(rules, "next_in_line", reversed_line)


def nobody_is_marked(put: Put) -> None:
    """A newcomer takes the last place that somebody in line needs too, and nothing says so."""
    put(waiting_list, "mark_later", lambda _facts: None)


def letters_are_lost(put: Put) -> None:
    """An offer without its letter: nobody knows of it."""
    put(waiting_list.letters, "owe", lambda *_facts: None)


DAY = 25 * 3600
IN = "sign_up"
# Walks that failed once, without the steps that they did not need; then what each mutant breaks.
STORIES: dict[str, tuple[list[acts.Command], dict[str, Any]]] = {
    "nobody waits for a pool that keeps no list, even where the event keeps one": (
        [(IN, "anne", 1, {"repas": 1})],
        {"capacity": {"": 0, "repas": 0}, "lists": {"": True, "repas": False}},
    ),
    "nobody in line begins to wait for such a pool by a change of answers": (
        [(IN, "anne", 1, {}), ("change", "anne", 1, {"repas": 1}), ("change", "anne", 2, {})],
        {"capacity": {"": 0, "repas": 0}, "lists": {"": True, "repas": False}},
    ),
    "a place beyond the capacity is a place, also while others wait": (
        [(IN, "anne", 1, {}), (IN, "bea", 2, {}, "beyond")],
        {"capacity": {"": 0}},
    ),
    "in line where no proof is asked, nobody ends because their letter left": (
        [(IN, "anne", 1, {}), ("deliver",), ("pause", DAY), ("jobs",)],
        {"capacity": {"": 0}},
    ),
    "a request that holds no seat leaves the held one to those in line at once": (
        [(IN, "anne", 1, {}), (IN, "bea", 1, {}), ("decide", "bea", True), ("confirm", "anne")],
        {"capacity": {"": 1}, "manual": True, "hours": 24.0},
    ),
    "who waits to be decided on keeps the place in line, also after a change of answers": (
        [
            (IN, "dan", 1, {"repas": 1}),
            ("change", "dan", 1, {}),
            (IN, "chloe", 1, {}),
        ],
        {"capacity": {"": 2, "repas": 0}, "manual": True, "pending_holds": True},
    ),
    "a newcomer never overtakes, whoever stopped before the list was served": (
        [
            (IN, "anne", 1, {"repas": 1}),
            (IN, "bea", 1, {"repas": 1}),
            ("cancel", "anne", False),
            (IN, "eve", 1, {"repas": 1}),
        ],
        {"capacity": {"": 9, "repas": 1}},
    ),
    "whoever waits for a workshop is not overtaken in the event once it lacks a place for them": (
        [
            (IN, "farid", 2, {"atelier": 1}),
            ("resize", "atelier", 6),
            ("add", "hugo", False),
            ("add", "chloe", False),
        ],
        {"capacity": {"": 2, "atelier": 0}, "hours": 24.0, "manual": True},
    ),
    "nor by somebody who signs up": (
        [
            (IN, "farid", 2, {"atelier": 1}),
            ("resize", "atelier", 6),
            (IN, "hugo", 1, {}),
            (IN, "chloe", 1, {}),
        ],
        {"capacity": {"": 2, "atelier": 0}, "hours": 24.0, "manual": True},
    ),
    "a cancelling gives back the seats of every pool": (
        [(IN, "anne", 2, {"repas": 2}), ("cancel", "anne"), (IN, "bea", 1, {"repas": 3})],
        {"capacity": {"": 3, "repas": 3}},
    ),
    "an offer ends at its end, whether or not a job came by": (
        [
            (IN, "anne", 1, {}),
            (IN, "bea", 1, {}),
            (IN, "chloe", 1, {}),
            ("cancel", "anne"),
            ("pause", DAY),
            ("confirm", "bea"),
            ("confirm", "chloe"),
        ],
        {"capacity": {"": 1}},
    ),
    "whoever leaves the line lacks nothing any more": (
        [(IN, "anne", 1, {}), (IN, "bea", 1, {}), ("cancel", "bea"), ("cancel", "anne")],
        {"capacity": {"": 1}},
    ),
    "less capacity evicts nobody": (
        [(IN, "anne", 1, {}), (IN, "bea", 1, {}), ("resize", "", 0), ("resize", "", 2)],
        {"capacity": {"": 2}},
    ),
    "the line is served in its order": (
        [
            (IN, "anne", 1, {}),
            (IN, "bea", 1, {}),
            ("pause", 2),
            (IN, "chloe", 1, {}),
            ("move", "chloe", "bea"),
            ("cancel", "anne"),
            ("cancel", "chloe"),
        ],
        {"capacity": {"": 1}},
    ),
}
MUTANTS = {
    newcomers_overtake: "a newcomer never overtakes, whoever stopped before the list was served",
    second_pool_keeps_its_seats: "a cancelling gives back the seats of every pool",
    offers_never_end: "an offer ends at its end, whether or not a job came by",
    lacking_is_forgotten: "whoever leaves the line lacks nothing any more",
    less_capacity_evicts: "less capacity evicts nobody",
    last_come_first_served: "the line is served in its order",
    nobody_is_marked: (
        "whoever waits for a workshop is not overtaken in the event once it lacks a place for them"
    ),
    letters_are_lost: "the line is served in its order",
}


@pytest.mark.parametrize("story", list(STORIES))
def test_lives_that_once_went_wrong(story: str) -> None:
    steps, settings = STORIES[story]
    assert walks.retell(steps, **settings) == ""


@pytest.mark.parametrize("mutant", list(MUTANTS))
def test_mutants_are_seen(mutant: Callable[[Put], None], monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch.setattr)
    steps, settings = STORIES[MUTANTS[mutant]]
    assert walks.retell(steps, **settings) != ""


def test_a_random_walk_sees_a_mutant_by_itself_and_is_told_with_its_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second_pool_keeps_its_seats(monkeypatch.setattr)
    with pytest.raises(AssertionError, match=r"seed 7, walk \d+: (.|\n)*sign_up"):
        walks.play(7, walks=20, rounds=40)
