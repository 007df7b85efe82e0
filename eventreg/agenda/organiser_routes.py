"""The organisers' preview: the very page that the public will see, for them alone."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, g, render_template, url_for
from flask.typing import ResponseReturnValue

from eventreg.agenda import shown
from eventreg.events import notices
from eventreg.events import queries as events
from eventreg.organisers import access as organisers
from eventreg.organisers.rules import Account, Action, Role
from eventreg.registration import queries as signups
from eventreg.shared import clock, urls
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.errors import NotFound
from eventreg.shared.i18n import LOCALES, current_locale

bp = Blueprint("preview", __name__, url_prefix="/organisation")


@bp.url_value_preprocessor
def _take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.slug = (values or {}).pop("slug", "")


def _role_on_event(account: Account) -> Role | None:
    """A foreign event and a missing one look alike."""
    found = events.by_slug(g.slug)
    role = account.role_on(found.id) if found else None
    if found is None or role is None:
        raise NotFound
    g.event = found
    return role


organisers.guard(bp, _role_on_event)


@bp.get("/evenements/<slug>/apercu/page/")
@access(ORGANISER, Action.LOOK)
def page() -> ResponseReturnValue:
    """Drafts look as they will once published; nothing is kept in a cache."""
    found = g.event
    facts = signups.signup_facts_of(found.id)
    if facts.event_state == "draft":
        facts = replace(facts, event_state="published")
    now = clock.utc_now()
    track = shown.asked_track()
    locale = current_locale()
    other = next(name for name in LOCALES if name != locale)
    context = shown.context(
        found, facts, now=now, move=notices.latest_move(found.id, now), track=track, preview=True
    )
    context["page_url"] = url_for("preview.page", slug=found.slug)
    return render_template(
        "agenda/event.html",
        **context,
        back_url=url_for("backoffice.overview", slug=found.slug),
        other_locale_url=urls.path("preview.page", other, slug=found.slug),
    )
