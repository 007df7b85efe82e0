"""Invited people: what they are invited to, the way to the form, one click to decline."""

from http import HTTPStatus
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from eventreg.registration import queries, rules, services
from eventreg.registration.forms import ActForm
from eventreg.registration.queries import invitations
from eventreg.registration.routes import guard
from eventreg.registration.routes.guard import bp
from eventreg.registration.rules import Pass
from eventreg.registration.services import invitations as use_cases
from eventreg.registration.services import terms
from eventreg.shared import clock, tokens
from eventreg.shared.access import LINK, access
from eventreg.shared.db import transaction

PARAMETER = "invitation"


def _opened(public_id: str) -> Any | None:
    """The invitation that this browser's grant opens."""
    grant = guard.grant_of(public_id)
    found = invitations.by_public_id(public_id) if grant else None
    if grant is None or found is None or not tokens.same(found.nonce, grant.nonce):
        return None
    return found


@bp.get("/invitations/<public_id>/")
@access(LINK)
def invited(public_id: str) -> ResponseReturnValue:
    found = _opened(public_id)
    if found is None:
        return guard.expired()
    now = clock.utc_now()
    page = queries.signup_page_of(found.event_id)
    facts = terms.of(page.facts, found.population, invitations.as_pass(found))
    over = found.state == "open" and now >= found.expires_at
    html = render_template(
        "registration/invited.html",
        page=page,
        invitation=found,
        state="expired" if over else found.state,
        signups=rules.signup_state(facts, now),
        form=ActForm(),
    )
    return guard.token_page(make_response(html))


@bp.post("/invitations/<public_id>/decliner/")
@access(LINK)
def decline(public_id: str) -> ResponseReturnValue:
    grant = guard.grant_of(public_id)
    if grant is None:
        return guard.expired()
    with transaction():
        use_cases.decline(use_cases.held(public_id, grant.nonce))
    target = url_for(".invited", public_id=public_id)
    return guard.token_page(make_response(redirect(target, HTTPStatus.SEE_OTHER)))


def shown(event_id: int) -> tuple[Pass, Any] | None:
    """What the invitation named by the form's address or field allows, while it can be used.

    None without one; the grant of the browser must open it, and it must be this event's.
    """
    public_id = request.values.get(PARAMETER, "")
    found = _opened(public_id) if public_id else None
    if found is None or found.event_id != event_id:
        return None
    if not services.invitations.usable(found, clock.utc_now()):
        return None
    return invitations.as_pass(found), found
