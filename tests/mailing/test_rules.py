"""What an SMTP answer means, when to try again, whose budget is spent. Pure."""

from datetime import UTC, datetime, timedelta

import pytest

from eventreg.mailing.rules import Stage, Verdict, classify, gives_up, retry_at, room_at

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize("stage", [Stage.CONNECT, Stage.TLS, Stage.LOGIN])
@pytest.mark.parametrize("code", [None, 421, 454, 535, 550, 554])
def test_what_fails_before_a_letter_is_named_gives_up_nobody(
    stage: Stage, code: int | None
) -> None:
    outcome = classify(stage, code)
    assert (outcome.verdict, outcome.server_away) == (Verdict.RETRY, True)


@pytest.mark.parametrize(
    ("stage", "code", "verdict", "lost"),
    [
        (Stage.SENDER, 421, Verdict.RETRY, True),
        (Stage.SENDER, 550, Verdict.RETRY, False),
        (Stage.SENDER, 552, Verdict.FAILED, False),
        (Stage.RECIPIENT, None, Verdict.RETRY, True),
        (Stage.RECIPIENT, 421, Verdict.RETRY, True),
        (Stage.RECIPIENT, 450, Verdict.RETRY, False),
        (Stage.RECIPIENT, 499, Verdict.RETRY, False),
        (Stage.RECIPIENT, 500, Verdict.FAILED, False),
        (Stage.RECIPIENT, 599, Verdict.FAILED, False),
        (Stage.DATA, 432, Verdict.RETRY, False),
        (Stage.DATA, 554, Verdict.FAILED, False),
        (Stage.BUILD, None, Verdict.FAILED, False),
    ],
)
def test_an_answer_has_one_meaning(
    stage: Stage, code: int | None, verdict: Verdict, *, lost: bool
) -> None:
    outcome = classify(stage, code)
    assert (outcome.verdict, outcome.connection_lost) == (verdict, lost)
    assert not outcome.server_away


def test_retries_spread_by_a_fifth_and_slow_down_to_a_quarter_of_an_hour() -> None:
    waits = [(retry_at(attempts=n, now=NOW, chance=0.5) - NOW).total_seconds() for n in range(9)]
    assert waits == [5, 5, 15, 60, 120, 300, 600, 900, 900]
    assert retry_at(attempts=3, now=NOW, chance=0.0) == NOW + timedelta(seconds=48)
    assert retry_at(attempts=3, now=NOW, chance=1.0) == NOW + timedelta(seconds=72)


def test_a_letter_is_given_up_at_72_hours_and_not_a_second_before() -> None:
    made = NOW - timedelta(hours=72)
    assert not gives_up(created_at=made + timedelta(seconds=1), now=NOW)
    assert gives_up(created_at=made, now=NOW)


def test_a_budget_has_room_again_when_its_oldest_letter_leaves_the_window() -> None:
    minutes = [NOW - timedelta(minutes=m) for m in (10, 50, 30)]
    assert room_at(minutes[:2], now=NOW) is None
    assert room_at(minutes, now=NOW) == NOW + timedelta(minutes=10)
    assert room_at(minutes, now=NOW + timedelta(minutes=10)) is None
    hours = [NOW - timedelta(hours=h) for h in range(2, 12)]
    assert room_at(hours[:9], now=NOW) is None
    assert room_at(hours, now=NOW) == NOW + timedelta(hours=13)
    assert room_at([*minutes, *hours], now=NOW) is not None
