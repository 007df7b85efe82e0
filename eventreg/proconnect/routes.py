"""Leaving for ProConnect, coming back, linking an account, signing out."""

import logging
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_babel import gettext, refresh
from limits import parse

from eventreg.organisers import access as organisers
from eventreg.organisers import services as organiser_services
from eventreg.organisers.rules import browser_name, is_recent
from eventreg.proconnect import access, services
from eventreg.proconnect.errors import NoAccount, SignInFailed
from eventreg.proconnect.forms import ActForm
from eventreg.proconnect.rules import LOGOUT, ORGANISER, REGISTRANT, Visit
from eventreg.proconnect.services import Attempt, Leaving
from eventreg.shared import limits, urls
from eventreg.shared.access import PUBLIC
from eventreg.shared.access import access as declare
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import RateLimited
from eventreg.shared.i18n import current_locale, translate
from eventreg.shared.tokens import random_id

logger = logging.getLogger(__name__)
bp = Blueprint("proconnect", __name__, url_prefix="/proconnect")
STARTS = parse("2000 per 10 minutes")  # a ministry stands behind one address
PURPOSES = {"organisation": ORGANISER}


@bp.get("/connexion/")
@declare(PUBLIC)
def start() -> ResponseReturnValue:
    """Notes the attempt and leaves; a link, so that no form has to lead to another site."""
    provider = access.provider()
    limits.hit(STARTS, "proconnect")
    purpose = PURPOSES.get(request.args.get("pour", ""), REGISTRANT)
    next_path = urls.safe_next(request.args.get("next"))
    leaving = Leaving()
    try:
        url = provider.authorization_url(
            redirect_uri=_back(),
            state=leaving.state,
            nonce=leaving.nonce,
            verifier=leaving.verifier,
        )
    except SignInFailed as refusal:
        return _refused(refusal, purpose, next_path)
    browser = access.secret_held() or random_id(services.SECRET_BYTES)
    with transaction():
        services.note(
            leaving,
            browser=browser,
            purpose=purpose,
            next_path=next_path,
            locale=current_locale(),
            now=utc_now(),
        )
    return access.remember(_leave(url), browser)


@bp.get("/retour/")
@declare(PUBLIC)
def back() -> ResponseReturnValue:
    """The way back: one attempt, one answer, verified whole before anything opens."""
    provider = access.provider()
    args, browser, now = request.args.to_dict(), access.secret_held(), utc_now()
    with transaction():
        attempt = services.take(args.get("state", ""), browser=browser, now=now)
    if attempt is not None:
        _speak(attempt.locale)
    try:
        code = services.refuse_answer(provider, args, attempt)
        if attempt is None:
            raise NoAccount  # never: refuse_answer raised
        visit = services.verified(provider, attempt, code, redirect_uri=_back(), now=now)
        return _came_back(attempt, visit)
    except SignInFailed as refusal:
        purpose = attempt.purpose if attempt else REGISTRANT
        return _refused(refusal, purpose, attempt.next_path if attempt else None)


def _speak(locale: str) -> None:
    """The provider knows one address; the page is in the language in which somebody left."""
    g.locale = locale
    refresh()
    if request_ctx.url_adapter is not None:
        request_ctx.url_adapter.script_name = f"{urls.LOCALE_PREFIX[locale]}/"


def _came_back(attempt: Attempt, visit: Visit) -> ResponseReturnValue:
    """To the form, into the organiser's area, or to the question whether to link."""
    now, entered = utc_now(), None
    target = urls.safe_next(attempt.next_path)
    with transaction():
        if attempt.purpose == ORGANISER:
            entered = services.enter(
                visit.identity,
                browser=browser_name(request.user_agent.string),
                replaces=organisers.secret_held(),
                next_path=target,
                now=now,
            )
        secret = services.keep(visit, replaces=access.secret_held(), now=now)
    if attempt.purpose == ORGANISER and entered is None:
        target = urls.path("proconnect.link", attempt.locale)
    elif entered is not None:
        target = target or urls.path("backoffice.home", attempt.locale)
    response = access.remember(_leave(target or urls.path("agenda.home", attempt.locale)), secret)
    return organisers.remember(response, entered.secret) if entered else response


