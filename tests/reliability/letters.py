"""One letter of every kind, caused the way people cause them."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.events import services as event_services
from eventreg.mailing import queries as outbox
from eventreg.mailing.delivery import reading
from eventreg.organisers import services as organisers
from eventreg.organisers.rules import Role
from eventreg.registration import services
from eventreg.registration.models import Registration
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.reliability.conftest import new_event
from tests.reliability.load import hidden_fields

_HREF = re.compile(r'href="(https?://[^"]+)"')
KINDS = {
    "accepted",
    "already_registered",
    "cancelled",
    "closing_recap",
    "confirm_address",
    "confirmed",
    "my_links",
    "organiser_sign_in",
    "pending",
    "rejected",
}


class Browser(FlaskClient):
    """Addresses the application by its base URL."""

    def open(self, *args: Any, **options: Any) -> Any:
        settings = self.application.extensions["settings"]
        if args and isinstance(args[0], str):
            options.setdefault("base_url", settings.base_url)
        return super().open(*args, **options)


def browser_of(app: Flask, *, cookies: bool = True) -> FlaskClient:
    """A new browser."""
    return Browser(app, app.response_class, use_cookies=cookies)


def press(browser: FlaskClient, path: str, action: str | None = None, **values: str) -> Any:
    """Reads a page, then posts its form (to `action` when the page has several)."""
    hidden = hidden_fields(browser.get(path, follow_redirects=True).text)
    return browser.post(action or path, data={**hidden, **values})


def sign_up(app: Flask, slug: str, email: str) -> None:
    names = {"given_name": "Dominique", "family_name": "Martin"}
    answer = press(browser_of(app), f"/agenda/{slug}/inscription/", email=email, **names)
    assert answer.status_code == 303, answer.text


def links_to(app: Flask, email: str, kind: str) -> list[str]:
    """The links of the latest letter of a kind to an address."""
    with app.app_context():
        rows = [r for r in outbox.listed() if r.recipient == email and r.kind == kind]
        shown = reading.shown(rows[-1].id, app.extensions["settings"])
        db.session.remove()
    assert shown is not None
    return shown.links


def all_links(app: Flask, prefix: str = "") -> dict[str, list[str]]:
    """Every link of every letter to addresses with a prefix, by kind of letter."""
    found: dict[str, list[str]] = {}
    with app.app_context():
        for row in outbox.listed():
            if not row.recipient.startswith(prefix):
                continue
            shown = reading.shown(row.id, app.extensions["settings"])
            own = found.setdefault(row.kind, [])
            own += [*shown.links, *_HREF.findall(shown.html)] if shown else []
        db.session.remove()
    return found


def open_link(app: Flask, url: str) -> tuple[FlaskClient, str]:
    """A browser that has opened a mailed link, and the path it was led to."""
    browser = browser_of(app)
    answer = browser.get(urlsplit(url).path)
    return browser, answer.headers["Location"]


def act(app: Flask, url: str, verb: str) -> None:
    """Opens a mailed link and presses the button of one act."""
    browser, own = open_link(app, url)
    answer = press(browser, own, f"{own}{verb}/")
    assert answer.status_code == 303, answer.text


def write_every_kind(app: Flask, prefix: str = "") -> None:
    """Two events, a few people, one organiser: the outbox then holds every kind of letter."""
    slug, decided, over = f"{prefix}lettres", f"{prefix}examen", f"{prefix}finie"
    new_event(app, slug, capacity=50)
    new_event(app, decided, capacity=50, approval="manual")
    new_event(app, over, capacity=50)
    with app.app_context(), transaction():
        organisers.create(
            f"{prefix}org@example.org",
            name="Nadia Roussel",
            role=Role("owner"),
            event_slug=over,
            now=clock.utc_now(),
        )
    for name in ("waits", "confirms", "cancels"):
        sign_up(app, slug, f"{prefix}{name}@example.org")
    sign_up(app, slug, f"{prefix}waits@example.org")
    for name in ("confirms", "cancels"):
        to = f"{prefix}{name}@example.org"
        act(app, links_to(app, to, "confirm_address")[0], "confirmer")
    to = f"{prefix}cancels@example.org"
    act(app, links_to(app, to, "confirmed")[0], "annuler")
    for name, accept in (("accepted", True), ("rejected", False)):
        to = f"{prefix}{name}@example.org"
        sign_up(app, decided, to)
        act(app, links_to(app, to, "confirm_address")[0], "confirmer")
        with app.app_context():
            with transaction() as session:
                query = select(Registration).where(Registration.email_key == to)
                services.decide(
                    session.execute(query).scalar_one(),
                    accept=accept,
                    reason="" if accept else "La salle est petite.",
                    actor="operator",
                )
            db.session.remove()
    asks = browser_of(app)
    assert (
        press(asks, "/mes-inscriptions/", email=f"{prefix}confirms@example.org").status_code == 200
    )
    to = f"{prefix}org@example.org"
    assert press(asks, "/organisation/connexion/", email=to).status_code == 303
    with app.app_context():
        with transaction():
            event = event_services.locked(over)
            event.closes_at = clock.utc_now() - timedelta(minutes=1)
        assert services.close_due(clock.utc_now()) >= 1
        db.session.remove()
    assert set(all_links(app, prefix)) == KINDS
