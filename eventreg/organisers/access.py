"""The guard of organiser pages: who is signed in, with which role, and what was being typed."""

from collections.abc import Callable

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from eventreg.config import Settings
from eventreg.organisers import queries, services
from eventreg.organisers.errors import NotAllowed
from eventreg.organisers.rules import ABSOLUTE, RECENT, TOUCH, Account, Action, Role, can, is_recent
from eventreg.shared.access import ORGANISER
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.tokens import digest, read, sign
from eventreg.shared.urls import safe_next

COOKIE = "organisation"
DRAFT_COOKIE = "brouillon"
DRAFT_LIMIT = 3_800  # bytes of a cookie that every browser keeps
DRAFT_SKIPPED = frozenset({"csrf_token"})
PER_REQUEST = ("account", "role", "known_organiser", "draft_used")

FindRole = Callable[[Account], Role | None]


def guard(bp: Blueprint, find_role: FindRole | None = None) -> None:
    """Every ORGANISER view of `bp` wants a live session and a role that allows its action.

    `find_role` answers the role on the object that the URL names; it raises NotFound when there
    is none that the account may know of. Without it, the role on all events counts.
    """

    def check() -> ResponseReturnValue | None:
        for name in PER_REQUEST:
            g.pop(name, None)  # an outer application context may serve several requests
        rule, action = current_app.view_functions[str(request.endpoint)].__dict__["access_rule"]
        if rule != ORGANISER:
            return None
        account = signed_in()
        if account is None:
            return _ask_sign_in()
        g.role = find_role(account) if find_role else account.role_on(None)
        if not can(g.role, Action(action)):
            raise NotAllowed
        return None

    bp.before_request(check)
    bp.after_request(_drop_used_draft)
    bp.context_processor(_template_words)


def signed_in() -> Account | None:
    """The account of a live session, read once per request; its idleness starts again."""
    if "account" not in g:
        g.account = None
        secret = secret_held()
        now = utc_now()
        opened = queries.session(digest(secret), now=now) if secret else None
        g.known_organiser = opened.account.id if opened else 0
        if opened and opened.alive:
            g.account = opened.account
            if now >= opened.seen_at + TOUCH:
                with transaction():
                    services.touch(opened.account.session_id, now=now)
    account: Account | None = g.account
    return account


def account() -> Account:
    """The signed-in account, inside a guarded view."""
    found = signed_in()
    if found is None:
        raise NotAllowed
    return found


def role() -> Role | None:
    """The role found by the guard for this page."""
    found: Role | None = g.get("role")
    return found


def allowed(action: str) -> bool:
    """Whether the role found by the guard allows `action`: for links and buttons."""
    return can(role(), Action(action))


def wants_recent_sign_in() -> ResponseReturnValue | None:
    """None when the sign-in is young enough for a sensitive act, else the way to sign in again."""
    if is_recent(account().signed_in_at, now=utc_now()):
        return None
    return _ask_sign_in(recent=1)


def secret_held() -> str | None:
    """The session secret of this browser's cookie."""
    return request.cookies.get(_settings().cookie_name(COOKIE))


def remember(response: Response, secret: str) -> Response:
    """Gives the session's secret to the browser."""
    response.set_cookie(
        _settings().cookie_name(COOKIE),
        secret,
        max_age=int(ABSOLUTE.total_seconds()),
        secure=_settings().secure_cookies,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def leave_elsewhere(target: str) -> Response:
    """On to `target`, by way of the sign-out of whoever vouched for this browser (a room above)."""
    leave: Callable[[str], Response] | None = current_app.extensions.get("sign_out_elsewhere")
    return leave(target) if leave else make_response(redirect(target, 303))


def forget(response: Response) -> Response:
    """Takes the session's secret, and a draft if there is one, from the browser."""
    for name in (COOKIE, DRAFT_COOKIE):
        _delete(response, name)
    return response


def kept() -> MultiDict[str, str] | None:
    """What was typed in this page's form when the session had expired; shown once again."""
    token = request.cookies.get(_settings().cookie_name(DRAFT_COOKIE))
    if not token or request.method != "GET":
        return None
    draft = read("draft", token, max_age=RECENT)
    if draft is None or draft[0] not in (0, account().id) or draft[1] != request.path:
        return None
    g.draft_used = True
    return MultiDict([(str(name), str(value)) for name, value in draft[2]])


def _ask_sign_in(recent: int | None = None) -> ResponseReturnValue:
    """To the sign-in page and back; the text of a form that was being sent is kept meanwhile."""
    target = request.full_path.rstrip("?") if request.method != "POST" else request.path
    back = safe_next(request.script_root + target)
    response = redirect(url_for("organisers.sign_in", next=back, recent=recent), 303)
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in DRAFT_SKIPPED and value
    ]
    if request.method != "POST" or not fields:
        return response
    token = sign("draft", [g.get("known_organiser", 0), request.path, fields])
    if len(token) > DRAFT_LIMIT:
        # Too long for a cookie: the page itself gives the text back.
        page = render_template("organisers/expired.html", fields=fields, back=back)
        return make_response(page, 403)
    response.set_cookie(
        _settings().cookie_name(DRAFT_COOKIE),
        token,
        max_age=int(RECENT.total_seconds()),
        secure=_settings().secure_cookies,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def _drop_used_draft(response: Response) -> Response:
    if g.get("draft_used"):
        _delete(response, DRAFT_COOKIE)
    return response


def _delete(response: Response, name: str) -> None:
    response.delete_cookie(
        _settings().cookie_name(name),
        path="/",
        secure=_settings().secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def _template_words() -> dict[str, object]:
    return {
        "account": g.get("account"),
        "role": g.get("role"),
        "allowed": allowed,
        "draft_used": bool(g.get("draft_used")),
        "organiser_nav": _navigation(g.get("account")),
    }


def _navigation(account: Account | None) -> list[dict[str, str]]:
    """The main menu: only what this account may open."""
    entries = [("backoffice.home", gettext("My events"))]
    if account is not None and can(account.role_on(None), Action.CREATE):
        entries += [
            ("backoffice.create", gettext("Create an event")),
            ("backoffice.import_document", gettext("Import a document")),
        ]
    entries.append(("backoffice.domains", gettext("Domains")))
    entries.append(("organisers.sessions", gettext("My sessions")))
    return [{"key": key, "label": label, "url": url_for(key)} for key, label in entries]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
