"""R38: whoever opens the links of our mail first, nothing changes; then the person's click works."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

from eventreg.registration.models import Registration
from eventreg.shared.db import db
from tests.browser import ARGUMENTS, path
from tests.reliability import letters, mutants, oracle
from tests.reliability.letters import act, all_links, links_to, write_every_kind
from tests.reliability.servers import Instance

pytestmark = pytest.mark.xdist_group("server")
SCANNERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks",
    "Barracuda Sentinel (EE)",
    "curl/8.0",
)


def _scan(app: Flask, url: str) -> list[int]:
    """HEAD, then three GETs as different machines, each following where it is led."""
    path = urlsplit(url).path
    seen = [letters.browser_of(app).head(path).status_code]
    for name in SCANNERS:
        answer = letters.browser_of(app).get(
            path, headers={"User-Agent": name}, follow_redirects=True
        )
        seen.append(answer.status_code)
    return seen


def _state_of(app: Flask, email: str) -> str:
    with app.app_context():
        db.session.rollback()
        query = select(Registration.state).where(Registration.email_key == email)
        found = db.session.execute(query).scalar_one()
        db.session.remove()
    return str(found)


def _scanned(app: Flask) -> list[str]:
    """What the scanners of one mail gateway changed."""
    links = all_links(app)
    before = oracle.dump(app)
    assert set(links) == letters.KINDS
    for url in sorted({url for urls in links.values() for url in urls}):
        assert set(_scan(app, url)) <= {200, 302, 303, 410}, url
    return oracle.changes(before, oracle.dump(app))


def test_a_scanner_that_opens_every_link_of_every_letter_changes_nothing(
    fresh: Callable[[], Flask],
) -> None:
    app = fresh()
    write_every_kind(app)
    assert _scanned(app) == []
    act(app, links_to(app, "waits@example.org", "confirm_address")[0], "confirmer")
    assert _state_of(app, "waits@example.org") == "confirmed"
    organiser = letters.browser_of(app)
    path = urlsplit(links_to(app, "org@example.org", "organiser_sign_in")[0]).path
    assert letters.press(organiser, path).status_code == 303
    assert organiser.get("/organisation/").status_code == 200


def test_mutant_m8_a_link_consumed_by_reading_it_is_seen(fresh: Callable[[], Flask]) -> None:
    app = fresh()
    write_every_kind(app)
    mutants.confirm_on_get(app)
    assert "registrations" in {change.partition(":")[0] for change in _scanned(app)}


# ---- a scanner with a browser, scripts running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = path()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


def _visit(browser: Browser, server: Instance, url: str, known: set[str]) -> None:
    """Opens a link with scripts, then follows every new link of the page it led to."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url, wait_until="load")
    page.mouse.wheel(0, 2_000)
    found = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    mine = {u.partition("#")[0] for u in found if u.startswith(server.base_url)}
    for link in mine - known:
        context.request.get(link)
    known.update(mine)
    context.close()


@pytest.mark.browser
def test_a_scanner_with_scripts_that_follows_every_link_changes_nothing(
    server: Instance, browser: Browser
) -> None:
    write_every_kind(server.app, "robot-")
    # One of each purpose in each kind of letter; test_a_scanner_that_opens_every_link takes all.
    purposes = {
        (kind, urlsplit(url).path.rpartition("/")[2][:2]): url
        for kind, urls in all_links(server.app, "robot-").items()
        for url in urls
    }
    links = set(purposes.values())
    assert {purpose for _kind, purpose in purposes} >= {"c.", "m."}
    before = oracle.dump(server.app)
    known: set[str] = set()
    for url in sorted(links):
        _visit(browser, server, url, known)
    assert oracle.changes(before, oracle.dump(server.app)) == []
    context = browser.new_context()
    page = context.new_page()
    page.goto(links_to(server.app, "robot-waits@example.org", "confirm_address")[0])
    page.locator("form[action$='/confirmer/'] button").click()
    page.wait_for_selector("main[data-state='confirmed']")
    context.close()
    assert _state_of(server.app, "robot-waits@example.org") == "confirmed"
    assert server.bugs() == []
