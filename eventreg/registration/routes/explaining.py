"""The page on which a doubtful person says for which public body they work."""

from http import HTTPStatus

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from eventreg.registration import errors, queries
from eventreg.registration.forms import ExplainForm
from eventreg.registration.links import Grant
from eventreg.registration.routes import guard
from eventreg.registration.routes.guard import bp
from eventreg.registration.services import explaining, self_service
from eventreg.shared.access import LINK, access
from eventreg.shared.db import transaction


@bp.app_template_test("explainable")
def explainable(registration: object) -> bool:
    """Whether the person's own page offers this one."""
    return explaining.may_explain(registration)  # type: ignore[arg-type]  # doors see no model


@bp.route("/inscriptions/<public_id>/expliquer/", methods=["GET", "POST"])
@access(LINK)
def explain(public_id: str) -> ResponseReturnValue:
    """One optional box; 500 characters, no file."""
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, grant = found
    if not explaining.may_explain(registration):
        raise errors.NotPossible
    form = ExplainForm(data={"justification": registration.justification})
    status = HTTPStatus.OK if request.method != "POST" else HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate_on_submit():
        with transaction():
            held = self_service.held(public_id, grant.nonce)
            explaining.explain(held, form.justification.data or "")
        return guard.back(Grant(public_id, grant.nonce, grant.purpose))
    page = queries.signup_page_of(registration.event_id)
    html = render_template(
        "registration/explain.html", registration=registration, page=page, form=form
    )
    return guard.token_page(make_response(html, status))
