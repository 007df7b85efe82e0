"""Decisions about a person: accept, refuse, cancel; each on a page that says what will happen."""

from http import HTTPStatus
from types import MappingProxyType

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice import rules
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ReasonForm
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import queries, services
from eventreg.registration.errors import Full, NotPossible
from eventreg.registration.rules import Act
from eventreg.registration.services.decisions import locked
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError, Invalid, NotFound

ACTS = MappingProxyType({"accepter": Act.ACCEPT, "refuser": Act.REFUSE, "annuler": Act.CANCEL})


@bp.route(
    "/evenements/<slug>/inscriptions/<public_id>/<any(accepter,refuser,annuler):act>/",
    methods=["GET", "POST"],
)
@access(ORGANISER, Action.DECIDE)
def decide(public_id: str, act: str) -> ResponseReturnValue:
    registration = queries.attendee(event().id, public_id)
    if registration is None:
        raise NotFound
    form = filled(ReasonForm)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.validate_on_submit():
            refusal = decide_one(event().id, public_id, ACTS[act], form.reason.data or "")
            if refusal is None:
                flash(_done(act), "success")
                target = url_for("backoffice.attendee", slug=event().slug, public_id=public_id)
                return redirect(target, HTTPStatus.SEE_OTHER)
            form.show(refusal)
            status = HTTPStatus(refusal.kind.value)
    page = render_template(
        "backoffice/decide.html",
        event=event(),
        registration=registration,
        act=act,
        possible=ACTS[act] in rules.possible_acts(registration.state, cleared=registration.cleared),
        reason_required=act != "accepter",
        form=form,
    )
    return page, status


def decide_one(event_id: int, public_id: str, act: Act, reason: str) -> DomainError | None:
    """Does it; the refusal when it cannot be done any more."""
    try:
        with transaction():
            registration = locked(event_id, public_id)
            if registration is None:
                raise NotFound
            actor = account().actor
            if act is Act.CANCEL:
                services.take_back(registration, reason=reason, actor=actor)
            else:
                services.decide(registration, accept=act is Act.ACCEPT, reason=reason, actor=actor)
    except (Invalid, NotPossible, Full) as refusal:
        return refusal
    return None


def _done(act: str) -> str:
    sentences: dict[str, str] = {
        "accepter": gettext("The request is accepted. The person is told by e-mail."),
        "refuser": gettext("The request is refused. The person receives the reason."),
        "annuler": gettext("The sign-up is cancelled. The person is told."),
    }
    return sentences[act]
