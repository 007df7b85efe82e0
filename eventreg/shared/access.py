"""Every view says who may call it; the application does not start while one is silent."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"  # anybody
LINK = "link"  # holder of a mailed link
ORGANISER = "organiser"  # signed in, with the action's right on the event
OPERATOR = "operator"  # loopback or token
DEVELOPMENT = "development"  # 404 in production


def access(rule: str, action: str | None = None) -> Callable[[View], View]:
    """Declares the access rule of a view (and, for organisers, the action it needs)."""

    def declare(view: View) -> View:
        view.__dict__["access_rule"] = (rule, action)
        return view

    return declare


class UndeclaredAccess(Exception):
    """A route without an access rule."""


def check(app: Flask) -> None:
    """Raises UndeclaredAccess naming every endpoint that declares no rule."""
    silent = sorted(
        endpoint
        for endpoint, view in app.view_functions.items()
        if not getattr(view, "access_rule", None)
    )
    if silent:
        raise UndeclaredAccess(f"no access rule: {', '.join(silent)}")
