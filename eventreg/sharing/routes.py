"""What leaves the pages: files, short addresses, the button that other sites show."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    url_for,
)
from flask import request as current_request
from flask.typing import ResponseReturnValue

from eventreg.agenda import queries as agenda
from eventreg.agenda import rules, words
from eventreg.config import Settings
from eventreg.files import queries as files
from eventreg.files.rules import is_picture, small_name
from eventreg.organisers import access as organisers
from eventreg.organisers.rules import Action, can
from eventreg.registration import links
from eventreg.registration import queries as signups
from eventreg.registration.rules import SignupFacts
from eventreg.shared import clock, shortcode
from eventreg.shared.access import PUBLIC, access
from eventreg.shared.errors import NotFound
from eventreg.shared.http import INERT, policy
from eventreg.shared.i18n import current_locale
from eventreg.sharing import queries

bp = Blueprint("sharing", __name__)
organisers.guard(bp)
FOR_EVER = "public, max-age=31536000, immutable"  # an address has one content, and is never guessed
AN_HOUR = "public, max-age=3600"
BUTTON = {"frame-ancestors": "*", "form-action": "'none'", "script-src": "'none'"}


@bp.get("/fichiers/<public_id>/<name>")
@access(PUBLIC)
def file(public_id: str, name: str) -> ResponseReturnValue:
    """One stored file, inert. Whoever may not read it sees what anybody sees at a wrong address."""
    found = files.by_public_id(public_id)
    if found is None or name not in (found.name, small_name(found.name)):
        raise NotFound
    public = _published(found)
    if not public and not _theirs(found):
        raise NotFound
    body = files.content(found.id, "full" if name == found.name else "small")
    if body is None:
        raise NotFound
    response = Response(body, mimetype=None, content_type=found.media_type)
    picture = is_picture(found.media_type)
    place = "inline" if picture else "attachment"
    response.headers.set("Content-Disposition", place, filename=name)
    response.headers["Content-Security-Policy"] = INERT
    if public:
        response.headers["Cache-Control"] = FOR_EVER if picture else AN_HOUR
    response.set_etag(f"{found.public_id}-{len(body)}")
    return response.make_conditional(current_request)


def _published(found: Any) -> bool:
    if found.purpose == "answer":
        return False
    event = queries.address(found.event_id)
    return event is not None and event.state != "draft"


def _theirs(found: Any) -> bool:
    """An organiser of the event; of an answer also the browser that holds its registration."""
    account = organisers.signed_in()
    if account is not None and can(account.role_on(found.event_id), Action.LOOK):
        return True
    holder = queries.holder(found.registration_id) if found.purpose == "answer" else None
    cookie = current_request.cookies.get(_settings().cookie_name(links.COOKIE))
    return holder is not None and any(
        (grant.public_id, grant.nonce) == tuple(holder) for grant in links.unpack(cookie)
    )


@bp.get("/e/<code>")
@access(PUBLIC)
def short(code: str) -> ResponseReturnValue:
    """From the address on a poster to the event's page."""
    number = shortcode.decode(code)
    event = queries.address(number) if number else None
    if event is None or event.state == "draft":
        raise NotFound
    response = make_response(redirect(url_for("agenda.event", slug=event.slug), HTTPStatus.FOUND))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@bp.get("/agenda/<slug>/bouton/")
@access(PUBLIC)
def button(slug: str) -> ResponseReturnValue:
    """The event in a few lines, to be framed by other sites: no form, no cookie, no script."""
    facts = signups.signup_facts(slug)
    if facts is None or facts.event_state == "draft":
        raise NotFound
    now = clock.utc_now()
    found = agenda.event(facts.event_id)
    over = rules.over_at(
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        day_only=found.day_only,
        zone=found.timezone,
    )
    phase = rules.phase(event_state=found.state, starts_at=found.starts_at, over=over, now=now)
    page = render_template(
        "sharing/button.html",
        event=found,
        title=rules.said(found.title, found.title_en, current_locale()),
        box=words.call_box(facts, phase=phase, over=over, now=now),
        place=words.place_of(found),
        locale=current_locale(),
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = policy(BUTTON)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = f"public, max-age={_seconds(facts, over, now)}"
    return response


def _seconds(facts: SignupFacts, over: datetime | None, now: datetime) -> int:
    """A minute, and never past the instant at which it says something else."""
    changes = rules.changes_at(facts, over, now)
    return 60 if changes is None else max(0, min(60, int((changes - now).total_seconds())))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
