"""Leases, lanes, budgets, letters that would lie: who sends what, when, how often."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask_mail import Mail as FlaskMail

from eventreg.mailing import delivery
from eventreg.mailing.delivery import claims
from eventreg.mailing.rules import LEASE, Outcome, Verdict
from eventreg.shared import clock
from eventreg.shared.db import db
from eventreg.shared.errors import Unavailable
from tests.mailing.fake_smtp import Script


def take(owner: str, batch: int = 50) -> list[int]:
    """Ids claimed by `owner` now."""
    claim = claims.take(owner=owner, batch=batch, now=None, budgets=False)
    return [owed.id for owed in claim.letters]


def test_without_a_server_letters_are_kept_and_count_as_sent(post: Any, now: datetime) -> None:
    outbox = post()
    key = outbox.owe()
    assert delivery.drain().sent == 1
    seen = outbox.row(key)
    assert (seen.state, seen.sent_at, seen.lease_until, seen.lease_owner) == (
        "sent",
        now,
        None,
        None,
    )
    assert delivery.drain().handled == 0


def test_sent_at_is_the_instant_of_the_delivery_on_the_running_clock(post: Any) -> None:
    outbox = post()
    before = clock.utc_now()
    key = outbox.owe()
    delivery.drain()
    sent_at = outbox.row(key).sent_at
    assert before - timedelta(seconds=2) < sent_at < clock.utc_now() + timedelta(seconds=2)
    assert outbox.row(key).due_at > before, "the lease of the claim"


def test_answers_to_a_person_overtake_announcements(post: Any, smtp: Any, now: datetime) -> None:
    script = Script()
    outbox = post(mail_server=smtp(script))
    for number in range(4):
        outbox.owe(f"liste{number}@example.org", lane=1)
    outbox.owe("vite@example.org", lane=0)
    delivery.drain(batch=2)
    assert script.copies[0][0] == "vite@example.org"
    assert len(script.copies) == 5


def test_a_confirmation_that_arrives_during_a_mass_mail_leaves_with_the_next_batch(
    post: Any, smtp: Any, now: datetime
) -> None:
    outbox = post()
    arrived: list[int] = []

    def answer(recipient: str) -> str:
        if recipient == "liste0@example.org":
            with outbox.app.app_context():
                arrived.append(outbox.owe("vite@example.org"))
                db.session.remove()
        return "250 ok"

    script = Script(body=answer)
    outbox = post(mail_server=smtp(script))
    for number in range(9):
        outbox.owe(f"liste{number}@example.org", lane=1)
    delivery.drain(batch=3)
    order = [recipient for recipient, _ in script.copies]
    assert order.index("vite@example.org") == 3, "it waited for the whole mass mail"


def test_what_is_claimed_belongs_to_one_worker_until_the_lease_ends(
    post: Any, now: datetime
) -> None:
    outbox = post()
    key = outbox.owe()
    assert take("one") == [key]
    assert take("two") == []
    with clock.frozen(now + LEASE - timedelta(milliseconds=1)):
        assert take("two") == []
    with clock.frozen(now + LEASE):
        assert take("two") == [key], "the first worker is gone: its letter is due again"
    seen = outbox.row(key)
    assert (seen.attempts, seen.lease_owner, seen.state) == (2, "two", "sending")


def test_a_worker_that_lost_its_lease_may_still_say_sent_but_nothing_else(
    post: Any, now: datetime
) -> None:
    outbox = post()
    key = outbox.owe()
    (owed,) = claims.take(owner="one", batch=1, now=None, budgets=False).letters
    with clock.frozen(now + LEASE):
        take("two")
        claims.note(owed, Outcome(Verdict.FAILED, "550"), owner="one", now=None, chance=0.5)
        assert outbox.row(key).state == "sending", "a stale worker failed somebody else's letter"
        claims.note(owed, Outcome(Verdict.SENT), owner="one", now=None, chance=0.5)
        assert outbox.row(key).state == "sent", "the server has it: true whoever says so"


def test_a_long_batch_keeps_its_lease_and_reads_the_registrations_again(
    post: Any,
    smtp: Any,
    now: datetime,
    make_event: Any,
    make_registration: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery.rules, "RENEW_AFTER", timedelta(0))
    gone = make_registration(make_event())
    outbox = post()

    def cancel_meanwhile(_recipient: str) -> str:
        with outbox.app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE registrations SET state = 'cancelled'")
        return "250 ok"

    script = Script(body=cancel_meanwhile)
    outbox = post(mail_server=smtp(script))
    first = outbox.owe("d@example.org", kind="closing_recap")
    late = outbox.owe(registration_id=gone.id)
    counts = delivery.drain()
    assert (counts.sent, counts.cancelled) == (1, 1)
    assert [outbox.row(key).state for key in (first, late)] == ["sent", "cancelled"]


def test_two_workers_at_once_send_each_letter_once(post: Any, smtp: Any, now: datetime) -> None:
    script = Script()
    outbox = post(mail_server=smtp(script))
    for number in range(60):
        outbox.owe(f"p{number}@example.org")
    start = threading.Barrier(2)
    sent: list[int] = []

    def work() -> None:
        with outbox.app.app_context():
            start.wait(10)
            sent.append(delivery.drain(batch=7).sent)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(sent) == 60
    copies = Counter(recipient for recipient, _ in script.copies)
    assert sorted(copies.values()) == [1] * 60


@pytest.mark.parametrize(
    ("kind", "state", "leaves"),
    [
        ("confirm_address", "unconfirmed", True),
        ("confirm_address", "confirmed", False),
        ("confirm_address", "cancelled", False),
        ("confirm_address", "expired", False),
        ("pending", "pending", True),
        ("pending", "rejected", False),
        ("confirmed", "confirmed", True),
        ("confirmed", "cancelled", False),
        ("accepted", "cancelled", False),
        ("cancelled", "cancelled", True),
        ("rejected", "rejected", True),
        ("already_registered", "cancelled", True),
    ],
)
def test_a_late_letter_does_not_lie(
    post: Any,
    now: datetime,
    make_event: Any,
    make_registration: Any,
    kind: str,
    state: str,
    *,
    leaves: bool,
) -> None:
    registration = make_registration(make_event(), state=state)
    outbox = post()
    key = outbox.owe(kind=kind, registration_id=registration.id)
    counts = delivery.drain()
    assert (counts.sent, counts.cancelled) == ((1, 0) if leaves else (0, 1))
    assert outbox.row(key).state == ("sent" if leaves else "cancelled")


def test_a_victim_gets_three_letters_an_hour_and_ten_a_day_and_none_is_lost(
    post: Any, now: datetime, make_event: Any, make_registration: Any
) -> None:
    outbox = post(rate_limits=True)
    people = [
        make_registration(make_event(f"e{n}"), state="unconfirmed", email="v@example.org")
        for n in range(14)
    ]
    for person in people:
        outbox.owe("v@example.org", kind="confirm_address", registration_id=person.id)
    outbox.owe("v@example.org", kind="confirmed")  # proven: not counted, not held back
    sent = []
    for hour in range(30):
        with clock.frozen(now + timedelta(hours=hour)):
            sent.append(delivery.drain().sent)
    assert sent[:4] == [4, 3, 3, 1]
    assert sent[4:24] == [0] * 20, "more than ten in a day"
    assert sum(sent) == 15, "postponed, never dropped"


def test_the_budget_holds_when_letters_come_one_by_one(post: Any, now: datetime) -> None:
    outbox = post(rate_limits=True)
    sent = []
    for minute in range(6):
        with clock.frozen(now + timedelta(minutes=minute)):
            outbox.owe("v@example.org", kind="already_registered", event_id=minute)
            outbox.owe(f"other{minute}@example.org", kind="already_registered")
            sent.append(delivery.drain().sent)
    assert sent == [2, 2, 2, 1, 1, 1]


def test_of_letters_that_say_the_same_only_the_newest_is_sent(post: Any, now: datetime) -> None:
    outbox = post(rate_limits=True)
    keys = [outbox.owe("v@example.org", kind="my_links") for _ in range(5)]
    counts = delivery.drain()
    assert (counts.sent, counts.cancelled, counts.postponed) == (1, 4, 0)
    assert [outbox.row(key).state for key in keys] == ["cancelled"] * 4 + ["sent"]


def test_limits_switched_off_hold_nothing_back(post: Any, now: datetime) -> None:
    outbox = post(rate_limits=False)
    for _ in range(12):
        outbox.owe("v@example.org", kind="already_registered")
    assert delivery.drain().sent == 12


def test_temporary_refusals_are_retried_for_72_hours_then_given_up(
    post: Any, smtp: Any, now: datetime
) -> None:
    outbox = post(mail_server=smtp(Script(rcpt="451 later")))
    key = outbox.owe()
    attempts, at = 0, now
    while outbox.row(key).state != "failed":
        with clock.frozen(at):
            delivery.drain()
        attempts += 1
        at = max(outbox.row(key).due_at, at + timedelta(hours=4))
    seen = outbox.row(key)
    assert seen.failed_at >= now + timedelta(hours=72)
    assert seen.attempts == attempts
    assert seen.last_error == "451 recipient"


def test_jobs_moved_in_time_find_what_is_due_then(post: Any, now: datetime) -> None:
    outbox = post()
    key = outbox.owe(now=now + timedelta(hours=1))
    assert delivery.drain().sent == 0
    assert delivery.drain(now=now + timedelta(hours=1)).sent == 1
    assert outbox.row(key).sent_at == now, "sent_at is when the server said 250"


def test_stopping_finishes_one_letter_and_gives_the_others_back(
    post: Any, smtp: Any, now: datetime
) -> None:
    script = Script()
    outbox = post(mail_server=smtp(script))
    keys = [outbox.owe() for _ in range(5)]
    counts = delivery.drain(stop=lambda: bool(script.copies))
    assert counts.sent == 1
    assert [outbox.row(key).state for key in keys] == ["sent"] + ["queued"] * 4
    assert [outbox.row(key).attempts for key in keys] == [1, 0, 0, 0, 0]
    assert delivery.drain().sent == 4, "due at once, not when a lease ends"


def test_no_connection_to_the_database_is_held_while_smtp_talks(
    post: Any, smtp: Any, now: datetime
) -> None:
    outbox = post()
    held: list[int] = []

    def look(_recipient: str) -> str:
        with outbox.app.app_context():
            held.append(db.engine.pool.checkedout())
        return "250 ok"

    outbox = post(mail_server=smtp(Script(body=look)))
    outbox.owe()
    outbox.owe()
    delivery.drain()
    assert held == [0, 0]


def test_an_outcome_that_cannot_be_noted_at_once_is_noted_a_moment_later(
    post: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, faults = claims.note, iter([True, True, False])

    def shaky(*args: Any, **options: Any) -> Verdict:
        if next(faults):
            raise Unavailable
        return note(*args, **options)

    monkeypatch.setattr(claims, "note", shaky)
    outbox = post()
    key = outbox.owe()
    assert delivery.drain().sent == 1
    assert outbox.row(key).state == "sent"


def test_a_worker_killed_after_the_server_said_yes_sends_one_recognisable_copy(
    post: Any, smtp: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script()
    outbox = post(mail_server=smtp(script))
    key = outbox.owe()

    class Killed(BaseException):
        pass

    def die(*_args: Any, **_options: Any) -> Verdict:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(claims, "note", die)
        with pytest.raises(Killed):
            delivery.drain()
    assert outbox.row(key).state == "sending"
    with clock.frozen(now + LEASE):
        assert delivery.drain().sent == 1
    assert len(script.copies) == 2
    assert len({content for _, content in script.copies}) == 1


def test_a_bug_in_sending_one_letter_does_not_stop_the_others(
    post: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = post()
    bad, good = outbox.owe("bad@example.org"), outbox.owe()
    as_bytes: Callable[..., bytes] = delivery.envelope.as_bytes

    def buggy(owed: Any, settings: Any) -> bytes:
        if owed.recipient == "bad@example.org":
            raise ZeroDivisionError
        return as_bytes(owed, settings)

    monkeypatch.setattr(delivery.envelope, "as_bytes", buggy)
    delivery.drain()
    assert (outbox.row(bad).state, outbox.row(good).state) == ("retrying", "sent")
    assert outbox.row(bad).last_error == "bug ZeroDivisionError"


def test_flask_mail_is_what_sends(post: Any, smtp: Any, now: datetime) -> None:
    outbox = post(mail_server=smtp(Script()))
    outbox.owe()
    with FlaskMail(outbox.app).record_messages() as recorded:
        delivery.drain()
    (message,) = recorded
    assert message.recipients == ["camille@example.org"]
    assert b"Message-ID: <" in message.as_bytes()
