"""R39: forged hosts, forwarded headers and `next` targets lead nowhere."""

import asyncio
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask, request
from sqlalchemy import select

from eventreg.mailing.models import OutboxMessage
from eventreg.organisers import services as organisers
from eventreg.organisers.rules import Role
from eventreg.shared import clock, urls
from eventreg.shared.db import db, transaction
from tests.reliability import load
from tests.reliability.conftest import new_event
from tests.reliability.letters import browser_of, links_to, press
from tests.reliability.servers import Instance

pytestmark = pytest.mark.any_database  # hosts and headers never reach one

BASE = "https://evenements.example.gouv.fr"
EVIL = "evil.example"
FORGED_HOSTS = (
    EVIL,
    f"{EVIL}:443",
    f"evenements.example.gouv.fr.{EVIL}",
    f"evenements.example.gouv.fr@{EVIL}",
    f"{EVIL}#evenements.example.gouv.fr",
    f"{EVIL}/evenements.example.gouv.fr",
    f"evenements.example.gouv.fr, {EVIL}",
    f"{EVIL}, evenements.example.gouv.fr",
    "xevenements.example.gouv.fr",
    "example.gouv.fr",
    "www.evenements.example.gouv.fr",
    "127.0.0.1",
    "localhost",
    "[::1]",
    "0",
    "evenements.example.gouv.fr:abc",
    "evenements.example.gouv.fr:80:80",
    "evenements.example.gouv.fr%00",
    "evenements\u2024example.gouv.fr".encode().decode("latin-1"),
    " ",
)
FORGED_HEADERS = (
    {"X-Forwarded-Host": EVIL},
    {"X-Forwarded-Host": f"evenements.example.gouv.fr, {EVIL}"},
    {"X-Forwarded-Server": EVIL},
    {"X-Host": EVIL},
    {"X-Original-Host": EVIL},
    {"X-Forwarded-Port": "1337"},
    {"X-Forwarded-Proto": "http"},
    {"X-Forwarded-Prefix": f"//{EVIL}"},
    {"X-Original-URL": "/organisation/"},
    {"X-Rewrite-URL": "/organisation/"},
    {"Forwarded": f"host={EVIL};proto=http"},
    {"X-HTTP-Method-Override": "DELETE"},
)
_URL = re.compile(r"https?://[^\s\"'<>]+")


def _sign_up_as(app: Flask, number: int, headers: dict[str, str]) -> tuple[int, str]:
    """Signs up with forged headers and an honest page's cookie: status and Location."""
    browser, path = browser_of(app, cookies=False), "/agenda/journee/inscription/"
    page = browser.get(path)
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    data = {**load.hidden_fields(page.text), "given_name": "Dominique", "family_name": "Martin"}
    answer = browser.post(
        path,
        data={**data, "email": f"client{number}@example.org"},
        headers={"Cookie": cookie, **headers},
    )
    return answer.status_code, answer.headers.get("Location", "")


def _mailed(app: Flask) -> list[str]:
    """Every address written in a letter."""
    with app.app_context():
        rows = db.session.execute(select(OutboxMessage.text, OutboxMessage.html)).all()
        db.session.remove()
    return [url for row in rows for text in row for url in _URL.findall(text)]


@pytest.fixture
def behind(fresh: Callable[..., Flask]) -> Callable[..., Flask]:
    """An application on its public name, behind one proxy, with an event."""

    def build(**settings: object) -> Flask:
        app = fresh(base_url=BASE, **{"trusted_proxies": 1, **settings})
        new_event(app, "journee", capacity=100)
        return app

    return build


def _hosts_refused(app: Flask) -> dict[str, int]:
    """The forged hosts that got something else than « bad request »."""
    answers = {h: _sign_up_as(app, n, {"Host": h})[0] for n, h in enumerate(FORGED_HOSTS)}
    return {host: status for host, status in answers.items() if status != 400}


