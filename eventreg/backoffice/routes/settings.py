"""The settings of an event; a write from a stale page shows both versions and loses nothing."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import SettingsForm, field_data, texts_of
from eventreg.backoffice.rules import Difference, overbooked
from eventreg.events import notices, queries, services
from eventreg.events.errors import BadValue
from eventreg.events.rules import Planned
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import queries as registrations
from eventreg.registration.services import waiting_list
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import Stale
from eventreg.shared.tokens import digest


@bp.route("/evenements/<slug>/reglages/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def settings() -> ResponseReturnValue:
    stored = _stored()
    form = filled(SettingsForm, **field_data(stored), version=str(event().version))
    if request.method != "POST":
        return _page(form)
    if form.version_seen != event().version:
        return _conflict(form, stored)
    if not form.check(stored, event().timezone):
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    return _save(form)


def _save(form: SettingsForm) -> ResponseReturnValue:
    """Writes what was typed; a move that is news is first shown with the number of people."""
    news = _news(form)
    if news is not None and form.asked.data != news.mark:
        return _ask(form, news)
    try:
        _write(form)
    except BadValue as refusal:
        form.show(refusal)
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    except Stale:
        return _conflict(form, _stored())
    flash(gettext("The settings have been saved."), "success")
    _say_offered(waiting_list.serve_now(event().id))
    if news is not None and not form.quiet.data:
        flash(_will_be_told(news.people), "info")
    _warn_of_overbooking()
    return redirect(url_for("backoffice.settings", slug=event().slug), HTTPStatus.SEE_OTHER)


@dataclass(frozen=True)
class News:
    """A move of the event that people signed up would be told of. `mark` tells it from others."""

    before: Planned
    after: Planned
    people: int
    mark: str


def _news(form: SettingsForm) -> News | None:
    after = services.would_tell(event(), _values(form), now=utc_now())
    people = registrations.active_count(event().id) if after else 0
    if after is None or not people:
        return None
    mark = digest(json.dumps(after.as_json(), sort_keys=True))[:16]
    return News(notices.planned(event()), after, people, mark)


def _ask(form: SettingsForm, news: News) -> str:
    """The move and how many people will be told of it, before anything is saved."""
    form.asked.data, form.asked.raw_data = news.mark, None
    return _page(form, news=news)


def _will_be_told(people: int) -> str:
    told: str = ngettext(
        "%(num)s person is being told by e-mail.",
        "%(num)s people are being told by e-mail.",
        people,
    )
    return told


def _values(form: SettingsForm) -> dict[str, Any]:
    values = dict(form.values)
    if "starts_at" in values or "ends_at" in values:
        values["day_only"] = False  # an hour was written: the page shows it from now on
    return values


def _stored() -> dict[str, str]:
    return texts_of(event(), queries.pool(event().id).capacity)


def _write(form: SettingsForm) -> None:
    with transaction():
        services.change(
            services.locked(event().slug),
            _values(form),
            tell=not form.quiet.data,
            actor=account().actor,
            now=utc_now(),
            version=form.version_seen,
        )


def _say_offered(places: int) -> None:
    if places:
        flash(
            ngettext(
                "%(num)s place was offered to the first person in line.",
                "%(num)s places were offered to the first people in line.",
                places,
            ),
            "info",
        )


def _warn_of_overbooking() -> None:
    pool = queries.pool(event().id)
    excess = overbooked(pool.capacity, pool.taken)
    if excess:
        flash(
            ngettext(
                "%(num)s more place is taken than the event has. Nobody loses a place; nobody else can sign up.",
                "%(num)s more places are taken than the event has. Nobody loses a place; nobody else can sign up.",
                excess,
            ),
            "warning",
        )


def _conflict(form: SettingsForm, stored: dict[str, str]) -> ResponseReturnValue:
    """Both versions side by side; what was typed stays in the form, to be sent knowingly."""
    differences = form.differences(stored)
    form.version.data = str(event().version)
    form.version.raw_data = None
    return _page(form, differences, conflict=True), HTTPStatus.CONFLICT


def _page(
    form: SettingsForm,
    differences: list[Difference] | None = None,
    *,
    conflict: bool = False,
    news: News | None = None,
) -> str:
    return render_template(
        "backoffice/settings.html",
        event=event(),
        form=form,
        conflict=conflict,
        differences=differences or [],
        news=news,
    )
