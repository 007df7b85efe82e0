"""The queue: people who await a decision, with why; one or several decided at once."""

from http import HTTPStatus
from types import MappingProxyType

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from eventreg.backoffice import audience_words, queries, words
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ActForm, ReasonForm
from eventreg.backoffice.routes.attendees import page_number
from eventreg.backoffice.routes.audience import count_on
from eventreg.backoffice.routes.decisions import ACTS, decide_one
from eventreg.eligibility import services as eligibility
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import queries as registrations
from eventreg.registration.queries import selection
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError, NotFound
from eventreg.shared.i18n import translate

MOST = 50  # at once: as many as a page shows
VERDICTS = MappingProxyType({"accepter": "accepted", "refuser": "refused"})


@bp.route("/evenements/<slug>/demandes/", methods=["GET", "POST"])
@access(ORGANISER, Action.DECIDE)
def requests() -> ResponseReturnValue:
    """Each person is decided in a transaction of their own: one refusal stops nobody else."""
    form = filled(ReasonForm)
    if request.method != "POST":
        return _page(form)
    chosen = request.form.getlist("qui")[:MOST]
    act = request.form.get("act", "")
    if not form.validate_on_submit() or act not in VERDICTS:
        return _page(form, chosen), HTTPStatus.UNPROCESSABLE_ENTITY
    reason = form.reason.data or ""
    if not chosen:
        form.form_errors.append(gettext("Select at least one person."))
        return _page(form, chosen), HTTPStatus.UNPROCESSABLE_ENTITY
    if act == "refuser" and not reason:
        form.reason.errors = [gettext("Write the reason: the person will read it.")]
        return _page(form, chosen), HTTPStatus.UNPROCESSABLE_ENTITY
    people = selection.names(event().id, chosen)
    done, left = 0, []
    for public_id in chosen:
        try:
            refusal = decide_one(event().id, public_id, ACTS[act], reason)
        except NotFound:
            continue  # erased since, or of another event
        done += refusal is None
        if refusal is not None and public_id in people:
            left.append((people[public_id][0], refusal))
    _say(act, done, left)
    return redirect(url_for("backoffice.requests", slug=event().slug), HTTPStatus.SEE_OTHER)


def _say(act: str, done: int, left: list[tuple[str, DomainError]]) -> None:
    if done and act == "accepter":
        flash(ngettext("%(num)s request accepted.", "%(num)s requests accepted.", done), "success")
    elif done:
        flash(ngettext("%(num)s request refused.", "%(num)s requests refused.", done), "success")
    for name, refusal in left[:MOST]:
        said = gettext("Left as it was: %(name)s. %(why)s", name=name, why=translate(refusal))
        flash(said, "warning")


def _page(form: ReasonForm, chosen: list[str] | None = None) -> str:
    shortlist = request.args.get("liste") == "preselection"
    return render_template(
        "backoffice/requests.html",
        event=event(),
        form=form,
        page=queries.requests(event().id, page=page_number(), shortlist=shortlist),
        shortlist_only=shortlist,
        chosen=chosen or [],
        families=queries.families(event().id),
        explain=words.eligibility,
        audience_words=audience_words,
    )


@bp.post("/evenements/<slug>/inscriptions/<public_id>/domaine/<any(accepter,refuser):act>/")
@access(ORGANISER, Action.EDIT)
def decide_domain(public_id: str, act: str) -> ResponseReturnValue:
    """The domain of a person is accepted or refused for this event; nobody is decided by it."""
    registration = registrations.attendee(event().id, public_id)
    if registration is None or not ActForm().validate_on_submit():
        raise NotFound
    domain = eligibility.open_domain(registration.email_key)
    if not domain:
        flash(gettext("Anybody gets an address there: accept the person instead."), "warning")
    else:
        with transaction():
            verdict, actor = VERDICTS[act], account().actor
            eligibility.add_entry(event().id, domain, verdict=verdict, by=actor, now=utc_now())
            count_on(verdict)
        if act == "accepter":
            said = gettext("“%(domain)s” is accepted for this event from now on.", domain=domain)
        else:
            said = gettext("“%(domain)s” is refused for this event from now on.", domain=domain)
        flash(said + " " + gettext("This person still awaits your decision."), "success")
    target = url_for("backoffice.attendee", slug=event().slug, public_id=public_id)
    return redirect(target, HTTPStatus.SEE_OTHER)