@bp.route("/rattacher/", methods=["GET", "POST"])
@declare(PUBLIC)
def link() -> ResponseReturnValue:
    """GET asks whether this ProConnect account may open that organiser's; POST links it."""
    access.provider()
    visit, form, now = access.fresh(), ActForm(), utc_now()
    if visit is None:
        return redirect(url_for("organisers.sign_in"), HTTPStatus.SEE_OTHER)
    signed_in = organisers.signed_in()
    organiser = services.candidate(visit.identity, signed_in.email if signed_in else None)
    if organiser is None:
        return _refused(NoAccount(), ORGANISER, None)
    recent = signed_in is not None and is_recent(signed_in.signed_in_at, now=now)
    proven = services.may_link(
        visit.identity, organiser, signed_in_as=signed_in.id if signed_in and recent else None
    )
    if request.method != "POST" or not form.validate_on_submit():
        status = HTTPStatus.OK if request.method == "GET" else HTTPStatus.BAD_REQUEST
        html = render_template(
            "proconnect/link.html", email=organiser.email, visit=visit, proven=proven, form=form
        )
        return html, status
    if not proven:
        return _mail_link(organiser.email)
    try:
        with transaction():
            entered = services.link(
                visit.identity,
                organiser,
                browser=browser_name(request.user_agent.string),
                replaces=organisers.secret_held(),
                now=now,
            )
    except SignInFailed as refusal:
        return _refused(refusal, ORGANISER, None)
    flash(gettext("ProConnect now opens your organiser account."), "success")
    response = redirect(url_for("backoffice.home"), HTTPStatus.SEE_OTHER)
    return organisers.remember(make_response(response), entered.secret)


def _mail_link(email: str) -> ResponseReturnValue:
    """The mailbox proves itself by the usual link, which leads back here."""
    limits.hit(limits.LETTERS, "sign_in", fail_open=False)
    locale = current_locale()
    with transaction():
        organiser_services.ask_link(
            email,
            locale=locale,
            next_path=urls.path("proconnect.link", locale),
            url=lambda code: urls.absolute("organisers.enter", locale, token=code),
            now=utc_now(),
        )
    return redirect(url_for("organisers.link_sent"), HTTPStatus.SEE_OTHER)


@bp.post("/oublier/")
@declare(PUBLIC)
def drop() -> ResponseReturnValue:
    """The identity is no longer used here, and its session over there ends too."""
    next_path = urls.safe_next(request.form.get("next")) or url_for("agenda.home")
    return leave_provider(next_path)


def leave_provider(next_path: str) -> Response:
    """Forgets this browser's visit and ends it at the provider, then goes on to `next_path`."""
    visit, browser, now = access.visit(), access.secret_held(), utc_now()
    leaving, url = Leaving(), None
    if visit is not None:
        try:
            home = urls.absolute("proconnect.signed_out", "fr")
            url = access.provider().logout_url(
                id_token=visit.id_token, state=leaving.state, back=home
            )
        except SignInFailed:
            logger.warning("proconnect: signed out here only, the provider did not answer")
    browser_next = random_id(services.SECRET_BYTES)
    with transaction():
        services.forget(browser)
        if url is not None:
            services.note(
                leaving,
                browser=browser_next,
                purpose=LOGOUT,
                next_path=next_path,
                locale=current_locale(),
                now=now,
            )
    if url is None:
        return access.drop(_leave(next_path))
    return access.remember(_leave(url), browser_next)


@bp.get("/deconnecte/")
@declare(PUBLIC)
def signed_out() -> ResponseReturnValue:
    """Back from the provider's own sign-out; only our own state leads further than this page."""
    access.provider()
    state, browser = request.args.get("state", ""), access.secret_held()
    with transaction():
        attempt = services.take(state, browser=browser, now=utc_now())
    if attempt is None or attempt.purpose != LOGOUT:
        return render_template("proconnect/signed_out.html")
    target = urls.safe_next(attempt.next_path) or url_for("agenda.home")
    return access.drop(_leave(target))


@bp.errorhandler(RateLimited)
def too_many(refusal: RateLimited) -> ResponseReturnValue:
    return _page(refusal.code, translate(refusal), 429, REGISTRANT, None)


def _refused(refusal: SignInFailed, purpose: str, next_path: str | None) -> ResponseReturnValue:
    """Nobody entered. The log has the cause, never what the provider sent."""
    logger.warning("proconnect: %s (%s)", refusal.code, refusal.cause)
    status = refusal.kind.value
    response = _page(refusal.code, translate(refusal), status, purpose, next_path)
    if status == 503:
        response.headers["Retry-After"] = "60"
    return response


def _page(code: str, text: str, status: int, purpose: str, next_path: str | None) -> Response:
    html = render_template(
        "proconnect/refused.html",
        code=code,
        text=text,
        purpose="organisation" if purpose == ORGANISER else "",
        next_path=urls.safe_next(next_path) or "",
    )
    return _untraceable(make_response(html, status))


def _back() -> str:
    """The address registered with the provider, to the character: one language only."""
    return urls.absolute("proconnect.back", "fr")


def _leave(url: str) -> Response:
    return _untraceable(make_response(redirect(url, HTTPStatus.SEE_OTHER)))


def _untraceable(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
