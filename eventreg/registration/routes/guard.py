"""The blueprint, and the guard of a person's own pages: grants in the cookie that a mailed link gives."""

from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from eventreg.config import Settings
from eventreg.registration import links, queries
from eventreg.registration.forms import AddressForm
from eventreg.registration.links import Grant
from eventreg.registration.services import history
from eventreg.shared import tokens

bp = Blueprint("registration", __name__)


def grants() -> list[Grant]:
    settings: Settings = current_app.extensions["settings"]
    return links.unpack(request.cookies.get(settings.cookie_name(links.COOKIE)))


def grant_of(public_id: str) -> Grant | None:
    """What this browser may do with that registration, offer or change of address."""
    return next((grant for grant in grants() if grant.public_id == public_id), None)


def opened(public_id: str) -> tuple[Any, Grant] | None:
    """The registration that this browser's grant still opens."""
    grant = grant_of(public_id)
    registration = queries.by_public_id(public_id) if grant else None
    if grant is None or registration is None or not tokens.same(registration.nonce, grant.nonce):
        return None
    return registration, grant


def remember(response: Response, grant: Grant) -> None:
    """Adds a grant to the browser's cookie."""
    settings: Settings = current_app.extensions["settings"]
    response.set_cookie(
        settings.cookie_name(links.COOKIE),
        links.pack(links.with_grant(grants(), grant)),
        max_age=int(links.GRANT_AGE.total_seconds()),
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def back(grant: Grant) -> ResponseReturnValue:
    """To the person's own page, which the grant opens."""
    target = url_for(".own", public_id=grant.public_id)
    response = make_response(redirect(target, HTTPStatus.SEE_OTHER))
    remember(response, grant)
    return token_page(response)


def expired(grant: Grant | None = None) -> ResponseReturnValue:
    """Old links explain and offer a way on.

    Whoever shows a link that this service once signed learns what replaced it; for anybody else
    unknown and revoked look alike.
    """
    since = history.since(grant.public_id) if grant else None
    html = render_template("registration/expired_link.html", form=AddressForm(), since=since)
    return token_page(make_response(html, HTTPStatus.GONE))


def token_page(response: Response) -> Response:
    """No address of such a page travels on, and nobody keeps the page."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
