"""The settings of an event; a write from a stale page shows both versions and loses nothing."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import SettingsForm, field_data, texts_of
from eventreg.backoffice.rules import Difference, overbooked
from eventreg.events import queries, services
from eventreg.events.errors import BadValue
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import Stale


@bp.route("/evenements/<slug>/reglages/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def settings() -> ResponseReturnValue:
    stored = _stored()
    form = filled(SettingsForm, **field_data(stored), version=str(event().version))
    if request.method != "POST":
        return _page(form)
    if form.version_seen != event().version:
        return _conflict(form, stored)
    if form.check(stored, event().timezone):
        try:
            _write(form)
        except BadValue as refusal:
            form.show(refusal)
        except Stale:
            return _conflict(form, _stored())
        else:
            flash(gettext("The settings have been saved."), "success")
            _warn_of_overbooking()
            return redirect(url_for("backoffice.settings", slug=event().slug), HTTPStatus.SEE_OTHER)
    return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY


def _stored() -> dict[str, str]:
    return texts_of(event(), queries.pool(event().id).capacity)


def _write(form: SettingsForm) -> None:
    values = dict(form.values)
    if "starts_at" in values or "ends_at" in values:
        values["day_only"] = False  # an hour was written: the page shows it from now on
    with transaction():
        services.change(
            services.locked(event().slug),
            values,
            actor=account().actor,
            now=utc_now(),
            version=form.version_seen,
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
    form: SettingsForm, differences: list[Difference] | None = None, *, conflict: bool = False
) -> str:
    return render_template(
        "backoffice/settings.html",
        event=event(),
        form=form,
        conflict=conflict,
        differences=differences or [],
    )
