"""The blueprint of organiser pages, and the event that their address names."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, g

from eventreg.backoffice import queries
from eventreg.events.models import Event
from eventreg.organisers import access
from eventreg.organisers.rules import Account, Role
from eventreg.shared.errors import NotFound

bp = Blueprint("backoffice", __name__, url_prefix="/organisation")
Form = TypeVar("Form")


@bp.url_value_preprocessor
def _take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Views never see the slug: they get the event that the guard has found."""
    g.slug = (values or {}).pop("slug", None)


def _role_on_event(account: Account) -> Role | None:
    if g.slug is None:
        return account.role_on(None)
    found = queries.event(account, g.slug)
    if found is None:
        raise NotFound
    g.event = found
    return account.role_on(found.id)


access.guard(bp, _role_on_event)


def event() -> Event:
    """The event of this page, found through the account's rights by the guard."""
    found: Event = g.event
    return found


def filled(form_class: Callable[..., Form], **data: Any) -> Form:
    """A form from the request, or from what was kept when the session expired, or from `data`."""
    draft = access.kept()
    return form_class(data=data) if draft is None else form_class(formdata=draft, data=data)
