"""Public pages kept in the process: made once, checked once a second, exact at each deadline.

A view that may be shared calls `keep`. Its finished answer is then given to everybody: without
SQL for a second, then after one look at the version, and never past the instant at which the page
says something else. The pages are made without the visitor's cookies, so that none can leak.
"""

import gzip
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import brotli
from flask import Flask, request
from sqlalchemy.exc import SQLAlchemyError

from eventreg.shared import clock
from eventreg.shared.i18n import WsgiApp
from eventreg.shared.tokens import random_id

logger = logging.getLogger("eventreg.http")

CHECK_SECONDS = 1.0  # a change made by any process shows within a second
MAX_AGE = 1  # seconds; for caches in front of us and for the browser
SIZE_LIMIT = 16 * 1024 * 1024  # bytes of pages kept in one process
WAIT_SECONDS = 5.0  # for somebody else who is making the same page
ENVIRON_KEY = "eventreg.kept"
ID_KEY = "eventreg.request_id"  # of an answer that the application has just made and logged
PERSONAL = ("HTTP_COOKIE", "HTTP_AUTHORIZATION")
OWN_HEADERS = {"content-length", "cache-control", "etag", "vary", "x-request-id"}

Canonical = Callable[[str, str], str | None]
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Kept:
    """What a view said about its page."""

    version: object
    look_up: Callable[[], object]
    until: datetime | None
    rule: str


def keep(version: object, look_up: Callable[[], object], *, until: datetime | None) -> None:
    """The present page is the same for everybody while `look_up()` answers `version`.

    `look_up` runs in an application context and asks the database little. `until` (UTC) is the
    next instant at which the page changes by itself; read `version` before what is shown.
    """
    rule = request.url_rule.rule if request.url_rule else "-"
    request.environ[ENVIRON_KEY] = Kept(version, look_up, until, rule)


@dataclass
class Page:
    """A finished answer. `since` (UTC) and `checked` (monotonic) are read before it was made."""

    kept: Kept
    since: datetime
    checked: float
    headers: Headers
    body: bytes
    packed: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mark = hashlib.blake2b(self.body, digest_size=12).hexdigest()
        self.etag = f'W/"{mark}"'
        shared = [*self.headers, ("ETag", self.etag), ("Vary", "Accept-Encoding")]
        self.by_age = [
            [*shared, ("Cache-Control", f"public, max-age={age}, must-revalidate")]
            for age in range(MAX_AGE + 1)
        ]

    @property
    def size(self) -> int:
        return 2 * len(self.body)  # with its packed copies, roughly

    def true_at(self, now: datetime) -> bool:
        return self.since <= now and (self.kept.until is None or now < self.kept.until)

    def max_age(self, now: datetime) -> int:
        """Never past the next instant at which the page changes."""
        until = self.kept.until
        return MAX_AGE if until is None or until - now >= timedelta(seconds=MAX_AGE) else 0

    def packed_as(self, encoding: str) -> bytes:
        if encoding not in self.packed:
            self.packed[encoding] = (
                bytes(brotli.compress(self.body, quality=5))
                if encoding == "br"
                else gzip.compress(self.body, 6, mtime=0)
            )
        return self.packed[encoding]


@dataclass
class Passed:
    """An answer that is not kept: an error page, a redirection."""

    start: tuple[Any, ...]
    body: Iterable[bytes]

    def body_for(self, method: str) -> Iterable[bytes]:
        """The page was asked for with GET, whatever the visitor's method."""
        if method == "GET":
            return self.body
        if hasattr(self.body, "close"):
            self.body.close()
        return []


