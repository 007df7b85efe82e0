"""The waiting list of an event: pools, people in order, offers; acts with their reason."""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice import rules
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.line_forms import LineActForm, MoveForm
from eventreg.backoffice.routes.attendees import page_number
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import queries as registrations
from eventreg.registration.errors import Full, NotPossible
from eventreg.registration.queries import line, waiting
from eventreg.registration.rules import SignupState, State, signup_state
from eventreg.registration.services import line_acts, waiting_list
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError, Invalid, NotFound, Stale

STATES = {"deplacer": State.WAITING, "proposer": State.WAITING, "retirer": State.OFFERED}


@bp.get("/evenements/<slug>/liste-attente/")
@access(ORGANISER, Action.LOOK)
def line_page() -> ResponseReturnValue:
    facts = registrations.signup_facts_of(event().id)
    page = waiting.people(event().id, page=page_number())
    now = utc_now()
    return render_template(
        "backoffice/waiting_list.html",
        event=event(),
        facts=facts,
        pools=waiting.pools(event().id),
        page=page,
        first=(page.number - 1) * page.size,
        lacking=waiting.lacking([row.id for row in page.rows]),
        offers=waiting.offers(event().id),
        may_offer=waiting_list.may_offer(facts, now),
        overbooked=rules.overbooked,
        keeps=signup_state(facts, now) is SignupState.WAITING_LIST,
    )


@bp.route(
    "/evenements/<slug>/liste-attente/<public_id>/<any(deplacer,proposer,retirer):act>/",
    methods=["GET", "POST"],
)
@access(ORGANISER, Action.DECIDE)
def line_act(public_id: str, act: str) -> ResponseReturnValue:
    person = registrations.attendee(event().id, public_id)
    if person is None:
        raise NotFound
    rank = line.rank(person) if person.state == State.WAITING else None
    kind = MoveForm if act == "deplacer" else LineActForm
    form: Any = filled(kind, version=str(person.version), rank=str(rank or ""))
    if request.method != "POST":
        return _page(person, act, form, rank)
    if not form.validate_on_submit():
        return _page(person, act, form, rank), HTTPStatus.UNPROCESSABLE_ENTITY
    refusal = _do(act, public_id, form)
    if refusal is None:
        flash(_done(act), "success")
        return redirect(url_for("backoffice.line_page", slug=event().slug), HTTPStatus.SEE_OTHER)
    form.show(refusal)
    now = registrations.attendee(event().id, public_id)
    if now is None:
        raise NotFound
    form.version.data, form.version.raw_data = str(now.version), None
    return _page(now, act, form, rank, refusal), HTTPStatus(refusal.kind.value)


def _do(act: str, public_id: str, form: Any) -> DomainError | None:
    """Does it; the refusal when it cannot be done any more."""
    given: dict[str, Any] = {
        "reason": form.reason.data or "",
        "actor": account().actor,
        "version": form.version_seen,
    }
    try:
        with transaction():
            if act == "deplacer":
                line_acts.move_to(event().id, public_id, rank=form.wanted, **given)
            elif act == "proposer":
                line_acts.offer_now(event().id, public_id, **given)
            else:
                line_acts.withdraw(event().id, public_id, **given)
    except (Invalid, NotPossible, Full, Stale) as refusal:
        return refusal
    return None


def _done(act: str) -> str:
    sentences: dict[str, str] = {
        "deplacer": gettext("The rank is changed. The person reads your reason on their page."),
        "proposer": gettext("The place is offered. The person is told by e-mail."),
        "retirer": gettext("The offer is withdrawn. The person is told by e-mail."),
    }
    return sentences[act]


def _page(
    person: Any, act: str, form: Any, rank: int | None, refusal: DomainError | None = None
) -> str:
    return render_template(
        "backoffice/line_act.html",
        event=event(),
        registration=person,
        act=act,
        form=form,
        rank=rank,
        possible=State(person.state) is STATES[act] and (act != "proposer" or person.cleared),
        refusal=refusal.code if refusal else None,
    )
