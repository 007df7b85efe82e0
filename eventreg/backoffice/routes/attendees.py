"""The people of an event: list, one person's file, somebody added by hand."""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice import audience_words, queries, rules, words
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ActForm, AddForm
from eventreg.eligibility.services import open_domain
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.questionnaire import queries as forms
from eventreg.questionnaire import shown
from eventreg.questionnaire.drawing import PREFIX, OrganisersOwn, for_organisers, sent_of
from eventreg.registration import queries as registrations
from eventreg.registration import services
from eventreg.registration.errors import AlreadyRegistered, Full
from eventreg.registration.exports import STATE_WORDS
from eventreg.registration.services import beside
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.addresses import canonical
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import Invalid, NotFound

SEARCH_LIMIT = 200


@bp.get("/evenements/<slug>/inscriptions/")
@access(ORGANISER, Action.LOOK)
def attendees() -> ResponseReturnValue:
    """Search in names and addresses, a state, an order, pages of 50: links and a GET form."""
    search = request.args.get("q", "")[:SEARCH_LIMIT]
    state = request.args.get("etat", "")
    sort = request.args.get("tri", "")
    page = queries.attendees(
        event().id,
        search=search,
        state=state if state in STATE_WORDS else "",
        sort=sort if sort in rules.SORTS else rules.DEFAULT_SORT,
        page=page_number(),
    )
    return render_template(
        "backoffice/attendees.html",
        event=event(),
        page=page,
        search=search,
        state=state if state in STATE_WORDS else "",
        sort=sort if sort in rules.SORTS else rules.DEFAULT_SORT,
        state_options=words.choices(STATE_WORDS),
    )


def page_number() -> int:
    """The page asked for; anything odd is the first."""
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 1


@bp.get("/evenements/<slug>/inscriptions/<public_id>/")
@access(ORGANISER, Action.LOOK)
def attendee(public_id: str) -> ResponseReturnValue:
    """One person's file: facts, eligibility in words, letters, trace, possible acts."""
    registration = registrations.attendee(event().id, public_id)
    if registration is None:
        raise NotFound
    trace = registrations.trace(registration.id)
    return render_template(
        "backoffice/attendee.html",
        event=event(),
        registration=registration,
        explanation=words.eligibility(registration),
        mails=registrations.mails_of(registration.id),
        trace=trace,
        names=queries.names_of(entry.actor for entry in trace),
        acts=rules.possible_acts(registration.state, cleared=registration.cleared),
        evidence=audience_words.evidence(registration),
        domain=open_domain(registration.email_key),
        **said(registration),
    )


@bp.route("/evenements/<slug>/inscriptions/<public_id>/reponses/", methods=["GET", "POST"])
@access(ORGANISER, Action.DECIDE)
def own_answers(public_id: str) -> ResponseReturnValue:
    """The questions that organisers alone answer about a person."""
    registration = registrations.attendee(event().id, public_id)
    form = forms.form_of(event().id, registration.form_version) if registration else None
    if registration is None or form is None or not for_organisers(form):
        raise NotFound
    kept = sent_of(form, registration.answers)
    own = {key: value for key, value in kept.items() if form.by_key[key].organiser_only}
    act = ActForm()
    if request.method == "POST":
        own = {name.removeprefix(PREFIX): v for name, v in request.form.lists() if PREFIX in name}
    questions = OrganisersOwn(form, registration.population, kept, own)
    if act.validate_on_submit() and questions.valid():
        with transaction():
            locked = registrations.by_public_id(public_id, lock=True)
            if locked is not None:
                answers = questions.checked.answers
                beside.note(locked, answers, actor=account().actor, now=utc_now())
        target = url_for("backoffice.attendee", slug=event().slug, public_id=public_id)
        return redirect(target, HTTPStatus.SEE_OTHER)
    page = render_template(
        "backoffice/own_answers.html",
        event=event(),
        form=act,
        registration=registration,
        questions=questions,
        accept_files="",
    )
    return page, HTTPStatus.OK if request.method != "POST" else HTTPStatus.UNPROCESSABLE_ENTITY


def said(registration: Any) -> dict[str, Any]:
    """Answers, and access needs for the one contact who reads them."""
    needs = forms.needs_of(registration.id)
    form = forms.form_of(registration.event_id, registration.form_version)
    contacts = {key: form.by_key[key].contact for key in needs if key in form.by_key}
    reader = canonical(account().email).canonical
    mine = [text for key, text in needs.items() if contacts.get(key) == reader]
    return {
        "may_note": for_organisers(form),
        "answers": shown.of_registration(registration, by_organiser=True),
        "population": shown.population(registration),
        "needs": mine,
        "needs_contacts": sorted({c for c in contacts.values() if c}) if needs else [],
    }


@bp.route("/evenements/<slug>/inscriptions/ajouter/", methods=["GET", "POST"])
@access(ORGANISER, Action.ADD)
def add() -> ResponseReturnValue:
    """Somebody added by hand, also after the deadline; over capacity only when ticked."""
    form = filled(AddForm)
    status = HTTPStatus.OK if request.method != "POST" else HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate_on_submit():
        try:
            with transaction():
                registration = services.add_by_hand(
                    event(),
                    form.applicant(),
                    reason=form.reason.data or "",
                    actor=account().actor,
                    locale=str(form.language.data),
                    over_capacity=bool(form.over_capacity.data),
                )
                public_id = registration.public_id
        except Full as refusal:
            sentence = gettext(
                "There is no place left. Tick this box to add the person all the same."
            )
            form.over_capacity.errors = [sentence]
            status = HTTPStatus(refusal.kind.value)
        except (AlreadyRegistered, Invalid) as refusal:
            form.show(refusal)
            status = HTTPStatus(refusal.kind.value)
        else:
            flash(gettext("The person has been added and receives a confirmation."), "success")
            target = url_for("backoffice.attendee", slug=event().slug, public_id=public_id)
            return redirect(target, HTTPStatus.SEE_OTHER)
    facts = registrations.signup_facts_of(event().id)
    page = render_template("backoffice/add.html", event=event(), form=form, facts=facts)
    return page, status
