"""Fixtures of the journeys: one instance for the run, one Chromium for each file of tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import ARGUMENTS, path
from tests.journeys import places
from tests.journeys.crawl import Crawls, crawl_all
from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs them all: they share an instance."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.any_database)
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium; tests are skipped where there is none."""
    return path()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Sample events on a real web server and a real worker."""
    folder = tmp_path_factory.mktemp("journeys")
    made = Site(folder=folder, database_url=f"sqlite:///{folder / 'eventreg.sqlite3'}")
    try:
        made.command("demo", "load")
        made.serve(workers=1)
        made.worker()
        yield made
        assert made.bugs() == []
    finally:
        made.stop()


@pytest.fixture(scope="session")
def neutral_site(site: Site) -> Iterator[Site]:
    """The same instance shown by a second web server in the neutral theme."""
    made = Site(folder=site.folder, database_url=site.database_url, theme="neutral")
    try:
        made.serve(workers=1)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def found(site: Site) -> dict[str, str]:
    """Addresses of people and letters in each state, for the addresses of `places`."""
    return places.prepare(site)


@pytest.fixture(scope="session")
def crawls(site: Site, found: dict[str, str]) -> Crawls:
    """Every page, read without a browser."""
    return crawl_all(site, found)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Not for the whole run: its event loop would be in the way of other tests' own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def make_visitor(
    browser: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """`make_visitor(width=390, script=False)`: somebody new; nothing may be wrong on their way."""
    made: list[Visitor] = []

    def make(*, width: int = 1280, script: bool = True, base_url: str | None = None) -> Visitor:
        name = request.node.originalname.removeprefix("test_")[:40]
        visitor = Visitor(browser, base_url or site.base_url, width=width, script=script, name=name)
        made.append(visitor)
        return visitor

    yield make
    complaints = [complaint for visitor in made for complaint in visitor.complaints]
    for visitor in made:
        visitor.close()
    assert complaints == []


@pytest.fixture
def make_organiser(make_visitor: Callable[..., Visitor], site: Site) -> Callable[..., Visitor]:
    """`make_organiser(width=390)`: an organiser, signed in by a printed link."""

    def make(**options: object) -> Visitor:
        visitor = make_visitor(**options)
        visitor.open(site.sign_in_path())
        visitor.press("Se connecter sur cet appareil")
        return visitor

    return make
