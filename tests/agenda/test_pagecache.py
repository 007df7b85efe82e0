"""Pages kept in the process: no SQL for a second, never a wrong word, nothing personal."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from eventreg.agenda import routes
from eventreg.events.models import Event, Pool
from eventreg.shared import clock, pagecache
from eventreg.shared.db import db, transaction
from eventreg.shared.pagecache import PageCache, accepted

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
CLOSES = NOW + timedelta(hours=2)
PAGES = [
    "/agenda/journee/",
    "/en/agenda/journee/",
    "/agenda/",
    "/agenda/journee.ics",
    "/agenda.ics",
]
MakeEvent = Callable[..., Event]


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(app: Flask) -> Iterator[Watch]:
    cache: PageCache = app.extensions["pagecache"]
    cache.clear()
    before, cache.monotonic = cache.monotonic, Watch()
    interval, cache.interval = cache.interval, pagecache.CHECK_SECONDS
    yield cache.monotonic
    cache.monotonic, cache.interval = before, interval


@pytest.fixture
def event(make_event: MakeEvent) -> Iterator[Event]:
    with clock.frozen(NOW):
        yield make_event("journee", starts_at=NOW + timedelta(days=9), closes_at=CLOSES, capacity=9)


@pytest.mark.parametrize("path", PAGES)
def test_a_repeated_view_within_a_second_asks_the_database_nothing(
    client: FlaskClient, event: Event, watch: Watch, count_queries: Callable[[], Any], path: str
) -> None:
    first = client.get(path)
    watch.now += 0.999
    with count_queries() as asked:
        again = client.get(path)
    assert (asked, again.data, again.status_code) == ([], first.data, 200)


def test_after_a_second_one_statement_tells_that_nothing_changed(
    client: FlaskClient, event: Event, watch: Watch, count_queries: Callable[[], Any]
) -> None:
    first = client.get("/agenda/journee/")
    watch.now += 1
    with count_queries() as asked:
        again = client.get("/agenda/journee/")
    assert len([s for s in asked if s.startswith("SELECT")]) == 1
    assert again.data == first.data


@pytest.mark.parametrize("path", ["/agenda/journee/", "/en/agenda/journee/", "/agenda/"])
def test_a_change_by_anybody_shows_within_a_second(
    client: FlaskClient, event: Event, watch: Watch, path: str
) -> None:
    client.get(path)
    with db.engine.begin() as elsewhere:  # as another process would
        elsewhere.execute(update(Event).values(title="Autre titre", version=Event.version + 1))
    watch.now += 0.5
    kept = client.get(path).text
    watch.now += 0.5
    assert ("Autre titre" in kept, "Autre titre" in client.get(path).text) == (False, True)


def test_a_seat_taken_elsewhere_shows_within_a_second(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    client.get("/agenda/journee/")
    with db.engine.begin() as elsewhere:
        elsewhere.execute(update(Pool).values(taken=9))
    watch.now += 1
    assert 'data-signups="full"' in client.get("/agenda/journee/").text


def test_seats_that_are_not_counted_do_not_make_the_page_anew(
    app: Flask, client: FlaskClient, make_event: MakeEvent, watch: Watch
) -> None:
    with clock.frozen(NOW):
        make_event("journee", starts_at=CLOSES)
        client.get("/agenda/journee/")
        with db.engine.begin() as elsewhere:
            elsewhere.execute(update(Pool).values(taken=500))
        watch.now += 1
        made: list[int] = []
        app.before_request_funcs.setdefault("agenda", []).append(lambda: made.append(1))
        client.get("/agenda/journee/")
        app.before_request_funcs["agenda"].pop()
    assert made == []


def test_no_cache_says_open_on_the_closing_instant(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    with clock.frozen(CLOSES - timedelta(microseconds=1)):
        before = client.get("/agenda/journee/")
        card = client.get("/agenda/").text
    with clock.frozen(CLOSES):
        after = client.get("/agenda/journee/")
        card_after = client.get("/agenda/").text
    assert ['data-signups="open"' in page.text for page in (before, after)] == [True, False]
    assert before.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert ["Inscriptions closes" in card, "Inscriptions closes" in card_after] == [False, True]


def test_an_instant_moved_back_is_not_answered_from_the_future(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    with clock.frozen(CLOSES):
        client.get("/agenda/journee/")
    assert 'data-signups="open"' in client.get("/agenda/journee/").text


@pytest.mark.parametrize("path", PAGES)
def test_an_unchanged_page_is_answered_304_without_a_body(
    client: FlaskClient, event: Event, watch: Watch, count_queries: Callable[[], Any], path: str
) -> None:
    first = client.get(path)
    with count_queries() as asked:
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, asked) == (304, b"", [])
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("path", PAGES)
def test_public_pages_touch_no_session(
    client: FlaskClient, event: Event, watch: Watch, path: str
) -> None:
    client.set_cookie("session", "eyJ4IjoxfQ.aaaaaa.bbbbbb")
    for response in (client.get(path), client.get(path)):
        assert "Set-Cookie" not in response.headers
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["Cache-Control"] == "public, max-age=1, must-revalidate"


def test_a_kept_page_has_the_security_headers_of_a_made_one(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    made, kept = client.get("/agenda/journee/"), client.get("/agenda/journee/")
    same = dict(made.headers), dict(kept.headers)
    identifiers = [headers.pop("X-Request-Id") for headers in same]
    other = client.get("/aide/")
    security = {
        name
        for name, _value in other.headers
        if name.startswith(("Content-Security", "X-Content", "Referrer", "Permissions", "Cross-"))
    }
    assert same[0] == same[1]
    assert len(security) == 6
    assert {n: kept.headers[n] for n in security} == {n: other.headers[n] for n in security}
    assert len(set(identifiers)) == 2


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:80@evil", ""]
)
def test_a_foreign_host_is_refused_though_the_page_is_kept(
    client: FlaskClient, event: Event, watch: Watch, host: str
) -> None:
    assert client.get("/agenda/journee/").status_code == 200
    refused = client.get("/agenda/journee/", headers={"Host": host})
    assert refused.status_code in ({400} if host else {200, 400})
    assert b"evil" not in refused.data


def test_a_visitor_on_a_port_of_this_machine_gets_the_page(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    assert client.get("/agenda/journee/", headers={"Host": "localhost:8000"}).status_code == 200


def test_campaign_links_share_the_page_and_leave_nothing_in_it(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    marked = client.get("/agenda/journee/?utm_source=%22%3Elettre")
    assert marked.data == client.get("/agenda/journee/").data
    assert b"lettre" not in client.get("/agenda/?utm_source=lettre&q=").data


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", ""),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("GZIP;q=1.0", "gzip"),
        ("identity, *;q=0", ""),
    ],
)
def test_the_packing_asked_for_is_understood(header: str, coding: str) -> None:
    assert accepted(header) == coding


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_pages_travel_packed(client: FlaskClient, event: Event, watch: Watch, coding: str) -> None:
    plain = client.get("/agenda/journee/")
    packed = client.get("/agenda/journee/", headers={"Accept-Encoding": coding})
    assert packed.headers["Content-Encoding"] == coding
    assert len(packed.data) == int(packed.headers["Content-Length"])
    assert len(packed.data) < len(plain.data) / 2


def test_a_head_request_has_the_headers_and_no_body(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    page, head = client.get("/agenda/journee/"), client.head("/agenda/journee/")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == page.headers["Content-Length"]


def test_a_head_request_for_nothing_has_no_body_either(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    missing = client.head("/agenda/rien/")
    assert (missing.status_code, missing.data) == (404, b"")


def test_the_pages_kept_are_bounded_and_the_oldest_leave(
    app: Flask, client: FlaskClient, event: Event, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache: PageCache = app.extensions["pagecache"]
    size = 2 * len(client.get("/agenda/").data)
    monkeypatch.setattr(pagecache, "SIZE_LIMIT", 4 * size)
    for number in range(30):
        client.get(f"/agenda/?q=mot{number}")
    assert cache._size <= 4 * size
    assert sum(page.size for page in cache._pages.values()) == cache._size


def test_what_is_refused_is_not_kept(
    app: Flask, client: FlaskClient, event: Event, watch: Watch
) -> None:
    answers = [client.get("/agenda/rien/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store"] * 2
    assert [key for key in app.extensions["pagecache"]._pages if "rien" in key[1]] == []


def test_a_withdrawn_event_leaves_within_a_second(
    client: FlaskClient, event: Event, watch: Watch
) -> None:
    client.get("/agenda/journee/")
    with transaction():
        db.session.execute(update(Event).values(state="draft"))
    watch.now += 1
    assert client.get("/agenda/journee/").status_code == 404


def test_a_database_that_went_away_is_said_with_503_not_500(
    client: FlaskClient, event: Event, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/agenda/journee/")

    def gone(_slug: str) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(routes.signups, "signup_facts", gone)
    watch.now += 1
    assert client.get("/agenda/journee/").status_code == 503
