"""Invitations of an event: who was invited and answered, send more, take one back."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ActForm
from eventreg.backoffice.invitation_forms import InvitationForm
from eventreg.events import services as events
from eventreg.organisers.access import account, wants_recent_sign_in
from eventreg.organisers.rules import Action
from eventreg.questionnaire import queries as forms
from eventreg.registration.queries import invitations as reads
from eventreg.registration.services import invitations
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.db import transaction
from eventreg.shared.errors import N_, DomainError, Invalid, NotFound
from eventreg.shared.i18n import current_locale


@bp.route("/evenements/<slug>/invitations/", methods=["GET", "POST"])
@access(ORGANISER, Action.ADD)
def invitation_list() -> ResponseReturnValue:
    """Letters leave in the service's name: a sign-in of less than two hours is asked for."""
    too_old = wants_recent_sign_in()
    if too_old is not None:
        return too_old
    form = filled(InvitationForm)
    form.offer(_populations())
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.validate_on_submit():
            try:
                _send(form)
            except DomainError as refusal:
                form.show(refusal)
            else:
                target = url_for("backoffice.invitation_list", slug=event().slug)
                return redirect(target, HTTPStatus.SEE_OTHER)
    html = render_template(
        "backoffice/invitations.html",
        event=event(),
        form=form,
        rows=reads.of_event(event().id),
        figures=reads.figures(event().id),
        mine=reads.count_by(event().id, account().actor),
        act=ActForm(),
    )
    return html, status


def _populations() -> list[tuple[str, str]]:
    form = forms.form_of(event().id, event().form_version)
    locale = current_locale()
    return [(one.key, one.label.get(locale) or one.label["fr"]) for one in form.populations]


def _send(form: InvitationForm) -> None:
    ends = form.expires_at.data
    zone = event().timezone
    population = form.population.data or ""
    if population and population not in dict(_populations()):
        raise Invalid(N_("Choose one of the populations of the form."), field="population")
    terms = invitations.Terms(
        locale=form.locale.data or "fr",
        message=form.message.data or "",
        reason=form.reason.data or "",
        population=population,
        bound=form.bound.data,
        skips_approval=form.skips_approval.data,
        skips_deadline=form.skips_deadline.data,
        beyond_capacity=form.beyond_capacity.data,
        expires_at=events.parse_moment("expires_at", ends, zone) if ends else None,
    )
    guests = form.people()
    with transaction():
        locked = events.locked(event().slug)
        sent = invitations.invite(locked, guests, terms, actor=account().actor)
    flash(
        ngettext("%(num)s invitation leaves.", "%(num)s invitations leave.", sent.invited),
        "success",
    )
    if sent.already_invited:
        names = ", ".join(sent.already_invited[:10])
        flash(gettext("Already invited, not written to again: %(names)s", names=names), "info")
    if sent.already_there:
        names = ", ".join(sent.already_there[:10])
        flash(gettext("Already signed up: %(names)s", names=names), "info")


@bp.post("/evenements/<slug>/invitations/<public_id>/retirer/")
@access(ORGANISER, Action.ADD)
def withdraw_invitation(public_id: str) -> ResponseReturnValue:
    with transaction():
        found = reads.by_public_id(public_id, lock=True)
        if found is None or found.event_id != event().id:
            raise NotFound
        invitations.withdraw(found, actor=account().actor)
    flash(gettext("The invitation is taken back: its link no longer lets anybody sign up."), "info")
    target = url_for("backoffice.invitation_list", slug=event().slug)
    return redirect(target, HTTPStatus.SEE_OTHER)
