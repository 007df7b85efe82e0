"""What is owed: written once, with the fact that caused it, for the right mailbox."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from eventreg.mailing import services
from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.services import Mail
from eventreg.shared import bell
from eventreg.shared.addresses import InvalidAddress
from eventreg.shared.db import db, transaction

LETTER: dict[str, Any] = {
    "kind": "confirmed",
    "to": "camille@example.org",
    "locale": "fr",
    "subject": "Bonjour",
    "text": "Bonjour",
    "html": "<p>Bonjour</p>",
}


def count() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count(OutboxMessage.id))).scalar_one())


def test_a_letter_goes_to_the_canonical_address_with_its_identity_fixed(
    post: Any, now: datetime
) -> None:
    outbox = post()
    key, other = outbox.owe(" Camille.MARTIN@Éxample.ORG "), outbox.owe("autre@example.org")
    seen = outbox.row(key)
    assert seen.recipient == "camille.martin@xn--xample-9ua.org"
    assert seen.message_id.startswith("<")
    assert seen.message_id.endswith("@eventreg.localhost.example>")
    assert (seen.state, seen.attempts, seen.lane) == ("queued", 0, 0)
    assert seen.dated_at == seen.created_at == seen.due_at == now
    assert seen.recipient not in seen.recipient_key
    assert len({outbox.row(k).message_id for k in (key, other)}) == 2


def test_the_same_person_has_one_recipient_key_whatever_is_typed(post: Any, now: datetime) -> None:
    outbox = post()
    keys = [outbox.owe(to) for to in ("a@example.org", "A@EXAMPLE.org", "b@example.org")]
    one, same, other = (outbox.row(key).recipient_key for key in keys)
    assert one == same != other


def test_a_dedupe_key_owes_one_letter_however_often_it_is_asked(post: Any, now: datetime) -> None:
    post()
    with transaction():
        first = services.queue(Mail(**LETTER, dedupe_key="recap:1"), now=now)
        again = services.queue(Mail(**LETTER, dedupe_key="recap:1"), now=now)
        other = services.queue(Mail(**LETTER, dedupe_key="recap:2"), now=now)
    with transaction():
        later = services.queue(Mail(**LETTER, dedupe_key="recap:1"), now=now)
    assert (again, later) == (None, None)
    assert first != other
    assert count() == 2


def test_a_change_that_is_rolled_back_owes_nothing_and_rings_nobody(
    post: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    post()
    rings: list[int] = []
    monkeypatch.setattr(bell, "ring", lambda: rings.append(count()))

    def change() -> None:
        with transaction():
            services.queue(Mail(**LETTER), now=now)
            raise LookupError("the seat was gone")

    with pytest.raises(LookupError):
        change()
    assert (count(), rings) == (0, [])


def test_the_bell_rings_once_and_only_after_the_commit(
    post: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    post()
    rings: list[int] = []
    monkeypatch.setattr(bell, "ring", lambda: rings.append(count()))
    with transaction():
        services.queue(Mail(**LETTER), now=now)
        services.queue(Mail(**LETTER), now=now)
        assert rings == []
    assert rings == [2], "rung twice, or before the rows could be seen"


def test_a_letter_costs_one_statement(post: Any, now: datetime, count_queries: Any) -> None:
    post()
    with transaction(), count_queries() as seen:
        services.queue(Mail(**LETTER), now=now)
    assert len(seen) == 1


def test_an_address_that_is_none_is_refused_before_anything_is_written(
    post: Any, now: datetime
) -> None:
    post()
    for to in ("nobody", "a@b", "a@example.org\r\nBcc: b@example.org", "a@example.org, b@c.fr"):
        with pytest.raises(InvalidAddress), transaction():
            services.queue(Mail(**{**LETTER, "to": to}), now=now)
    assert count() == 0


def test_dates_of_the_row_survive_the_database(post: Any, now: datetime) -> None:
    outbox = post()
    key = outbox.owe(now=now + timedelta(microseconds=7))
    assert outbox.row(key).dated_at == now + timedelta(microseconds=7)