class PageCache:
    """In front of the application. `canonical(path, query)` answers the query that tells pages
    apart, or None for a path whose pages are never shared."""

    def __init__(self, app: Flask, canonical: Canonical) -> None:
        self.app = app
        self.inner: WsgiApp = app.wsgi_app
        self.canonical = canonical
        self.hosts = frozenset(app.config.get("TRUSTED_HOSTS") or ())
        self.interval = CHECK_SECONDS
        self.monotonic: Callable[[], float] = time.monotonic
        self._pages: OrderedDict[tuple[str, str, str], Page] = OrderedDict()
        self._size = 0
        self._guard = threading.Lock()
        self._makers = [threading.Lock() for _ in range(64)]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not self._ours(environ):
            return self.inner(environ, start_response)
        started = self.monotonic()
        path = environ.get("PATH_INFO", "")
        query = self.canonical(path, environ.get("QUERY_STRING", ""))
        if query is None:
            return self.inner(environ, start_response)
        key = (environ.get("eventreg.locale", ""), path, query)
        now = clock.utc_now()
        page = self._find(key)
        if page is None or not page.true_at(now) or started - page.checked >= self.interval:
            found = self._made(key, environ)
            if found is None:
                return self.inner(environ, start_response)
            if isinstance(found, Passed):
                start_response(*found.start)
                return found.body_for(environ["REQUEST_METHOD"])
            page = found
        return self._answer(page, environ, start_response, started)

    def clear(self) -> None:
        """Forgets every page."""
        with self._guard:
            self._pages.clear()
            self._size = 0

    def _ours(self, environ: dict[str, Any]) -> bool:
        """Anything doubtful goes to the application, which refuses foreign hosts in words."""
        host = environ.get("HTTP_HOST", "")
        name, colon, port = host.rpartition(":")
        return host in self.hosts or (bool(colon) and port.isdecimal() and name in self.hosts)

    def _find(self, key: tuple[str, str, str]) -> Page | None:
        with self._guard:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
        return page

    def _made(self, key: tuple[str, str, str], environ: dict[str, Any]) -> Page | Passed | None:
        """The page, checked or made anew; None when others take too long or no database answers."""
        maker = self._makers[hash(key) % len(self._makers)]
        if not maker.acquire(timeout=WAIT_SECONDS):
            return None
        try:
            page = self._find(key)
            if page is None or not page.true_at(clock.utc_now()):
                return self._make(key, environ)
            checked = self.monotonic()
            if checked - page.checked < self.interval:
                return page  # somebody checked it while we waited
            with self.app.app_context():
                version = page.kept.look_up()
            if version != page.kept.version:
                return self._make(key, environ)
            page.checked = checked
            return page
        except SQLAlchemyError:
            return None
        finally:
            maker.release()

    def _make(self, key: tuple[str, str, str], environ: dict[str, Any]) -> Page | Passed:
        checked, since = self.monotonic(), clock.utc_now()
        asked = {name: value for name, value in environ.items() if name not in PERSONAL}
        asked.update(REQUEST_METHOD="GET", QUERY_STRING=key[2])
        start: list[tuple[Any, ...]] = []
        result = self.inner(asked, lambda *given: start.append(given))
        kept = asked.get(ENVIRON_KEY)
        if kept is None or not start[0][0].startswith("200"):
            self._drop(key)
            return Passed(start[0], result)
        try:
            body = b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()
        environ[ID_KEY] = dict(start[0][1]).get("X-Request-Id")
        headers = [(name, value) for name, value in start[0][1] if name.lower() not in OWN_HEADERS]
        page = Page(kept=kept, since=since, checked=checked, headers=headers, body=body)
        self._store(key, page)
        return page

    def _store(self, key: tuple[str, str, str], page: Page) -> None:
        self._drop(key)
        with self._guard:
            self._pages[key] = page
            self._size += page.size
            while self._size > SIZE_LIMIT:
                _, oldest = self._pages.popitem(last=False)
                self._size -= oldest.size

    def _drop(self, key: tuple[str, str, str]) -> None:
        with self._guard:
            page = self._pages.pop(key, None)
            if page is not None:
                self._size -= page.size

    def _answer(
        self, page: Page, environ: dict[str, Any], start_response: Any, started: float
    ) -> list[bytes]:
        made = environ.get(ID_KEY)
        request_id = made or random_id(9)
        headers = page.by_age[page.max_age(clock.utc_now())].copy()
        headers.append(("X-Request-Id", request_id))
        wanted = environ.get("HTTP_IF_NONE_MATCH")
        if wanted and (page.etag in wanted or wanted.strip() == "*"):
            status, body = "304 NOT MODIFIED", b""
            headers = [pair for pair in headers if pair[0] != "Content-Type"]
        else:
            status, body = "200 OK", page.body
            encoding = accepted(environ.get("HTTP_ACCEPT_ENCODING", ""))
            if encoding:
                body = page.packed_as(encoding)
                headers.append(("Content-Encoding", encoding))
            headers.append(("Content-Length", str(len(body))))
        method = environ["REQUEST_METHOD"]
        if made is None:
            spent = round((self.monotonic() - started) * 1000)
            logger.info("%s %s %s %d ms %s", method, page.kept.rule, status[:3], spent, request_id)
        start_response(status, headers)
        return [body] if body and method == "GET" else []


@lru_cache(maxsize=64)
def accepted(header: str) -> str:
    """The packing to send for an Accept-Encoding header: br, gzip or none ("")."""
    refused: set[str] = set()
    named: set[str] = set()
    for part in header.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        (refused if weight and not weight.strip("0.") else named).add(name)
    return next((coding for coding in ("br", "gzip") if coding in named - refused), "")


def init_app(app: Flask, canonical: Canonical) -> PageCache:
    """Puts the cache in front of what `app` is by now; `app.extensions["pagecache"]` holds it."""
    cache = PageCache(app, canonical)
    app.extensions["pagecache"] = cache
    app.wsgi_app = cache  # type: ignore[method-assign]  # Flask's way to wrap
    return cache