def test_a_forged_host_gets_nothing_and_causes_no_letter(behind: Callable[..., Flask]) -> None:
    app = behind()
    assert _hosts_refused(app) == {}
    assert _mailed(app) == []


def test_mutant_m11_hosts_that_are_not_checked_are_seen(behind: Callable[..., Flask]) -> None:
    app = behind()
    app.config["TRUSTED_HOSTS"] = None
    assert EVIL in _hosts_refused(app)


def _foreign(app: Flask) -> list[str]:
    """Signs up under each forged header: addresses, mailed or sent, that are not ours."""
    found = []
    for number, headers in enumerate(FORGED_HEADERS):
        status, location = _sign_up_as(app, number, headers)
        assert status == 303, (headers, status)
        found += [location] if not location.startswith("/agenda/") else []
    mailed = _mailed(app)
    assert len(mailed) >= len(FORGED_HEADERS)
    return found + [url for url in mailed if not url.startswith(f"{BASE}/")]


def test_forged_forwarded_headers_change_no_mailed_link(behind: Callable[..., Flask]) -> None:
    assert _foreign(behind()) == []
    assert len(FORGED_HOSTS) + len(FORGED_HEADERS) >= 30


def test_mutant_links_made_from_the_request_are_seen(
    behind: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_request(endpoint: str, locale: str, **values: object) -> str:
        host = request.headers.get("X-Forwarded-Host", request.host).split(", ")[-1]
        return f"https://{host}{urls.path(endpoint, locale, **values)}"

    monkeypatch.setattr(urls, "absolute", from_request)
    assert any(urlsplit(url).hostname == EVIL for url in _foreign(behind()))


@pytest.mark.xdist_group("server")
def test_an_absolute_address_in_the_request_line_is_refused_or_ignored(server: Instance) -> None:
    new_event(server.app, "absolue", capacity=10)
    path, own = "/agenda/absolue/inscription/", f"Host: 127.0.0.1:{server.port}"
    form = asyncio.run(server.target.form("absolue"))

    async def post(target: str, *headers: str) -> load.Answer:
        body = form.body("absolue@example.org")
        return await server.target.send(
            "POST", target, cookie=form.cookie, body=body, headers=headers
        )

    for target, *headers in (
        (f"http://{EVIL}{path}", own),
        (f"http://{EVIL}{path}", f"Host: {EVIL}"),
        (f"http://{EVIL}@127.0.0.1{path}", own),
        (path, own, f"Host: {EVIL}"),
        (f"//{EVIL}{path}", own),
    ):
        answer = asyncio.run(post(target, *headers))
        assert answer.status in {303, 308, 400, 404}, (target, headers, answer.status)
        assert EVIL not in answer.header("location")
    assert [url for url in _mailed(server.app) if EVIL in url] == []


# ---- next


PATHS = ("/", "/organisation/", "/organisation/evenements/x/?page=2", "/en/agenda/")
TARGETS = (
    *(f"{lead}{EVIL}" for lead in ("//", "///", "////", "/\\", "\\\\", "\\/", "/\\/", "/\t/")),
    *(f"{scheme}//{EVIL}" for scheme in ("http:", "https:", "HTTPS:", "ftp:", "ws:", "file:")),
    *(f"{c}//{EVIL}" for c in (" ", "\t", "\n", "\r", "\x00", "\x0b", "\u00a0", "\u2003")),
    *(f"/{c}/{EVIL}" for c in ("\t", "\n", "\r", "\x00", "\x0b", "\x7f")),
    *(f"/{c}{EVIL}" for c in ("\\", "\\\\", "\t\\", "%09/\t", " /")),
    f"https:{EVIL}",
    f"https:/{EVIL}",
    f"http:///{EVIL}",
    f"http:\\\\{EVIL}",
    f"//{EVIL}/organisation/",
    f"//organisation@{EVIL}/",
    f"https://evenements.example.gouv.fr@{EVIL}/",
    f"https://evenements.example.gouv.fr.{EVIL}/",
    f"{BASE}.{EVIL}/",
    f"{BASE}/",
    f"javascript:alert(1)//{EVIL}",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "mailto:x@evil.example",
    f"{EVIL}",
    f"{EVIL}/organisation/",
    f"?{EVIL}",
    f"#//{EVIL}",
    f".//{EVIL}",
    f"../..//{EVIL}",
    f"/organisation/\r\nLocation: //{EVIL}",
    f"/organisation/\nSet-Cookie: a=b//{EVIL}",
    "/" + "a" * 600,
    f"/\ufeff/{EVIL}",
    f"\ufeff//{EVIL}",
    f"//%65vil.example/{EVIL}",
    f"https:%2f%2f{EVIL}",
    "",
)


def _led_to(app: Flask, target: str) -> str:
    """Where an organiser lands who signs in by a link that was asked for with `next`; « / » when
    no link is sent at all."""
    asks = browser_of(app)
    page = asks.get("/organisation/connexion/", query_string={"next": target})
    assert page.status_code in {200, 400, 404}
    hidden = load.hidden_fields(asks.get("/organisation/connexion/").text)
    data = {**hidden, "email": "org@example.org", "next": target}
    asked = asks.post("/organisation/connexion/", data=data)
    if asked.status_code in {400, 404} and "\x00" in target:
        return "/"
    assert asked.status_code == 303, repr(target)
    link = urlsplit(links_to(app, "org@example.org", "organiser_sign_in")[0]).path
    answer = press(browser_of(app), link)
    assert answer.status_code == 303, answer.status_code
    return str(answer.headers["Location"])


def _off_site(app: Flask, targets: tuple[str, ...]) -> dict[str, str]:
    """Targets after which a browser is no longer on this site."""
    found = {}
    for target in targets:
        with app.app_context(), transaction():
            db.session.execute(db.metadata.tables["sign_in_links"].delete())  # the hourly budget
        location = _led_to(app, target)
        if not re.fullmatch(r"/(?![/\\])[!-~]*", location):
            found[target] = location
    return found


@pytest.fixture
def with_organiser(behind: Callable[..., Flask]) -> Flask:
    app = behind()
    with app.app_context(), transaction():
        organisers.create(
            "org@example.org",
            name="Nadia Roussel",
            role=Role("owner"),
            event_slug=None,
            now=clock.utc_now(),
        )
    return app


def test_no_next_target_leads_off_the_site(with_organiser: Flask) -> None:
    assert len(set(TARGETS)) >= 60
    assert _off_site(with_organiser, TARGETS) == {}


def test_an_honest_next_target_is_followed(with_organiser: Flask) -> None:
    with_organiser_lands = []
    for path in PATHS:
        with with_organiser.app_context(), transaction():
            db.session.execute(db.metadata.tables["sign_in_links"].delete())
        with_organiser_lands.append(_led_to(with_organiser, path))
    assert tuple(with_organiser_lands) == PATHS


def test_mutant_a_next_target_that_is_not_checked_is_seen(
    with_organiser: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urls, "safe_next", lambda target: target)
    monkeypatch.setattr("eventreg.organisers.organiser_routes.urls.safe_next", lambda t: t)
    assert f"//{EVIL}" in _off_site(with_organiser, (f"//{EVIL}",))


# ---- the client's address


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [(0, "10.0.0.9"), (1, "192.0.2.3"), (2, "192.0.2.2"), (3, "192.0.2.1"), (4, "10.0.0.9")],
)
def test_the_client_is_read_from_exactly_the_configured_number_of_proxies(
    fresh: Callable[..., Flask], proxies: int, expected: str
) -> None:
    app = fresh(base_url=BASE, trusted_proxies=proxies)
    seen = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(request.remote_addr))
    forwarded = {"X-Forwarded-For": "192.0.2.1, 192.0.2.2, 192.0.2.3"}
    browser_of(app).get(
        "/healthz", headers=forwarded, environ_overrides={"REMOTE_ADDR": "10.0.0.9"}
    )
    assert seen == [expected]
