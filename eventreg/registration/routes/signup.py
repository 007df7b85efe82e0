"""Signing up: the form and its result."""

import time
from contextlib import nullcontext
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from eventreg.files.rules import ACCEPT_ALL
from eventreg.proconnect import access as proconnect
from eventreg.questionnaire.drawing import Questions
from eventreg.questionnaire.rules import Form, words
from eventreg.registration import answering, errors, queries, rules, services
from eventreg.registration.forms import RegistrationForm, new_key, too_fast
from eventreg.registration.queries import SignupPage, line
from eventreg.registration.routes import guard, invitations
from eventreg.registration.routes.guard import bp
from eventreg.registration.rules import Pass, SignupState
from eventreg.registration.services import terms
from eventreg.shared import clock, limits
from eventreg.shared.access import PUBLIC, access
from eventreg.shared.db import in_turn, transaction
from eventreg.shared.errors import DomainError
from eventreg.shared.http import csrf
from eventreg.shared.i18n import current_locale, translate
from eventreg.shared.requests import takes_files

RECENT = 1.0  # seconds
MOST_PAGES = 200
TRIES = 3  # settings changed, or a twin ended, between two statements: start afresh


@bp.errorhandler(errors.ElsewhereOnly)
def elsewhere(refusal: errors.ElsewhereOnly) -> ResponseReturnValue:
    html = render_template("registration/elsewhere.html", url=refusal.params["url"])
    return html, HTTPStatus.NOT_FOUND


@bp.get("/agenda/<slug>/inscription/")
@access(PUBLIC)
def form(slug: str) -> ResponseReturnValue:
    page, invited = _with_invitation(_page(slug))
    if invited is None and request.args.get(invitations.PARAMETER):
        return guard.expired()
    own = answering.form_of(page)
    population = _population(own, request.args.get("population", ""), invited)
    if population is None:
        return _choice(page)
    form = RegistrationForm(obj=invited[1] if invited else proconnect.prefilled())
    form.idempotency_key.data = new_key()
    return _draw(page, form, Questions(own, population))


@bp.post("/agenda/<slug>/inscription/", endpoint="submit")
@csrf.exempt  # the form checks its own token, so that a stale one loses nothing of what was typed
@access(PUBLIC)
@takes_files
def submit(slug: str) -> ResponseReturnValue:
    """The body has arrived and the counter has answered before a turn is taken (`in_turn`)."""
    try:
        if not request.form.get("step"):
            limits.hit(limits.SIGN_UP, "sign-up")
        refusal = None
    except DomainError as found:
        refusal = found
    with nullcontext() if request.files else in_turn():  # files take their time
        return _submit(slug, refusal)


def _submit(slug: str, refusal: DomainError | None) -> ResponseReturnValue:
    page, invited = _with_invitation(_recent_page(slug))
    if invited is None and request.form.get(invitations.PARAMETER):
        return guard.expired()
    own = answering.form_of(page)
    population = _population(own, request.form.get("population", ""), invited)
    if population is None:
        return _choice(page, refused=True)
    form = RegistrationForm()
    questions = Questions(own, population, answering.sent())
    allowed = invited[0] if invited else None
    try:
        if refusal is not None:
            raise refusal
        kept = _keeps_files(page, form, questions)
        questions = answering.read(page, own, population, keep=kept)
        again = _drawn_again(page, form, questions)
        if again is not None:
            return again
        receipt = _register(page, form, questions, allowed).receipt
    except DomainError as found:
        return _refuse(_with_invitation(_page(slug))[0], form, questions, found)
    return redirect(url_for(".received", slug=slug, receipt=receipt), HTTPStatus.SEE_OTHER)


def _keeps_files(page: SignupPage, form: RegistrationForm, questions: Questions) -> bool:
    """Files of strangers are kept for forms of ours alone, while somebody can sign up."""
    if not request.files:
        return True
    return form.from_here() and _state(page, questions) in {
        SignupState.OPEN,
        SignupState.WAITING_LIST,
    }


