"""Two acts of people at the same instant, and the mutants that these tests see."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from eventreg.events.models import Event
from eventreg.registration import services
from eventreg.registration.services import (
    Wishes,
    editing,
    handover,
    proposals,
)
from eventreg.registration.services.editing import IDENTITY, Edit
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import DomainError
from tests.registration.people import (
    answer_proposal,
    counts,
    offer,
    person,
    sign_up,
    well,
)

pytestmark = pytest.mark.usefixtures("now", "ctx")


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[str]:
    """Each in a thread and a transaction of its own, begun together: « done » or the refusal."""
    gate = Barrier(len(acts))

    def run(one: Callable[[], Any]) -> str:
        with app.app_context():
            gate.wait(10)
            try:
                with transaction():
                    one()
            except DomainError as refusal:
                return type(refusal).__name__
            return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(future.result(30) for future in [pool.submit(run, one) for one in acts])


def test_of_two_edits_at_the_same_instant_one_is_told_of_the_other(
    app: Flask, make_event: Callable[..., Event]
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    for round_ in range(5):
        db.session.rollback()
        seen = editing.mark(person("anne"))
        stored = {key: getattr(person("anne"), key) for key in IDENTITY}
        db.session.rollback()

        def write(
            key: str, round_: int = round_, stored: dict[str, str] = stored, seen: str = seen
        ) -> None:
            sent = Edit(stored | {key: f"{key} {round_}"}, seen)
            editing.modify(person("anne", lock=True), sent)

        assert at_once(app, lambda: write("phone"), lambda: write("job_title")) == [
            "ChangedMeanwhile",
            "done",
        ]
    well()


def test_two_who_move_crosswise_and_a_third_end_with_each_seat_once(
    app: Flask, workshops: Callable[..., Wishes]
) -> None:
    """Anne leaves A for B, Bea B for A, Chloe wants A: no deadlock, nobody loses a place."""
    sign_up("anne", workshops("a"))
    sign_up("bea", workshops("b"))
    sign_up("chloe", workshops())
    db.session.rollback()

    def write(name: str, key: str) -> None:
        row = person(name, lock=True)
        stored = {field: getattr(row, field) for field in IDENTITY}
        editing.modify(row, Edit(stored, editing.mark(row), workshops(key)))

    answers = at_once(
        app, lambda: write("anne", "b"), lambda: write("bea", "a"), lambda: write("chloe", "a")
    )
    assert answers == ["PoolsFull"] * 3  # each workshop stays full from one instant to the next
    assert counts() == {"": (3, 0), "a": (1, 0), "b": (1, 0)}
    well()


def test_of_two_presses_and_a_cancelling_one_place_has_one_person(
    app: Flask, workshops: Callable[..., Wishes]
) -> None:
    sign_up("anne", workshops("a"))
    proposal = offer()
    key, nonce = proposal.public_id, proposal.nonce
    db.session.rollback()

    def press() -> None:
        handover.accept(*proposals.held(key, nonce, "take"))

    answers = at_once(
        app, press, press, lambda: services.cancel(person("anne", lock=True), actor="registrant")
    )
    assert answers in (
        ["OfferEnded", "done", "done"],  # accepted, and nothing left to cancel
        ["NotPossible", "NotPossible", "done"],  # cancelled first
    )
    assert counts()["a"][0] == (1 if answers[0] == "OfferEnded" else 0)
    well()


def test_mutant_a_place_that_is_freed_between_two_people_is_seen(
    workshops: Callable[..., Wishes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "_pass_seats", lambda *_args: None)
    sign_up("anne", workshops("a"))
    answer_proposal(offer(), handover.accept)
    with pytest.raises(AssertionError):
        well()
