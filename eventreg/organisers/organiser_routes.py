"""Pages of sign-in, sign-out and one's own sessions."""

from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.organisers import access, queries, services
from eventreg.organisers.errors import LinkSpent
from eventreg.organisers.forms import ActForm, SignInForm
from eventreg.organisers.rules import LINK_LIFE, Action, browser_name
from eventreg.shared import limits, urls
from eventreg.shared.access import ORGANISER, PUBLIC
from eventreg.shared.access import access as declare
from eventreg.shared.addresses import canonical
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import NotFound
from eventreg.shared.i18n import current_locale, translate
from eventreg.shared.tokens import digest

bp = Blueprint("organisers", __name__, url_prefix="/organisation")
access.guard(bp)


@bp.route("/connexion/", methods=["GET", "POST"])
@declare(PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Asks for a one-time link; the answer is the same for every address."""
    form = SignInForm()
    if request.method != "POST":
        form.next.data = urls.safe_next(request.args.get("next")) or ""
        return _sign_in_page(form)
    if not form.validate_on_submit():
        return _sign_in_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    limits.hit(limits.LETTERS, "sign_in", fail_open=False)
    locale = current_locale()
    with transaction():
        services.ask_link(
            canonical(form.email.data or "").canonical,
            locale=locale,
            next_path=urls.safe_next(form.next.data),
            url=lambda code: urls.absolute("organisers.enter", locale, token=code),
            now=utc_now(),
        )
    return redirect(url_for("organisers.link_sent"), HTTPStatus.SEE_OTHER)


def _sign_in_page(form: SignInForm) -> str:
    recent = request.args.get("recent") == "1"
    return render_template("organisers/sign_in.html", form=form, recent=recent, minutes=_minutes())


def _minutes() -> int:
    return int(LINK_LIFE.total_seconds() // 60)


@bp.get("/connexion/envoyee/")
@declare(PUBLIC)
def link_sent() -> ResponseReturnValue:
    """What happens next, whether or not the address has an account."""
    return render_template("organisers/link_sent.html", minutes=_minutes())


@bp.route("/connexion/<token>", methods=["GET", "POST"])
@declare(PUBLIC)
def enter(token: str) -> ResponseReturnValue:
    """GET shows a button, whoever fetches it; POST spends the link and signs in."""
    now = utc_now()
    form = ActForm()
    if request.method != "POST":
        good = queries.link_is_good(digest(token), now=now)
        return _enter_page(form, HTTPStatus.OK) if good else _spent_page()
    if not form.validate_on_submit():
        return _enter_page(form, HTTPStatus.BAD_REQUEST)
    try:
        with transaction():
            entered = services.enter(
                token,
                browser=browser_name(request.user_agent.string),
                replaces=access.secret_held(),
                now=now,
            )
    except LinkSpent:
        return _spent_page()
    target = urls.safe_next(entered.next_path) or url_for("backoffice.home")
    response = make_response(redirect(target, HTTPStatus.SEE_OTHER))
    return access.remember(_untraceable(response), entered.secret)


def _enter_page(form: ActForm, status: HTTPStatus) -> ResponseReturnValue:
    return _untraceable(make_response(render_template("organisers/enter.html", form=form), status))


def _spent_page() -> ResponseReturnValue:
    refusal = LinkSpent()
    page = render_template("organisers/link_spent.html", code=refusal.code, text=translate(refusal))
    return _untraceable(make_response(page, refusal.kind.value))


def _untraceable(response: Response) -> Response:
    """No Referer and no copy of a page whose address opens something (R37)."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/deconnexion/")
@declare(PUBLIC)
def sign_out() -> ResponseReturnValue:
    """Ends the session of this browser, if there is one."""
    account = access.signed_in()
    if account is not None:
        with transaction():
            services.leave(account.session_id, organiser_id=account.id, now=utc_now())
    flash(gettext("You are signed out."), "success")
    return access.forget(access.leave_elsewhere(url_for("organisers.sign_in")))


@bp.get("/mes-sessions/")
@declare(ORGANISER, Action.ENTER)
def sessions() -> ResponseReturnValue:
    """The browsers in which this account is signed in."""
    account = access.account()
    lines = queries.open_sessions(account.id, now=utc_now())
    return render_template("organisers/sessions.html", lines=lines, form=ActForm())


@bp.post("/mes-sessions/<int:key>/terminer/")
@declare(ORGANISER, Action.ENTER)
def end_session(key: int) -> ResponseReturnValue:
    """Ends one of one's own sessions; another person's looks like one that does not exist."""
    account = access.account()
    with transaction():
        ended = services.leave(key, organiser_id=account.id, now=utc_now())
    if not ended:
        raise NotFound
    flash(gettext("The session has been ended."), "success")
    return redirect(url_for("organisers.sessions"), HTTPStatus.SEE_OTHER)


@bp.post("/mes-sessions/terminer-les-autres/")
@declare(ORGANISER, Action.ENTER)
def end_other_sessions() -> ResponseReturnValue:
    account = access.account()
    with transaction():
        services.leave_others(account.session_id, organiser_id=account.id, now=utc_now())
    flash(gettext("Your other sessions have been ended."), "success")
    return redirect(url_for("organisers.sessions"), HTTPStatus.SEE_OTHER)
