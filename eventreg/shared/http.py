"""The edge: refusals become pages, every answer gets its headers, foreign hosts and sites leave."""

import hashlib
import logging
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from eventreg.config import Settings
from eventreg.shared.errors import DomainError, RateLimited, Unavailable
from eventreg.shared.i18n import translate
from eventreg.shared.requests import FIELDS_LIMIT, BoundedRequest, TableId
from eventreg.shared.tokens import random_id

logger = logging.getLogger("eventreg.http")
csrf = CSRFProtect()

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}


def policy(directives: dict[str, str] | None = None) -> str:
    """The policy of a page, with what this page needs beyond the others'."""
    return "; ".join(f"{name} {value}" for name, value in (CSP | (directives or {})).items())


POLICY = policy()
# What people uploaded runs nothing, loads nothing and has no origin.
INERT = "default-src 'none'; sandbox; frame-ancestors 'none'"
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
ON_EVERY_ANSWER = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
"""Unless the view says otherwise."""
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
CSRF_SECONDS = 24 * 3600  # a public form may stay open all day (ui.md, 13.1)
BODY_LIMIT = 2 * 1024 * 1024


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie holds the anti-forgery token only; SHA-256 instead of its SHA-1."""

    digest_method = staticmethod(hashlib.sha256)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Made once for an application, not for each request."""
        made: URLSafeTimedSerializer | None = app.extensions.get("session-signer")
        if made is None:
            made = super().get_signing_serializer(app)
            app.extensions["session-signer"] = made
        return made


def init_app(app: Flask, settings: Settings) -> None:
    """Cookies, limits of a request, CSRF, trusted proxies and hosts, headers, error pages."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=settings.cookie_name("session"),
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_SSL_STRICT=False,  # token pages send no Referer; Sec-Fetch-Site is checked instead
        WTF_CSRF_TIME_LIMIT=CSRF_SECONDS,
        WTF_I18N_ENABLED=False,  # our validators speak for themselves; its catalogues load each time
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=FIELDS_LIMIT,
        TRUSTED_HOSTS=trusted_hosts(settings),
    )
    app.session_interface = Sessions()
    app.request_class = BoundedRequest
    app.url_map.converters["int"] = TableId
    app.log_exception = _log_bug  # type: ignore[method-assign]  # Flask's own quotes the path
    csrf.init_app(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's way to wrap
            app.wsgi_app, x_for=count, x_proto=count, x_host=0, x_port=0, x_prefix=0
        )
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(DomainError, show_refusal)
    app.register_error_handler(CSRFError, _show_csrf)
    app.register_error_handler(SecurityError, _show_bad_host)
    app.register_error_handler(HTTPException, _show_http)
    for fault in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(fault, _show_busy)
    app.register_error_handler(DBAPIError, _show_lost)
    app.register_error_handler(Exception, _show_bug)


def trusted_hosts(settings: Settings) -> list[str]:
    """The base URL's host; outside production with http, the loopback names too."""
    hosts = [urlsplit(settings.base_url).hostname or "localhost"]
    if not settings.secure_cookies:
        hosts += ["127.0.0.1", "localhost", "[::1]"]
    return hosts


def _begin() -> ResponseReturnValue | None:
    g.request_id = random_id(9)
    g.started = time.monotonic()
    _ = request.host  # raises for a host that is not ours
    if request.method in UNSAFE and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return error_page(HTTPStatus.FORBIDDEN)
    if isinstance(request, BoundedRequest) and not request.readable:
        return error_page(HTTPStatus.NOT_FOUND)
    if request.method not in {"GET", "HEAD", "OPTIONS", *UNSAFE}:
        return error_page(HTTPStatus.METHOD_NOT_ALLOWED)
    return None


def _finish(response: Response) -> Response:
    headers = response.headers
    said = {name.lower() for name, _value in headers}
    for name, value in ON_EVERY_ANSWER:
        if name.lower() not in said:
            headers.add(name, value)
    if isinstance(request.routing_exception, RequestRedirect):
        # The router's address comes from the request's Host, with a port of the visitor's choice.
        place = urlsplit(request.routing_exception.new_url)
        path = "/" + place.path.lstrip("/")
        headers["Location"] = urlunsplit(("", "", path, place.query, ""))
        response.set_data(b"")  # its link names the host again
    settings: Settings = current_app.extensions["settings"]
    if settings.secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if "request_id" in g:
        headers["X-Request-Id"] = g.request_id
        _log(response)
    return response


def _log(response: Response) -> None:
    """The rule of the route, not the path: paths carry tokens and ids (R50)."""
    logger.info(
        "%s %s %s %d ms %s",
        request.method,
        request.url_rule.rule if request.url_rule else "-",
        response.status_code,
        round((time.monotonic() - g.started) * 1000),
        g.request_id,
    )


def wants_json() -> bool:
    """Programs read the API's refusals; everybody else reads pages."""
    return request.path.startswith("/api/")


def show_refusal(refusal: DomainError) -> ResponseReturnValue:
    """A refusal that no door showed beside a field: its own page, or JSON."""
    status = HTTPStatus(refusal.kind.value)
    if wants_json():
        body = {"code": refusal.code, "message": translate(refusal), "field": refusal.field}
        return jsonify(error=body), status
    response = error_page(status, refusal)
    if isinstance(refusal, Unavailable | RateLimited):
        response.headers["Retry-After"] = "5" if isinstance(refusal, Unavailable) else "300"
    return response


def error_page(status: HTTPStatus, refusal: DomainError | None = None) -> Response:
    """The page of an HTTP error, in the reader's language."""
    shown = {"code": refusal.code, "message": translate(refusal)} if refusal else None
    html = render_template(f"errors/{status.value}.html", refusal=shown, status=status.value)
    return Response(html, status=status.value, mimetype="text/html")


PAGES = {400, 403, 404, 405, 409, 410, 413, 429, 500, 503}


def _show_http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error  # a redirect
    if code == 422 or code not in PAGES:
        code = 400 if code < 500 else 500
    response = error_page(HTTPStatus(code))
    if error.code == 405 and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _show_csrf(_error: CSRFError) -> ResponseReturnValue:
    return error_page(HTTPStatus.BAD_REQUEST)


def _show_bad_host(_error: SecurityError) -> ResponseReturnValue:
    return Response("Bad host\n", status=400, mimetype="text/plain")


def _show_busy(error: Exception) -> ResponseReturnValue:
    """Locks, restarts and full disks are the database's moods: 503, never 500 (R12, R26)."""
    logger.warning("database not available: %s %s", type(error).__name__, g.get("request_id"))
    return show_refusal(Unavailable())


def _show_lost(error: DBAPIError) -> ResponseReturnValue:
    return _show_busy(error) if error.connection_invalidated else _show_bug(error)


def _log_bug(exc_info: Any) -> None:
    """The id of the request leads to the line that names its route; no path, no token."""
    logger.error("bug in request %s", g.get("request_id"), exc_info=exc_info)


def _show_bug(error: Exception) -> ResponseReturnValue:
    if current_app.testing and current_app.config.get("PROPAGATE_BUGS"):
        raise error
    _log_bug((type(error), error, error.__traceback__))
    return error_page(HTTPStatus.INTERNAL_SERVER_ERROR)
