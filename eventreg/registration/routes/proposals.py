"""A place handed over, another address: asked from one's own page, answered by a mailed link."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from eventreg.registration import errors, queries
from eventreg.registration.forms import ActForm, AddressForm, ColleagueForm
from eventreg.registration.links import Grant
from eventreg.registration.routes import guard
from eventreg.registration.routes.guard import bp
from eventreg.registration.rules import State
from eventreg.registration.services import address, handover, possible, proposals, self_service
from eventreg.shared import clock, limits
from eventreg.shared.access import LINK, access
from eventreg.shared.addresses import canonical
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError
from eventreg.shared.i18n import translate


@bp.route("/inscriptions/<public_id>/ceder/", methods=["GET", "POST"])
@access(LINK)
def hand_over(public_id: str) -> ResponseReturnValue:
    """The form with the colleague's name and address."""
    return _ask(
        public_id,
        "registration/own_hand_over.html",
        ColleagueForm(),
        lambda registration, form: handover.offer(registration, form.colleague()),
    )


@bp.route("/inscriptions/<public_id>/adresse/", methods=["GET", "POST"])
@access(LINK)
def new_address(public_id: str) -> ResponseReturnValue:
    """The form with the new address."""
    return _ask(
        public_id,
        "registration/own_address.html",
        AddressForm(),
        lambda registration, form: address.ask(registration, canonical(form.email.data or "")),
    )


@bp.post("/inscriptions/<public_id>/retirer/")
@access(LINK)
def withdraw(public_id: str) -> ResponseReturnValue:
    """Takes back what awaits an answer."""
    grant = guard.grant_of(public_id)
    if grant is None:
        return guard.expired()
    with transaction():
        registration = self_service.held(public_id, grant.nonce)
        proposals.withdraw(registration, clock.utc_now())
    return guard.back(grant)


@bp.get("/inscriptions/propositions/<public_id>/")
@access(LINK)
def proposal(public_id: str) -> ResponseReturnValue:
    """What is proposed, and its buttons. Changes nothing."""
    grant = guard.grant_of(public_id)
    return _proposal(grant) if grant else guard.expired()


@bp.post("/inscriptions/propositions/<public_id>/accepter/")
@access(LINK)
def accept(public_id: str) -> ResponseReturnValue:
    """The colleague takes the place, or the new address is proven: on to the own page."""
    acts = {"take": handover.accept, "address": address.prove}
    return _answer(public_id, acts)


@bp.post("/inscriptions/propositions/<public_id>/refuser/")
@access(LINK)
def refuse(public_id: str) -> ResponseReturnValue:
    """The colleague declines; the old address stops the change."""
    return _answer(public_id, {"take": handover.decline, "stop": address.stop})


def _ask(
    public_id: str, template: str, form: Any, ask: Callable[[Any, Any], object]
) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, grant = found
    if not form.is_submitted():
        return _form(template, registration, form)
    if not form.validate():
        return _form(template, registration, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        limits.hit(limits.LETTERS, "proposals", fail_open=False)
        with transaction():
            ask(self_service.held(public_id, grant.nonce), form)
    except errors.ExpiredLink:
        return guard.expired(grant)
    except DomainError as refusal:
        form.show(refusal)
        return _form(template, registration, form, refusal=refusal)
    return guard.back(grant)


def _form(
    template: str,
    registration: Any,
    form: Any,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    refusal: DomainError | None = None,
) -> ResponseReturnValue:
    page, now = queries.signup_page_of(registration.event_id), clock.utc_now()
    code = refusal.code if refusal else ("invalid" if form.errors else None)
    html = render_template(
        template,
        registration=registration,
        page=page,
        form=form,
        acts=possible.of(registration, State(registration.state), page.facts, now),
        refusal=code,
    )
    return guard.token_page(make_response(html, refusal.kind.value if refusal else status))


def _answer(public_id: str, acts: dict[str, Callable[..., Any]]) -> ResponseReturnValue:
    grant = guard.grant_of(public_id)
    if grant is None or grant.purpose not in acts:
        return guard.expired()
    try:
        with transaction():
            found, registration = proposals.held(public_id, grant.nonce, grant.purpose)
            reached = acts[grant.purpose](found, registration)
    except DomainError as refusal:
        return _proposal(grant, refusal=refusal)
    if reached is None or grant.purpose == "stop":
        target = url_for(".proposal", public_id=public_id)
        return guard.token_page(make_response(redirect(target, HTTPStatus.SEE_OTHER)))
    return guard.back(Grant(reached.public_id, reached.nonce, "manage"))


def _proposal(grant: Grant, *, refusal: DomainError | None = None) -> ResponseReturnValue:
    found = proposals.opened(grant.public_id, grant.nonce, grant.purpose)
    registration = queries.by_key(found.registration_id) if found else None
    if found is None or registration is None:
        return guard.expired()
    now = clock.utc_now()
    is_open = proposals.is_open(found, now)
    html = render_template(
        "registration/proposal.html",
        proposal=found,
        purpose=grant.purpose,
        registration=registration,
        page=queries.signup_page_of(registration.event_id),
        form=ActForm(),
        is_open=is_open,
        may_stop=address.may_stop(found, registration, now),
        refusal=refusal.code if refusal else None,
        message=translate(refusal) if refusal else "",
    )
    return guard.token_page(make_response(html, refusal.kind.value if refusal else HTTPStatus.OK))