def _drawn_again(
    page: SignupPage, form: RegistrationForm, questions: Questions
) -> ResponseReturnValue | None:
    """The form once more, when only its next questions are asked for or something is wrong in it."""
    if request.form.get("step"):
        return _draw(page, form, questions, note="stepped")
    valid = form.validate_on_submit()
    if not valid and form.csrf_failed:
        return _draw(page, form, questions, status=HTTPStatus.BAD_REQUEST, note="fresh")
    repeated = form.refuse_repeated()
    if not questions.valid() or repeated or not valid:
        services.refuse_if_shut(_terms(page, questions), clock.utc_now())
        return _draw(page, form, questions, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if limits.on() and (request.form.get("website") or too_fast(form.idempotency_key.data or "")):
        form.show(errors.LooksAutomatic())
        return _draw(page, form, questions, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return None


def _terms(page: SignupPage, questions: Questions) -> rules.SignupFacts:
    """The facts as they are for the population; an invitation's are in the page already."""
    if request.values.get(invitations.PARAMETER):
        return page.facts
    return terms.of(page.facts, questions.population)


@bp.get("/agenda/<slug>/inscription/recue/<receipt>/")
@access(PUBLIC)
def received(slug: str, receipt: str) -> ResponseReturnValue:
    found = queries.receipt(receipt)
    page = queries.signup_page(slug)
    if found is None or page is None or found.event_id != page.facts.event_id:
        raise errors.NoSignUp
    return render_template(
        "registration/received.html",
        page=page.in_locale(current_locale()),
        receipt=receipt,
        state=found.shown_state,
        outcome=found.shown_outcome,
    )


def _population(own: Form, asked: str, invited: tuple[Pass, Any] | None) -> str | None:
    """As what somebody signs up; None when it has to be chosen first."""
    return answering.chosen(own, (invited[0].population if invited else "") or asked)


def _choice(page: SignupPage, *, refused: bool = False) -> ResponseReturnValue:
    """One link for each population, with its own window."""
    now, own = clock.utc_now(), answering.form_of(page)
    html = render_template(
        "registration/populations.html",
        page=page.in_locale(current_locale()),
        populations=[
            (
                one,
                rules.signup_state(terms.of(page.facts, one.key), now),
                terms.of(page.facts, one.key),
            )
            for one in own.populations
        ],
        signups=rules.signup_state(page.facts, now),
        invitation=request.values.get(invitations.PARAMETER, ""),
        refused=refused,
        words=words,
    )
    return html, HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK


def _with_invitation(page: SignupPage) -> tuple[SignupPage, tuple[Pass, Any] | None]:
    """The page as it is for whoever shows an invitation, and what that allows."""
    invited = invitations.shown(page.facts.event_id)
    if invited is None:
        return page, None
    facts = terms.of(page.facts, invited[0].population, invited[0])
    return replace(page, facts=facts), invited


def _recent_page(slug: str) -> SignupPage:
    """The page as it was within the last second, to prepare a sign-up with.

    The transaction reads the facts again and starts afresh when the event's version moved.
    """
    known: dict[str, tuple[float, SignupPage]] = current_app.extensions.setdefault(
        "signup-pages", {}
    )
    read, page = known.get(slug, (0.0, None))
    now = time.monotonic()
    if page is None or now - read >= RECENT:
        if len(known) >= MOST_PAGES:
            known.clear()
        page = _page(slug)
        if page.facts.form_version:
            page = replace(page, pool_ids=line.pool_ids(page.facts.event_id))
        known[slug] = (now, page)
    return page


def _page(slug: str) -> SignupPage:
    page = queries.signup_page(slug)
    if page is None or page.facts.event_state == "draft":
        raise errors.NoSignUp
    if page.facts.mode == "external":
        raise errors.ElsewhereOnly(url=page.facts.external_url)
    if page.facts.mode == "none":
        raise errors.NoSignUp
    return page


def _register(
    page: SignupPage, form: RegistrationForm, questions: Questions, allowed: Pass | None = None
) -> services.Answer:
    """Takes the seats, or a place in line where a waiting list is kept."""
    state = _state(page, questions)
    in_line = state is SignupState.WAITING_LIST
    if state is SignupState.FULL and allowed is None:
        services.refuse_at_sight(page.facts, form.idempotency_key.data or "")
    for attempt in range(TRIES):
        try:
            prepared = services.prepare(
                page,
                replace(form.applicant(), identity=proconnect.identity()),
                locale=current_locale(),
                wishes=answering.wishes_of(questions),
                in_line=in_line,
                allowed=allowed,
            )
            with transaction():
                return _written(prepared, form, questions)
        except errors.Full:
            if in_line or not services.keeps_line(prepared):
                raise
            in_line, page = True, _page(page.facts.slug)
        except errors.NotPossible:
            if attempt == TRIES - 1:
                raise
            page = _page(page.facts.slug)
            if page.facts.form_version != questions.form.version:
                raise errors.FormChanged from None
            in_line = _state(page, questions) is SignupState.WAITING_LIST
    raise errors.NotPossible


def _state(page: SignupPage, questions: Questions) -> SignupState:
    return rules.signup_state(_terms(page, questions), clock.utc_now())


def _written(
    prepared: services.Prepared, form: RegistrationForm, questions: Questions
) -> services.Answer:
    key, payload = form.idempotency_key.data or new_key(), form.payload()
    if not questions.form.version:
        return services.register(prepared, key=key, payload=payload)
    answer = services.register(prepared, key=key, payload=payload | answering.payload(questions))
    if answer.registration_id is not None:
        answering.keep_beside(questions, prepared.facts.event_id, answer.registration_id)
    return answer


def _draw(
    page: SignupPage,
    form: RegistrationForm,
    questions: Questions,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    refusal: DomainError | None = None,
    note: str = "",
) -> ResponseReturnValue:
    """The form. `note`: "fresh", its token had grown too old and a new one is in it; "stepped"."""
    now = clock.utc_now()
    facts = _terms(page, questions)
    state = rules.signup_state(facts, now)
    shut = {
        SignupState.CLOSED: "closed",
        SignupState.FULL: "full",
        SignupState.NOT_OPEN: "not_open",
    }
    wrong = form.errors or questions.faults
    code = refusal.code if refusal else shut.get(state) or ("invalid" if wrong else None)
    html = render_template(
        "registration/form.html",
        page=page.in_locale(current_locale()),
        facts=facts,
        form=form,
        questions=questions,
        note=note,
        accept_files=ACCEPT_ALL,
        words=words,
        signups=state,
        refusal=code,
        message=translate(refusal) if refusal else "",
        invitation=request.values.get(invitations.PARAMETER, ""),
        suggestion=getattr(refusal, "suggestion", None),
        reason=getattr(refusal, "reason", ""),
        may_ask=getattr(refusal, "may_ask", False),
        shut=code in {"closed", "full", "not_open"},
        closed_message=page.once_closed(current_locale(), clock.utc_now()),
    )
    return html, status


def _refuse(
    page: SignupPage, form: RegistrationForm, questions: Questions, refusal: DomainError
) -> ResponseReturnValue:
    """What was typed stays; the status and the code tell programs."""
    if refusal.field:
        form.show(refusal)
    if page.facts.form_version != questions.form.version:
        questions = answering.again(page, questions)
    status = HTTPStatus(refusal.kind.value)
    drawn = _draw(page, form, questions, status=status, refusal=refusal)
    response = make_response(drawn)
    if refusal.kind.value in {429, 503}:
        response.headers["Retry-After"] = "5" if refusal.kind.value == 503 else "300"
    return response
