"""Pictures and documents of an event: add, describe, order, remove."""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice.access import bp, event
from eventreg.backoffice.forms import ActForm
from eventreg.backoffice.media_forms import Described, DocumentForm, ImageForm, Titled
from eventreg.events import media, services
from eventreg.files import rules, shown
from eventreg.files.errors import FileRefused
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import NotFound
from eventreg.shared.requests import takes_files

STEPS = {"monter": -1, "descendre": 1}


@bp.route("/evenements/<slug>/medias/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
@takes_files
def media_list() -> ResponseReturnValue:
    """What the event shows, and two forms: one more picture, one more document."""
    image, document = ImageForm(prefix="image-"), DocumentForm(prefix="document-")
    if request.method != "POST":
        return _page(image, document)
    sent = document if request.form.get("what") == "document" else image
    if _added(sent):
        flash(
            gettext("The document has been added.")
            if sent is document
            else gettext("The picture has been added."),
            "success",
        )
        return _back()
    empty = {"formdata": None}
    page = (
        _page(ImageForm(prefix="image-", **empty), document)
        if sent is document
        else _page(image, DocumentForm(prefix="document-", **empty))
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def _added(form: ImageForm | DocumentForm) -> bool:
    good = bool(form.validate_on_submit())
    if isinstance(form, ImageForm):
        good = form.check_alt() and good
    ready = form.ready(others_good=good)  # a picture takes its time: before the transaction
    if ready is None:
        return False
    try:
        with transaction():
            media.add(services.locked(event().slug), ready, **_said(form), **_now())
    except FileRefused as refusal:
        form.show(refusal)
        return False
    return True


@bp.route("/evenements/<slug>/medias/<public_id>/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def media_text(public_id: str) -> ResponseReturnValue:
    """Another description of a picture, or title of a document."""
    file = _file(public_id)
    kind = Described if file.purpose == "image" else Titled
    form = kind(data={"alt": file.alt, "decorative": file.decorative})
    if request.method == "POST":
        good = bool(form.validate_on_submit())
        if isinstance(form, Described):
            good = form.check_alt() and good
        if good:
            with transaction():
                locked = services.locked(event().slug)
                media.describe(locked, public_id, **_said(form), **_now())
            flash(gettext("The text has been saved."), "success")
            return _back()
    page = render_template(
        "backoffice/media_text.html",
        event=event(),
        form=form,
        picture=shown.picture(file, None) if file.purpose == "image" else None,
        label=file.alt or file.name,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


@bp.post("/evenements/<slug>/medias/<public_id>/<any(monter,descendre):step>/")
@access(ORGANISER, Action.EDIT)
def media_move(public_id: str, step: str) -> ResponseReturnValue:
    """One place earlier or later."""
    _file(public_id)
    with transaction():
        media.move(services.locked(event().slug), public_id, by=STEPS[step], **_now())
    flash(gettext("The order has been saved."), "success")
    return _back()


@bp.route("/evenements/<slug>/medias/<public_id>/retirer/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def media_remove(public_id: str) -> ResponseReturnValue:
    """A page that says what will leave, then the act."""
    file = _file(public_id)
    form = ActForm()
    if form.validate_on_submit():
        with transaction():
            media.remove(services.locked(event().slug), public_id, **_now())
        flash(gettext("The file has been removed."), "success")
        return _back()
    return render_template(
        "backoffice/media_remove.html",
        event=event(),
        form=form,
        picture=shown.picture(file, None) if file.purpose == "image" else None,
        label=file.alt or file.name,
        detail=shown.detail(file),
    )


def _file(public_id: str) -> Any:
    file = media.of_event(event().id, public_id)
    if file is None:
        raise NotFound
    return file


def _said(form: Any) -> dict[str, Any]:
    decorative = bool(form.decorative.data) if "decorative" in form else False
    return {"alt": form.alt.data or "", "decorative": decorative}


def _now() -> dict[str, Any]:
    return {"actor": account().actor, "now": utc_now()}


def _back() -> ResponseReturnValue:
    return redirect(url_for("backoffice.media_list", slug=event().slug), HTTPStatus.SEE_OTHER)


def _page(image: ImageForm, document: DocumentForm) -> str:
    found = event()
    return render_template(
        "backoffice/media.html",
        event=found,
        image=image,
        document=document,
        form=document if document.errors else image,
        media=shown.of_event(found.id, images=found.images, files=found.files),
        accept_pictures=rules.ACCEPT_PICTURES,
        accept_all=rules.ACCEPT_ALL,
        limits=rules.PER_EVENT,
        megabytes=rules.BYTES_LIMIT // rules.MEGABYTE,
    )
