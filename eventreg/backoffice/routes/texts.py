"""The texts of an event, in both languages, with a look at them before they are saved."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.rules import Difference
from eventreg.backoffice.text_forms import TextsForm, texts_of
from eventreg.events import columns, services
from eventreg.events.errors import BadValue
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import Stale
from eventreg.shared.richtext import trusted

LOOKED_AT = ("lead", "body", "lead_en", "body_en")


@bp.route("/evenements/<slug>/textes/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def texts() -> ResponseReturnValue:
    stored = texts_of(event())
    form = filled(TextsForm, **stored, version=str(event().version))
    if request.method != "POST":
        return _page(form)
    if form.version_seen != event().version:
        return _conflict(form, stored)
    if not form.check(stored, event().timezone):
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    if "preview" in request.form:
        return _page(form, seen=_seen(stored | form.values))
    return _save(form)


def _save(form: TextsForm) -> ResponseReturnValue:
    try:
        with transaction():
            services.change(
                services.locked(event().slug),
                form.values,
                actor=account().actor,
                now=utc_now(),
                version=form.version_seen,
            )
    except BadValue as refusal:
        form.show(refusal)
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    except Stale:
        return _conflict(form, texts_of(event()))
    flash(gettext("The texts have been saved."), "success")
    return redirect(url_for("backoffice.texts", slug=event().slug), HTTPStatus.SEE_OTHER)


def _seen(values: Mapping[str, Any]) -> dict[str, Markup]:
    """What readers would see of the formatted texts."""
    made = columns.made_from({key: values[key] for key in LOOKED_AT})
    return {key: trusted(made[f"{key}_html"]) for key in LOOKED_AT}


def _conflict(form: TextsForm, stored: dict[str, str]) -> ResponseReturnValue:
    """Both versions side by side; what was typed stays in the form, to be sent knowingly."""
    differences = form.differences(stored)
    form.version.data, form.version.raw_data = str(event().version), None
    return _page(form, differences=differences, conflict=True), HTTPStatus.CONFLICT


def _page(
    form: TextsForm,
    *,
    differences: list[Difference] | None = None,
    conflict: bool = False,
    seen: dict[str, Markup] | None = None,
) -> str:
    return render_template(
        "backoffice/texts.html",
        event=event(),
        form=form,
        conflict=conflict,
        differences=differences or [],
        seen=seen,
    )
