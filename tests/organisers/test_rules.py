"""Roles, and how long links and sessions live."""

from datetime import UTC, datetime, timedelta

import pytest

from eventreg.organisers import rules
from eventreg.organisers.rules import Account, Action, Role

AT = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def account(roles: dict[int | None, Role]) -> Account:
    return Account(
        id=7,
        name="Nadia Roussel",
        email="nadia@example.org",
        locale="fr",
        session_id=1,
        signed_in_at=AT,
        roles=roles,
    )


@pytest.mark.parametrize("action", list(Action))
def test_an_owner_may_do_everything(action: Action) -> None:
    assert rules.can(Role.OWNER, action)


def test_a_reader_only_looks() -> None:
    assert {a for a in Action if rules.can(Role.READER, a)} == {Action.ENTER, Action.LOOK}


def test_nobody_without_a_role_reaches_more_than_the_home_page() -> None:
    assert {a for a in Action if rules.can(None, a)} == {Action.ENTER}


@pytest.mark.parametrize(
    ("roles", "here", "elsewhere"),
    [
        ({}, None, None),
        ({3: Role.READER}, Role.READER, None),
        ({3: Role.OWNER}, Role.OWNER, None),
        ({None: Role.READER}, Role.READER, Role.READER),
        ({None: Role.READER, 3: Role.OWNER}, Role.OWNER, Role.READER),
        ({None: Role.OWNER, 3: Role.READER}, Role.OWNER, Role.OWNER),
    ],
)
def test_the_stronger_role_counts(
    roles: dict[int | None, Role], here: Role | None, elsewhere: Role | None
) -> None:
    assert account(roles).role_on(3) == here
    assert account(roles).role_on(4) == elsewhere


def test_an_account_lists_the_events_of_its_own_roles() -> None:
    assert account({5: Role.OWNER, 2: Role.READER}).event_ids == (2, 5)
    assert not account({5: Role.OWNER}).everywhere
    assert account({None: Role.READER}).everywhere
    assert account({}).actor == "organiser:7"


@pytest.mark.parametrize(
    ("seen", "now", "alive"),
    [
        (AT, AT + rules.IDLE - SECOND, True),
        (AT, AT + rules.IDLE, False),
        (AT + timedelta(hours=11), AT + rules.ABSOLUTE - SECOND, True),
        (AT + timedelta(hours=11), AT + rules.ABSOLUTE, False),
    ],
)
def test_a_session_ends_after_two_idle_hours_and_after_twelve(
    seen: datetime, now: datetime, alive: bool
) -> None:
    assert rules.is_alive(created_at=AT, seen_at=seen, ended_at=None, now=now) == alive


def test_an_ended_session_stays_ended() -> None:
    assert not rules.is_alive(created_at=AT, seen_at=AT, ended_at=AT, now=AT)


@pytest.mark.parametrize(
    ("now", "recent"), [(AT + rules.RECENT - SECOND, True), (AT + rules.RECENT, False)]
)
def test_a_sensitive_act_wants_a_recent_sign_in(now: datetime, recent: bool) -> None:
    assert rules.is_recent(AT, now=now) == recent


@pytest.mark.parametrize(
    ("hour", "day", "may"), [(0, 0, True), (2, 9, True), (3, 3, False), (0, 10, False)]
)
def test_an_address_gets_three_links_an_hour_and_ten_a_day(hour: int, day: int, may: bool) -> None:
    assert rules.may_mail(last_hour=hour, last_day=day) == may


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox, Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        ("curl/8.0", ""),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(agent: str, name: str) -> None:
    assert rules.browser_name(agent) == name
