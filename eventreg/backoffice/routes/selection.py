"""Choosing among requests: score, notes and shortlist of one person; lotteries of an event."""

import json
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from eventreg.backoffice import queries
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ActForm
from eventreg.backoffice.routes.decisions import decide_one
from eventreg.backoffice.selection_forms import DrawForm, NoteForm
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import queries as registrations
from eventreg.registration.queries import selection as reads
from eventreg.registration.rules import Act
from eventreg.registration.rules.selection import ticket
from eventreg.registration.services import selection
from eventreg.registration.services.decisions import locked
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError, NotFound


@bp.route("/evenements/<slug>/inscriptions/<public_id>/selection/", methods=["GET", "POST"])
@access(ORGANISER, Action.DECIDE)
def note(public_id: str) -> ResponseReturnValue:
    registration = registrations.attendee(event().id, public_id)
    if registration is None:
        raise NotFound
    stored = (registration.score, registration.organiser_notes, registration.shortlisted)
    form = filled(
        NoteForm,
        score="" if stored[0] is None else str(stored[0]),
        notes=stored[1],
        shortlisted=stored[2],
        seen=json.dumps(stored),
    )
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.validate_on_submit():
            try:
                _note(public_id, form)
            except DomainError as refusal:
                form.show(refusal)
                form.seen.data = json.dumps(stored)
                status = HTTPStatus(refusal.kind.value)
            else:
                flash(gettext("The notes on this request are saved."), "success")
                target = url_for("backoffice.attendee", slug=event().slug, public_id=public_id)
                return redirect(target, HTTPStatus.SEE_OTHER)
    html = render_template(
        "backoffice/note.html", event=event(), registration=registration, form=form, stored=stored
    )
    return html, status


def _note(public_id: str, form: NoteForm) -> None:
    try:
        score, notes, shortlisted = json.loads(request.form.get("seen", ""))
    except (ValueError, TypeError, RecursionError):
        score, notes, shortlisted = None, "", False
    number = form.number()
    with transaction():
        registration = locked(event().id, public_id)
        if registration is None:
            raise NotFound
        selection.note(
            registration,
            score=number,
            notes=form.notes.data or "",
            shortlisted=form.shortlisted.data,
            seen=(score, notes, shortlisted),
        )


@bp.route("/evenements/<slug>/tirages/", methods=["GET", "POST"])
@access(ORGANISER, Action.DECIDE)
def draws() -> ResponseReturnValue:
    form = filled(DrawForm)
    circles = [reads.candidates(event().id, shortlist=one) for one in (False, True)]
    form.offer(*(len(circle) for circle in circles))
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.validate_on_submit():
            try:
                places = form.count()
                with transaction():
                    made = selection.make_draw(
                        event().id,
                        places=places,
                        shortlist=form.among.data == "shortlist",
                        seed=form.seed.data or "",
                        actor=account().actor,
                        now=utc_now(),
                    )
                    public_id = made.public_id
            except DomainError as refusal:
                form.show(refusal)
            else:
                target = url_for("backoffice.draw", slug=event().slug, public_id=public_id)
                return redirect(target, HTTPStatus.SEE_OTHER)
    found = reads.draws(event().id)
    html = render_template(
        "backoffice/draws.html",
        event=event(),
        form=form,
        draws=found,
        names=queries.names_of(one.made_by for one in found),
    )
    return html, status


@bp.get("/evenements/<slug>/tirages/<public_id>/")
@access(ORGANISER, Action.DECIDE)
def draw(public_id: str) -> ResponseReturnValue:
    """The result with everything that plays it again."""
    found = _draw(public_id)
    ids = [public_id for public_id, _seats in found.candidates]
    return render_template(
        "backoffice/draw.html",
        event=event(),
        draw=found,
        ticket=ticket,
        people=reads.names(event().id, ids),
        names=queries.names_of([found.made_by]),
        form=ActForm(),
    )


@bp.post("/evenements/<slug>/tirages/<public_id>/accepter/")
@access(ORGANISER, Action.DECIDE)
def accept_drawn(public_id: str) -> ResponseReturnValue:
    """Accepts the people drawn, each in a transaction of their own; the others are not touched."""
    found = _draw(public_id)
    if not ActForm().validate_on_submit():
        raise NotFound
    people = reads.names(event().id, found.chosen)
    done, left = 0, []
    for person in found.chosen:
        if people.get(person, ("", ""))[1] not in {"pending", "waiting"}:
            continue
        if decide_one(event().id, person, Act.ACCEPT, "") is None:
            done += 1
        else:
            left.append(people[person][0])
    if done:
        flash(ngettext("%(num)s request accepted.", "%(num)s requests accepted.", done), "success")
    if left:
        flash(
            gettext("Not accepted, no place was left: %(names)s", names=", ".join(left)), "warning"
        )
    target = url_for("backoffice.draw", slug=event().slug, public_id=public_id)
    return redirect(target, HTTPStatus.SEE_OTHER)


def _draw(public_id: str) -> Any:
    found = reads.draw_of(event().id, public_id)
    if found is None:
        raise NotFound
    return found
