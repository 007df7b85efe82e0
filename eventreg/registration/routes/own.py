"""Mailed links and the person's own page: confirm, cancel, the calendar file, fresh links."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from eventreg.registration import answering, calendar, errors, links, queries, rules, services
from eventreg.registration.forms import AddressForm, EditForm
from eventreg.registration.links import Grant
from eventreg.registration.queries import line
from eventreg.registration.routes import guard
from eventreg.registration.routes.guard import bp
from eventreg.registration.rules import State
from eventreg.registration.services import beside, editing, possible, self_service
from eventreg.shared import clock, limits, pace
from eventreg.shared.access import LINK, PUBLIC, access
from eventreg.shared.addresses import canonical
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError, NotFound
from eventreg.shared.i18n import current_locale, translate


@bp.get("/inscriptions/lien/<token>")
@access(LINK)
def link(token: str) -> ResponseReturnValue:
    """Changes nothing: swaps the token for a short cookie and a clean address (R38)."""
    grant = links.read(token)
    if grant is None:
        return guard.expired()
    page = ".proposal" if grant.purpose in links.OF_PROPOSALS else ".own"
    page = ".invited" if grant.purpose == "invitation" else page
    response = make_response(
        redirect(url_for(page, public_id=grant.public_id), HTTPStatus.SEE_OTHER)
    )
    guard.remember(response, grant)
    return guard.token_page(response)


@bp.get("/inscriptions/<public_id>/")
@access(LINK)
def own(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    return show(*found)


def show(
    registration: Any,
    grant: Grant,
    *,
    refusal: DomainError | None = None,
    form: EditForm | None = None,
) -> ResponseReturnValue:
    """The person's own page; with a `refusal` it says first why an act was not done."""
    page = queries.signup_page_of(registration.event_id)
    now = clock.utc_now()
    delivered, failed = queries.first_delivery(registration.id)
    hold_ends_at = rules.hold_ends_at(
        delivered_at=delivered,
        failed_at=failed,
        hours=page.facts.confirmation_hours,
        starts_at=page.facts.starts_at,
    )
    state = State(registration.state)
    ends = registration.offer_ends_at if state is State.OFFERED else hold_ends_at
    if state in {State.UNCONFIRMED, State.OFFERED} and ends is not None and now >= ends:
        state = State.EXPIRED
    response = make_response(
        render_template(
            "registration/own.html",
            registration=registration,
            state=state,
            page=page.in_locale(current_locale()),
            form=form or editing_form(registration),
            **answering.said(registration),
            acts=possible.of(registration, state, page.facts, now),
            refusal=refusal.code if refusal else None,
            message=translate(refusal) if refusal else "",
            hold_ends_at=hold_ends_at,
            may_confirm=_may_confirm(registration, state, grant),
            rank=line.rank(registration) if state is State.WAITING else None,
            waits_for=_waits_for(registration, state),
            may_cancel=rules.may_cancel(
                state,
                starts_at=page.facts.starts_at,
                now=now,
                cancel_until=page.facts.cancel_until,
            ),
            signups=rules.signup_state(page.facts, now),
        )
    )
    if refusal is not None:
        response.status_code = refusal.kind.value
    return guard.token_page(response)


def editing_form(registration: Any) -> EditForm:
    """The form to change one's answers, filled with what is stored."""
    form = EditForm(formdata=None, obj=registration)
    form.seen.data = editing.mark(registration)
    return form


def _waits_for(registration: Any, state: State) -> Sequence[str]:
    """The full workshops, days or meals of somebody in line, by their names."""
    if state is not State.WAITING or not registration.form_version:
        return ()
    lacking = [row.pool_id for row in line.pool_seats(registration.id) if row.lacking]
    return line.labels(lacking) if lacking else ()


def _may_confirm(registration: Any, state: State, grant: Grant) -> bool:
    """Prove the address, here or in line, or take the offered place."""
    unproven = state is State.UNCONFIRMED or (
        state is State.WAITING and registration.proven_at is None
    )
    return state is State.OFFERED or (unproven and grant.purpose == "confirm")


@bp.post("/inscriptions/<public_id>/confirmer/")
@access(LINK)
def confirm(public_id: str) -> ResponseReturnValue:
    grant = guard.grant_of(public_id)
    if grant is None:
        return guard.expired()
    with transaction():
        held = self_service.held(public_id, grant.nonce)
        if grant.purpose != "confirm" and held.state != State.OFFERED:
            raise errors.ExpiredLink
        services.confirm(held)
        beside.tell_needs(held.id, now=clock.utc_now())
        registration = queries.by_public_id(public_id)
        nonce = registration.nonce if registration else grant.nonce
    return guard.back(Grant(public_id, nonce, grant.purpose))


@bp.post("/inscriptions/<public_id>/annuler/")
@access(LINK)
def cancel(public_id: str) -> ResponseReturnValue:
    grant = guard.grant_of(public_id)
    if grant is None:
        return guard.expired()
    with transaction():
        registration = self_service.held(public_id, grant.nonce)
        services.cancel(registration, actor="registrant")
        nonce = registration.nonce
    return guard.back(Grant(public_id, nonce, grant.purpose))


@bp.get("/inscriptions/<public_id>.ics")
@access(LINK)
def own_ics(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, _grant = found
    if registration.state in {State.WAITING, State.OFFERED}:
        raise NotFound  # nothing to plan yet
    page = queries.signup_page_of(registration.event_id)
    body = calendar.of_registration(page, registration, now=clock.utc_now())
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="{page.facts.slug}.ics"'
    return guard.token_page(response)


@bp.route("/mes-inscriptions/", methods=["GET", "POST"])
@access(PUBLIC)
def my_registrations() -> ResponseReturnValue:
    """The answer is the same whether or not the address is known."""
    form = AddressForm()
    if not form.is_submitted():
        return render_template("registration/my_registrations.html", form=form, sent=False)
    if not form.validate():
        html = render_template("registration/my_registrations.html", form=form, sent=False)
        return html, HTTPStatus.UNPROCESSABLE_ENTITY
    limits.hit(limits.LETTERS, "my-links", fail_open=False)
    with pace.even(), transaction():
        services.send_links(
            canonical(form.email.data or ""), locale=current_locale(), now=clock.utc_now()
        )
    return render_template("registration/my_registrations.html", form=form, sent=True)
