"""Development pages: the captured mail (404 in production)."""

import re
from http import HTTPStatus

from flask import Blueprint, Response, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from eventreg.config import Settings
from eventreg.mailing.delivery import reading
from eventreg.shared.access import DEVELOPMENT, access
from eventreg.shared.http import CSP

bp = Blueprint("development", __name__, url_prefix="/dev/courriels")
SHOWN = 50  # a page of letters stays light
# The page may frame the letter; the letter may do nothing but show its inline styles and be left.
PAGE_POLICY = "; ".join(f"{name} {value}" for name, value in {**CSP, "frame-src": "'self'"}.items())
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation"
)
_HEAD = re.compile(r"<head>")


@bp.before_request
def _not_in_production() -> None:
    if _settings().production:
        abort(HTTPStatus.NOT_FOUND)


@bp.get("/")
@access(DEVELOPMENT)
def mails() -> str:
    rows = reading.newest(SHOWN)
    return render_template("mailing/list.html", mails=rows)


@bp.get("/<int:key>/")
@access(DEVELOPMENT)
def mail(key: int) -> ResponseReturnValue:
    html = render_template("mailing/mail.html", mail=_shown(key))
    return Response(html, headers={"Content-Security-Policy": PAGE_POLICY})


@bp.get("/<int:key>/html")
@access(DEVELOPMENT)
def html(key: int) -> ResponseReturnValue:
    """The HTML part alone, as a mail reader draws it; its links open in the whole window."""
    page = _HEAD.sub('<head><base target="_top">', _shown(key).html, count=1)
    headers = {"Content-Security-Policy": LETTER_POLICY}
    return Response(page, mimetype="text/html", headers=headers)


@bp.get("/<int:key>/pieces/<int:number>")
@access(DEVELOPMENT)
def attachment(key: int, number: int) -> ResponseReturnValue:
    attachments = _shown(key).attachments
    if number >= len(attachments):
        abort(HTTPStatus.NOT_FOUND)
    found = attachments[number]
    response = Response(found.content, content_type=found.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=found.filename)
    return response


def _shown(key: int) -> reading.Shown:
    shown = reading.shown(key, _settings())
    if shown is None:
        abort(HTTPStatus.NOT_FOUND)
    return shown


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
