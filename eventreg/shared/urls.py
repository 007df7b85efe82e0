"""Addresses: absolute ones come from the base URL alone, never from a request's Host."""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, has_request_context, request

LOCALE_PREFIX = {"fr": "", "en": "/en"}


def path(endpoint: str, locale: str, **values: Any) -> str:
    """The path of a page in `locale`, usable outside a request too."""
    adapter = current_app.url_map.bind("localhost")
    return LOCALE_PREFIX[locale] + adapter.build(endpoint, values)


def absolute(endpoint: str, locale: str, **values: Any) -> str:
    """The address of a page for mails, feeds and calendars."""
    return str(current_app.extensions["settings"].base_url) + path(endpoint, locale, **values)


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path of this application, else None (no open redirect)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(c) < 33 or c == "\\" or ord(c) == 127 for c in target) or len(target) > 500:
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def in_locale(locale: str) -> str:
    """The present page's path in the other language."""
    if not has_request_context():
        return LOCALE_PREFIX[locale] + "/"
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return LOCALE_PREFIX[locale] + request.path + query
