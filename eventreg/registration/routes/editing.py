"""A person changes their sign-up. Somebody else's change in between is shown, never lost."""

from http import HTTPStatus
from typing import Any

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from eventreg.registration import errors, queries
from eventreg.registration.forms import EditForm
from eventreg.registration.links import Grant
from eventreg.registration.routes import guard, own
from eventreg.registration.routes.guard import bp
from eventreg.registration.services import editing, self_service
from eventreg.registration.services.editing import Edit
from eventreg.shared.access import LINK, access
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError
from eventreg.shared.i18n import translate


@bp.get("/inscriptions/<public_id>/modifier/")
@access(LINK)
def edit(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, _grant = found
    return _page(registration, own.editing_form(registration))


@bp.post("/inscriptions/<public_id>/modifier/")
@access(LINK)
def modify(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, grant = found
    form = EditForm()
    if not form.validate_on_submit():
        return _page(registration, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with transaction():
            held = self_service.held(public_id, grant.nonce)
            editing.modify(held, Edit(form.identity(), seen=form.seen.data or ""))
    except DomainError as refusal:
        return _refused(public_id, grant, form, refusal)
    return guard.back(grant)


def _refused(
    public_id: str, grant: Grant, form: EditForm, refusal: DomainError
) -> ResponseReturnValue:
    """What was typed stays; what somebody else wrote meanwhile stands beside it."""
    registration = queries.by_public_id(public_id)
    if registration is None or isinstance(refusal, errors.ExpiredLink):
        return guard.expired(grant)
    if isinstance(refusal, errors.ChangedMeanwhile):
        form.seen.data = editing.mark(registration)
        return _page(registration, form, refusal=refusal, theirs=_differences(registration, form))
    return _page(registration, form, refusal=refusal)


def _differences(registration: Any, form: EditForm) -> list[tuple[str, str, str]]:
    """(label, mine, theirs) of the fields in which the two versions differ."""
    return [
        (str(form[name].label.text), mine, getattr(registration, name))
        for name, mine in form.identity().items()
        if mine != getattr(registration, name)
    ]


def _page(
    registration: Any,
    form: EditForm,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    refusal: DomainError | None = None,
    theirs: list[tuple[str, str, str]] | None = None,
) -> ResponseReturnValue:
    html = render_template(
        "registration/own_edit.html",
        registration=registration,
        page=queries.signup_page_of(registration.event_id),
        form=form,
        refusal=refusal.code if refusal else ("invalid" if form.errors else None),
        message=translate(refusal) if refusal else "",
        theirs=theirs or [],
    )
    response = make_response(html, refusal.kind.value if refusal else status)
    return guard.token_page(response)
