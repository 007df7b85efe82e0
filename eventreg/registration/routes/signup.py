"""Signing up: the form and its result."""

import time
from http import HTTPStatus

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from eventreg.registration import errors, queries, rules, services
from eventreg.registration.forms import RegistrationForm, new_key, too_fast
from eventreg.registration.queries import SignupPage
from eventreg.registration.routes.guard import bp
from eventreg.registration.rules import SignupState
from eventreg.shared import clock, limits
from eventreg.shared.access import PUBLIC, access
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError
from eventreg.shared.http import csrf
from eventreg.shared.i18n import current_locale, translate

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
    page = _page(slug)
    state = rules.signup_state(page.facts, clock.utc_now())
    form = RegistrationForm()
    form.idempotency_key.data = new_key()
    return _draw(page, form, state=state)


@bp.post("/agenda/<slug>/inscription/", endpoint="submit")
@csrf.exempt  # the form checks its own token, so that a stale one loses nothing of what was typed
@access(PUBLIC)
def submit(slug: str) -> ResponseReturnValue:
    page = _recent_page(slug)
    form = RegistrationForm()
    try:
        limits.hit(limits.SIGN_UP, "sign-up")
        valid = form.validate_on_submit()
        if not valid and form.csrf_failed:
            return _draw(page, form, status=HTTPStatus.BAD_REQUEST, fresh=True)
        if not valid:
            services.refuse_if_shut(page.facts, clock.utc_now())
            return _draw(page, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if limits.on() and (
            request.form.get("website") or too_fast(form.idempotency_key.data or "")
        ):
            form.show(errors.LooksAutomatic())
            return _draw(page, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        answer = _register(page, form)
    except DomainError as refusal:
        return _refuse(_page(slug), form, refusal)
    return redirect(url_for(".received", slug=slug, receipt=answer.receipt), HTTPStatus.SEE_OTHER)


@bp.get("/agenda/<slug>/inscription/recue/<receipt>/")
@access(PUBLIC)
def received(slug: str, receipt: str) -> ResponseReturnValue:
    found = queries.receipt(receipt)
    page = queries.signup_page(slug)
    if found is None or page is None or found.event_id != page.facts.event_id:
        raise errors.NoSignUp
    return render_template(
        "registration/received.html",
        page=page,
        receipt=receipt,
        state=found.shown_state,
        outcome=found.shown_outcome,
    )


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


def _register(page: SignupPage, form: RegistrationForm) -> services.Answer:
    """Takes the seats, or a place in line where a waiting list is kept."""
    in_line = rules.signup_state(page.facts, clock.utc_now()) is SignupState.WAITING_LIST
    for attempt in range(TRIES):
        try:
            prepared = services.prepare(
                page, form.applicant(), locale=current_locale(), in_line=in_line
            )
            with transaction():
                return services.register(
                    prepared, key=form.idempotency_key.data or new_key(), payload=form.payload()
                )
        except errors.Full:
            if in_line or not services.keeps_line(prepared):
                raise
            in_line, page = True, _page(page.facts.slug)
        except errors.NotPossible:
            if attempt == TRIES - 1:
                raise
            page = _page(page.facts.slug)
            in_line = rules.signup_state(page.facts, clock.utc_now()) is SignupState.WAITING_LIST
    raise errors.NotPossible


def _draw(
    page: SignupPage,
    form: RegistrationForm,
    *,
    state: SignupState | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    refusal: DomainError | None = None,
    fresh: bool = False,
) -> ResponseReturnValue:
    """The form; with `fresh` its token had grown too old and a new one is in it."""
    now = clock.utc_now()
    state = state or rules.signup_state(page.facts, now)
    shut = {
        SignupState.CLOSED: "closed",
        SignupState.FULL: "full",
        SignupState.NOT_OPEN: "not_open",
    }
    code = refusal.code if refusal else shut.get(state) or ("invalid" if form.errors else None)
    html = render_template(
        "registration/form.html",
        page=page,
        form=form,
        signups=state,
        refusal=code,
        message=translate(refusal) if refusal else "",
        suggestion=getattr(refusal, "suggestion", None),
        reason=getattr(refusal, "reason", ""),
        may_ask=getattr(refusal, "may_ask", False),
        fresh=fresh,
        shut=code in {"closed", "full", "not_open"},
        closed_message=page.once_closed(current_locale(), clock.utc_now()),
    )
    return html, status


def _refuse(page: SignupPage, form: RegistrationForm, refusal: DomainError) -> ResponseReturnValue:
    """What was typed stays; the status and the code tell programs."""
    if refusal.field:
        form.show(refusal)
    drawn = _draw(page, form, status=HTTPStatus(refusal.kind.value), refusal=refusal)
    response = make_response(drawn)
    if refusal.kind.value in {429, 503}:
        response.headers["Retry-After"] = "5" if refusal.kind.value == 503 else "300"
    return response
