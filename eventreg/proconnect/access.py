"""The browser's side: its secret, its visit, the words of templates, where forms may lead."""

from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request, url_for

from eventreg.config import Settings
from eventreg.eligibility.rules import Identity
from eventreg.proconnect import services
from eventreg.proconnect.client import Provider
from eventreg.proconnect.rules import VISIT_LIFE, Visit
from eventreg.shared.clock import utc_now
from eventreg.shared.errors import NotFound
from eventreg.shared.http import policy

COOKIE = "proconnect"


def init_app(app: Flask, settings: Settings) -> None:
    """`app.extensions["proconnect"]`: the provider, or None where none is configured."""
    client = settings.proconnect
    app.extensions["proconnect"] = Provider(client) if client else None
    app.context_processor(lambda: {"proconnect": Words()})
    app.after_request(_let_forms_leave)


def configured() -> bool:
    return current_app.extensions["proconnect"] is not None


def provider() -> Provider:
    """Raises NotFound where ProConnect is not configured: its pages do not exist there."""
    found: Provider | None = current_app.extensions["proconnect"]
    if found is None:
        raise NotFound
    return found


def secret_held() -> str | None:
    return request.cookies.get(_settings().cookie_name(COOKIE)) or None


def visit() -> Visit | None:
    """The sign-in of this browser that can still be ended over there; read once per request."""
    secret = secret_held()
    if secret is None or not configured():
        return None
    known: tuple[str, Visit | None] | None = g.get("proconnect_visit")
    if known is None or known[0] != secret:
        g.proconnect_visit = known = (secret, services.kept(secret, now=utc_now()))
    return known[1]


def identity() -> Identity | None:
    """Who somebody who signs up is, by a sign-in of less than an hour."""
    found = fresh()
    return found.identity if found else None


def fresh() -> Visit | None:
    found = visit()
    return found if found is not None and found.fresh(utc_now()) else None


@dataclass(frozen=True)
class Prefilled:
    """What the form of a sign-up begins with."""

    email: str
    given_name: str
    family_name: str
    organisation: str


def prefilled() -> Prefilled | None:
    found = fresh()
    if found is None:
        return None
    who = found.identity
    return Prefilled(who.address, found.given_name, found.family_name, who.organisation_label)


def remember(response: Response, secret: str) -> Response:
    response.set_cookie(
        _settings().cookie_name(COOKIE),
        secret,
        max_age=int(VISIT_LIFE.total_seconds()),
        secure=_settings().secure_cookies,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def drop(response: Response) -> Response:
    response.delete_cookie(
        _settings().cookie_name(COOKIE),
        path="/",
        secure=_settings().secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


class Words:
    """For templates, as `proconnect`."""

    @property
    def configured(self) -> bool:
        return configured()

    @property
    def identity(self) -> Identity | None:
        return identity()

    def locks(self, email: str | None) -> bool:
        """Whether a form's address is the identity's: it stays so while that is used."""
        who = identity()
        return who is not None and bool(email) and who.address == str(email).strip().lower()

    def start(self, purpose: str, back: str = "") -> str:
        return url_for("proconnect.start", pour=purpose or None, next=back or None)


def _let_forms_leave(response: Response) -> Response:
    """Signing out leads on to the provider: browsers ask the policy of the page that began."""
    if configured() and secret_held() and response.mimetype == "text/html":
        scheme, host = provider().origin
        response.headers.setdefault(
            "Content-Security-Policy", policy({"form-action": f"'self' {scheme}://{host}"})
        )
    return response


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
