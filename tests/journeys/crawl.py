"""All pages of the service, read once by the test client in each theme and language."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound

from eventreg.config import Settings
from eventreg.factory import create_app
from eventreg.shared import bell
from eventreg.shared.access import PUBLIC, access
from eventreg.shared.http import error_page
from tests.journeys import places
from tests.journeys.reading import Reading
from tests.journeys.site import Site

ALL = {**places.PUBLIC, **places.ORGANISER}


@access(PUBLIC)
def broken(code: int) -> object:
    return error_page(HTTPStatus(code))


def themed(site: Site, theme: str) -> Flask:
    """The instance's application with another look, and a page for each error."""
    settings: Settings = site.app.extensions["settings"]
    made = create_app(replace(settings, theme=theme))
    bell.connect(None)
    made.add_url_rule("/essai/<int:code>/", "broken", broken)
    return made


@dataclass
class Crawl:
    """All pages of one theme in one language, read once."""

    site: Site
    found: Mapping[str, str]
    app: Flask
    locale: str
    pages: dict[str, Reading] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    endpoints: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.person, self.organiser = self.app.test_client(), self.app.test_client()
        self.site.post(self.organiser, self.site.sign_in_path())
        routes = self.app.url_map.bind("localhost")
        for name, (template, status) in ALL.items():
            for path in places.steps(template, self.found):
                answer = self.client(name).get(self.prefix + path, follow_redirects=True)
            with suppress(NotFound):
                self.endpoints.add(str(routes.match(answer.request.path)[0]))
            if answer.status_code != status:
                self.faults.append(f"{name}: status {answer.status_code}")
            self.pages[name], self.texts[name] = Reading(answer.text), answer.text

    @property
    def prefix(self) -> str:
        return "/en" if self.locale == "en" else ""

    def client(self, name: str) -> FlaskClient:
        return self.organiser if name in places.ORGANISER else self.person


Crawls = dict[tuple[str, str], Crawl]


def crawl_all(site: Site, found: Mapping[str, str]) -> Crawls:
    apps = {theme: themed(site, theme) for theme in ("state", "neutral")}
    return {
        (theme, locale): Crawl(site, found, apps[theme], locale)
        for theme, locale in (("state", "fr"), ("state", "en"), ("neutral", "fr"))
    }
