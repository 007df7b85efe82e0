"""R41: reading changes nothing, writing needs the page's own token, every answer has its headers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from eventreg import factory
from eventreg.events import services as events
from eventreg.files import services as files
from eventreg.mailing import queries as outbox
from eventreg.mailing.delivery import reading
from eventreg.organisers import services as organisers
from eventreg.organisers.rules import Role
from eventreg.questionnaire import services as forms
from eventreg.shared import clock
from eventreg.shared.access import UndeclaredAccess
from eventreg.shared.db import db, transaction
from tests.questionnaire.samples import CHAIN
from tests.reliability import letters, load, mutants, oracle
from tests.reliability.letters import browser_of, links_to

BASE = "https://evenements.example.gouv.fr"
_OPTIONS = re.compile(r"<any\(([^)]*)\):(\w+)>")
_RULE_PART = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


@dataclass
class Site:
    """An application with something in every table, and one browser for each role."""

    app: Flask
    values: dict[str, list[str]]
    browsers: dict[str, FlaskClient] = field(default_factory=dict)

    def paths(self, rule: Rule) -> Iterator[str]:
        """The rule with real values, then with each other value of each part in their midst.

        A new kind of part must be named here.
        """
        options = {name: choices.split(",") for choices, name in _OPTIONS.findall(rule.rule)}
        names = _RULE_PART.findall(rule.rule)
        own = {**self.values, **self.values_of(rule.endpoint), **options}
        real = {name: own[name][0] for name in names}
        others = [real | {name: value} for name in names for value in own[name][1:]]
        for chosen in (real, *others):
            yield _RULE_PART.sub(lambda part: chosen[part[1]], rule.rule)  # noqa: B023

    def values_of(self, endpoint: str) -> dict[str, list[str]]:
        if endpoint == "organisers.enter":
            return {"token": self.values["code"]}
        if endpoint == "sharing.file":
            return {"public_id": [self.values["file"][0], "unknown"]}
        if endpoint.startswith("backoffice.form_"):
            return {"slug": self.values["slug"][:1], "key": ["presence"]}
        return {"slug": self.values["slug"][:1]} if endpoint == "registration.received" else {}

    def rules(self, *methods: str) -> list[Rule]:
        return [r for r in self.app.url_map.iter_rules() if (r.methods or set()) & set(methods)]


def _organiser(app: Flask) -> tuple[FlaskClient, str]:
    """A signed-in owner of everything, and a code that nobody has used."""
    with app.app_context():
        with transaction():
            organisers.create(
                "org@example.org",
                name="Nadia Roussel",
                role=Role("owner"),
                event_slug=None,
                now=clock.utc_now(),
            )
            codes = [
                organisers.link("org@example.org", life=organisers.LINK_LIFE, now=clock.utc_now())[
                    1
                ]
                for _ in range(2)
            ]
        db.session.remove()
    browser = browser_of(app)
    answer = letters.press(browser, f"/organisation/connexion/{codes[0]}")
    assert answer.status_code == 303
    return browser, codes[1]


def _site(app: Flask) -> Site:
    letters.write_every_kind(app, "x-")
    organiser, code = _organiser(app)
    link = links_to(app, "x-waits@example.org", "confirm_address")[0]
    registrant, own = letters.open_link(app, link)
    confirm = urlsplit(link).path.rpartition("/")[2]
    with app.app_context():
        receipt = db.session.execute(db.metadata.tables["receipts"].select()).first()
        keys = [str(row.id) for row in outbox.listed()]
        pieces = reading.shown(int(keys[-1]), app.extensions["settings"])
        with transaction():
            event = events.locked("x-lettres")
            paper = files.store(
                b"%PDF-1.7\n%%EOF\n", name="plan.pdf", purpose="document", event_id=event.id
            )
            form = forms.read({"questions": CHAIN["questions"]}, zone="Europe/Paris")
            forms.apply(event, form, actor="operator", now=clock.utc_now())
            paper_id = paper.public_id
        db.session.remove()
    assert receipt is not None
    assert pieces is not None
    return Site(
        app,
        {
            "slug": ["x-lettres", "x-examen", "x-finie"],
            "public_id": [own.strip("/").rpartition("/")[2], "unknown"],
            "receipt": [receipt.receipt, "unknown"],
            "token": [confirm, "unknown"],
            "code": [code, "unknown"],
            "key": ["1", *keys],
            "number": ["0", "7"],
            "file": [paper_id],
            "name": ["plan.pdf"],
            "policy_id": ["1"],
            "domain": ["example.org"],
        },
        {"anonymous": browser_of(app), "registrant": registrant, "organiser": organiser},
    )


@pytest.fixture
def site(fresh: Callable[..., Flask]) -> Site:
    return _site(fresh(base_url=BASE))


@pytest.fixture
def faulty_site(fresh: Callable[..., Flask]) -> Site:
    """The same, with two more routes that fail."""
    app = fresh(base_url=BASE)
    _faulty(app)
    return _site(app)


def _crawled(site: Site, *endpoints: str) -> list[str]:
    """What changed after everything was read as each role, in both languages; no 5xx on the way."""
    before = oracle.dump(site.app)
    statuses: dict[str, set[int]] = {}
    for role, browser in site.browsers.items():
        rules = [r for r in site.rules("GET") if not endpoints or r.endpoint in endpoints]
        for rule in rules:
            first = next(site.paths(rule))
            for path in site.paths(rule):
                ways = (("GET", path), ("HEAD", path), ("GET", f"/en{path}"))
                for method, read in ways if path == first else ways[:1]:
                    answer = browser.open(read, method=method)
                    statuses.setdefault(role, set()).add(answer.status_code)
                    assert answer.status_code < 500, f"{role} {method} {read}"
    assert 200 in statuses["registrant"]
    return oracle.changes(before, oracle.dump(site.app))


def test_reading_every_page_as_every_role_changes_nothing(site: Site) -> None:
    assert _crawled(site) == []


@pytest.mark.any_database
def test_mutant_m8_a_page_that_writes_when_it_is_read_is_seen(site: Site) -> None:
    mutants.confirm_on_get(site.app)
    assert "registrations" in {
        change.partition(":")[0] for change in _crawled(site, "registration.own")
    }


# ---- forgery


def _posts(site: Site) -> Iterator[tuple[str, str]]:
    """(role, path) of every route that writes."""
    for role in site.browsers:
        for rule in site.rules("POST", "PUT", "PATCH", "DELETE"):
            for path in site.paths(rule):
                yield role, path


FORGERIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "no token": lambda _own: {},
    "somebody else's token": lambda _own: {"data": {"csrf_token": "FOREIGN"}},
    "an altered token": lambda own: {"data": {"csrf_token": own[:-9] + own[-9:].swapcase()}},
    "another site's form": lambda own: {
        "data": {"csrf_token": own},
        "headers": {"Sec-Fetch-Site": "cross-site"},
    },
}


def _token(browser: FlaskClient, path: str = "/mes-inscriptions/") -> str:
    return load.hidden_fields(browser.get(path).text)["csrf_token"]


def _taken(site: Site, forgery: str) -> list[str]:
    """Forged posts that were not refused, and what they changed."""
    own = {role: _token(browser) for role, browser in site.browsers.items()}
    foreign = _token(browser_of(site.app))
    before = oracle.dump(site.app)
    found = []
    for role, path in _posts(site):
        options = FORGERIES[forgery](own[role])
        if options.get("data", {}).get("csrf_token") == "FOREIGN":
            options["data"]["csrf_token"] = foreign
        answer = site.browsers[role].post(path, **options)
        if answer.status_code not in {400, 403}:
            found.append(f"{role} {path}: {answer.status_code}")
    return found + oracle.changes(before, oracle.dump(site.app))


def test_every_forged_post_is_refused_and_changes_nothing(site: Site) -> None:
    taken = {forgery: _taken(site, forgery) for forgery in FORGERIES}
    assert taken == {forgery: [] for forgery in FORGERIES}


@pytest.mark.any_database
def test_mutant_a_route_that_forgets_its_token_is_seen(site: Site) -> None:
    csrf = site.app.extensions["csrf"]
    view = site.app.view_functions["registration.cancel"]
    csrf.exempt(view)
    try:
        assert any("/annuler/: 303" in found for found in _taken(site, "no token"))
    finally:
        csrf._exempt_views.discard(f"{view.__module__}.{view.__name__}")


@pytest.mark.any_database
def test_mutant_a_cross_site_form_that_is_not_told_apart_is_seen(site: Site) -> None:
    hooks = site.app.before_request_funcs[None]
    hooks[:] = [hook for hook in hooks if hook.__name__ != "_begin"]
    assert _taken(site, "another site's form") != []


# ---- headers


ANSWERS: dict[str, tuple[str, dict[str, Any], int]] = {
    "a page that is kept": ("/agenda/", {}, 200),
    "a kept page, again": ("/agenda/", {}, 200),
    "a form": ("/agenda/x-lettres/inscription/", {}, 200),
    "a redirection": ("/organisation/", {}, 303),
    "a missing slash": ("/agenda", {}, 308),
    "not found": ("/nulle-part", {}, 404),
    "wrong method": ("/agenda/", {"method": "POST"}, 405),
    "wrong method on health": ("/healthz", {"method": "DELETE"}, 405),
    "unknown method": ("/healthz", {"method": "TRACE"}, 405),
    "no token": ("/mes-inscriptions/", {"method": "POST"}, 400),
    "cross site": (
        "/healthz",
        {"method": "POST", "headers": {"Sec-Fetch-Site": "cross-site"}},
        403,
    ),
    "too large": (
        "/mes-inscriptions/",
        {"method": "POST", "data": b"x" * 3_000_000, "content_type": "text/plain"},
        413,
    ),
    "health": ("/healthz", {}, 200),
    "ready": ("/readyz", {}, 200),
    "an old link": ("/inscriptions/lien/c.old", {}, 410),
    "the feed": ("/agenda.ics", {}, 200),
    "the other language": ("/en/agenda/", {}, 200),
    "a bug": ("/bug", {}, 500),
    "busy": ("/busy", {}, 503),
}
TOKEN_PAGES = {"an old link"}
MAY_BE_KEPT = {"a page that is kept", "a kept page, again", "the feed", "the other language"}


def _faulty(app: Flask) -> None:
    """Two routes that fail, to see how failures look."""

    def bug() -> str:
        raise ZeroDivisionError

    def busy() -> str:
        raise factory.http.Unavailable

    for view in (bug, busy):
        view.__dict__["access_rule"] = ("public", None)
        app.add_url_rule(f"/{view.__name__}", view.__name__, view)
    app.config["PROPAGATE_BUGS"] = False


def _wrong_headers(name: str, answer: Any) -> list[str]:
    """What security.md asks of an answer and is not there."""
    headers, wrong = answer.headers, []
    policy = headers.get("Content-Security-Policy", "")
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer" if name in TOKEN_PAGES else "same-origin",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    wrong += [f"{h}: {headers.get(h)}" for h, value in wanted.items() if headers.get(h) != value]
    for directive in ("object-src", "base-uri", "frame-ancestors"):
        if f"{directive} 'none'" not in policy:
            wrong.append(f"policy without {directive}")
    if "unsafe" in policy or "*" in policy or "default-src 'none'" not in policy:
        wrong.append(f"policy {policy}")
    cached = headers.get("Cache-Control", "")
    if name in MAY_BE_KEPT:
        wrong += ["a cookie on a shared page"] if "Set-Cookie" in headers else []
    elif "no-store" not in cached:
        wrong.append(f"Cache-Control {cached}")
    for cookie in headers.getlist("Set-Cookie"):
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        if (
            not cookie.startswith("__Host-")
            or not {
                "secure",
                "httponly",
                "samesite=lax",
                "path=/",
            }
            <= parts
        ):
            wrong.append(cookie.partition("=")[0])
        wrong += ["a domain cookie"] if any(p.startswith("domain") for p in parts) else []
    return wrong


def _answers(site: Site) -> dict[str, list[str]]:
    found = {}
    for name, (path, options, status) in ANSWERS.items():
        answer = browser_of(site.app).open(path, **options)
        wrong = _wrong_headers(name, answer)
        wrong += [f"status {answer.status_code}"] if answer.status_code != status else []
        if wrong:
            found[name] = wrong
    return found


@pytest.mark.any_database
def test_every_kind_of_answer_has_the_headers_that_protect_it(faulty_site: Site) -> None:
    assert _answers(faulty_site) == {}


@pytest.mark.any_database
def test_mutant_answers_without_their_headers_are_seen(faulty_site: Site) -> None:
    hooks = faulty_site.app.after_request_funcs[None]
    hooks[:] = [hook for hook in hooks if hook.__name__ != "_finish"]
    assert set(_answers(faulty_site)) == set(ANSWERS)


def test_a_busy_service_says_when_to_come_back(faulty_site: Site) -> None:
    answer = browser_of(faulty_site.app).get("/busy")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.any_database
def test_files_are_served_as_what_they_are_and_never_with_a_cookie(site: Site) -> None:
    page = browser_of(site.app).get("/agenda/").text
    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"#?]+)', page)))
    assert files
    for path in files:
        answer = browser_of(site.app).get(path)
        answer.close()
        assert answer.status_code == 200, path
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", path
        assert "Set-Cookie" not in answer.headers, path


def _cookies(site: Site) -> list[str]:
    """Every Set-Cookie of: a form, a mailed link, a sign-in, a sign-out, a draft that was kept."""
    made = []
    browser = browser_of(site.app)
    made += browser.get("/agenda/x-lettres/inscription/").headers.getlist("Set-Cookie")
    path = f"/inscriptions/lien/{site.values['token'][0]}"
    made += browser.get(path).headers.getlist("Set-Cookie")
    entered = letters.press(browser, f"/organisation/connexion/{site.values['code'][0]}")
    made += entered.headers.getlist("Set-Cookie")
    token = {"csrf_token": _token(browser)}
    made += browser.post("/organisation/deconnexion/", data=token).headers.getlist("Set-Cookie")
    draft = {**token, "title": "Une journée"}
    made += browser.post("/organisation/evenements/nouveau/", data=draft).headers.getlist(
        "Set-Cookie"
    )
    return made


@pytest.mark.any_database
def test_every_cookie_is_bound_to_this_host_secure_and_out_of_reach_of_scripts(site: Site) -> None:
    cookies = _cookies(site)
    names = {cookie.partition("=")[0] for cookie in cookies}
    assert names == {
        "__Host-session",
        "__Host-inscription",
        "__Host-organisation",
        "__Host-brouillon",
    }
    for cookie in cookies:
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts, cookie
        assert not any(part.startswith("domain") for part in parts), cookie


def test_mutant_m12_a_route_without_an_access_rule_stops_the_start(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Blueprint("silent", __name__)
    silent.add_url_rule("/silent", "page", lambda: "x")
    monkeypatch.setattr(factory, "BLUEPRINTS", (*factory.BLUEPRINTS, silent))
    with pytest.raises(UndeclaredAccess, match=r"silent\.page"):
        make_app()
