"""Public pages of registrations: the form, its result, the person's own page."""

import time
from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from eventreg.config import Settings
from eventreg.registration import calendar, errors, links, queries, rules, services
from eventreg.registration.forms import ActForm, AddressForm, RegistrationForm, new_key, too_fast
from eventreg.registration.links import Grant
from eventreg.registration.queries import SignupPage, line
from eventreg.registration.rules import SignupState, State
from eventreg.registration.services import self_service
from eventreg.shared import clock, limits, pace
from eventreg.shared.access import LINK, PUBLIC, access
from eventreg.shared.addresses import canonical
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError
from eventreg.shared.http import csrf
from eventreg.shared.i18n import current_locale, translate

bp = Blueprint("registration", __name__)
COOKIE = links.COOKIE
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


@bp.get("/inscriptions/lien/<token>")
@access(LINK)
def link(token: str) -> ResponseReturnValue:
    """Changes nothing: swaps the token for a short cookie and a clean address (R38)."""
    grant = links.read(token)
    if grant is None:
        return _expired()
    response = make_response(
        redirect(url_for(".own", public_id=grant.public_id), HTTPStatus.SEE_OTHER)
    )
    _remember(response, grant)
    return _token_page(response)


@bp.get("/inscriptions/<public_id>/")
@access(LINK)
def own(public_id: str) -> ResponseReturnValue:
    grant = _grant(public_id)
    registration = queries.by_public_id(public_id) if grant else None
    if grant is None or registration is None or registration.nonce != grant.nonce:
        return _expired()
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
            page=page,
            form=ActForm(),
            hold_ends_at=hold_ends_at,
            may_confirm=_may_confirm(registration, state, grant),
            rank=line.rank(registration) if state is State.WAITING else None,
            may_cancel=rules.may_cancel(
                state,
                starts_at=page.facts.starts_at,
                now=now,
                cancel_until=page.facts.cancel_until,
            ),
            signups=rules.signup_state(page.facts, now),
        )
    )
    return _token_page(response)


def _may_confirm(registration: Any, state: State, grant: Grant) -> bool:
    """Prove the address, here or in line, or take the offered place."""
    unproven = state is State.UNCONFIRMED or (
        state is State.WAITING and registration.proven_at is None
    )
    return state is State.OFFERED or (unproven and grant.purpose == "confirm")


@bp.post("/inscriptions/<public_id>/confirmer/")
@access(LINK)
def confirm(public_id: str) -> ResponseReturnValue:
    grant = _grant(public_id)
    if grant is None:
        return _expired()
    with transaction():
        held = self_service.held(public_id, grant.nonce)
        if grant.purpose != "confirm" and held.state != State.OFFERED:
            raise errors.ExpiredLink
        services.confirm(held)
        registration = queries.by_public_id(public_id)
        nonce = registration.nonce if registration else grant.nonce
    return _back(Grant(public_id, nonce, grant.purpose))


@bp.post("/inscriptions/<public_id>/annuler/")
@access(LINK)
def cancel(public_id: str) -> ResponseReturnValue:
    grant = _grant(public_id)
    if grant is None:
        return _expired()
    with transaction():
        registration = self_service.held(public_id, grant.nonce)
        services.cancel(registration, actor="registrant")
        nonce = registration.nonce
    return _back(Grant(public_id, nonce, grant.purpose))


@bp.get("/inscriptions/<public_id>.ics")
@access(LINK)
def own_ics(public_id: str) -> ResponseReturnValue:
    grant = _grant(public_id)
    registration = queries.by_public_id(public_id) if grant else None
    if grant is None or registration is None or registration.nonce != grant.nonce:
        return _expired()
    page = queries.signup_page_of(registration.event_id)
    body = calendar.of_registration(page, registration, now=clock.utc_now())
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="{page.facts.slug}.ics"'
    return _token_page(response)


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
        fresh=fresh,
        shut=code in {"closed", "full", "not_open"},
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


def _expired() -> ResponseReturnValue:
    """Old links explain and offer a way on; unknown and revoked look alike."""
    html = render_template("registration/expired_link.html", form=AddressForm())
    return _token_page(make_response(html, HTTPStatus.GONE))


def _grants() -> list[Grant]:
    settings: Settings = current_app.extensions["settings"]
    return links.unpack(request.cookies.get(settings.cookie_name(COOKIE)))


def _grant(public_id: str) -> Grant | None:
    return next((g for g in _grants() if g.public_id == public_id), None)


def _remember(response: Response, grant: Grant) -> None:
    settings: Settings = current_app.extensions["settings"]
    response.set_cookie(
        settings.cookie_name(COOKIE),
        links.pack(links.with_grant(_grants(), grant)),
        max_age=int(links.GRANT_AGE.total_seconds()),
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _back(grant: Grant) -> ResponseReturnValue:
    response = make_response(
        redirect(url_for(".own", public_id=grant.public_id), HTTPStatus.SEE_OTHER)
    )
    _remember(response, grant)
    return _token_page(response)


def _token_page(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
