"""A person changes their sign-up. Somebody else's change in between is shown, never lost."""

from http import HTTPStatus
from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from eventreg.files.rules import ACCEPT_ALL
from eventreg.questionnaire.drawing import Questions, shown_answer
from eventreg.questionnaire.rules import words
from eventreg.registration import errors, queries, rereading
from eventreg.registration.forms import EditForm
from eventreg.registration.links import Grant
from eventreg.registration.routes import guard, own
from eventreg.registration.routes.guard import bp
from eventreg.registration.services import editing, self_service
from eventreg.registration.services.editing import Edit
from eventreg.shared.access import LINK, access
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError
from eventreg.shared.i18n import current_locale, translate
from eventreg.shared.requests import takes_files


@bp.get("/inscriptions/<public_id>/modifier/")
@access(LINK)
def edit(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, _grant = found
    page = queries.signup_page_of(registration.event_id)
    questions = rereading.stored(page, registration, request.args.get("population", ""))
    return _page(registration, own.editing_form(registration), questions)


@bp.post("/inscriptions/<public_id>/modifier/")
@access(LINK)
@takes_files
def modify(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, grant = found
    form, questions = EditForm(), _sent(registration)
    if request.form.get("step"):
        return _page(registration, form, questions, stepped=True)
    valid = form.validate_on_submit()
    if not (questions is None or questions.valid()) or not valid:
        return _page(registration, form, questions, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with transaction():
            held = self_service.held(public_id, grant.nonce)
            editing.modify(held, _edit(held, form, questions))
    except DomainError as refusal:
        return _refused(public_id, grant, form, questions, refusal)
    return guard.back(grant)


def _sent(registration: Any) -> Questions | None:
    """The answers of the whole form; None for the short one of the own page: who they are alone."""
    if not request.form.get("questions"):
        return None
    page = queries.signup_page_of(registration.event_id)
    return rereading.read(page, registration, request.form.get("population", ""))


def _edit(registration: Any, form: EditForm, questions: Questions | None) -> Edit:
    seen = form.seen.data or ""
    if questions is None or not questions.form.version:
        return Edit(form.identity(), seen=seen)
    wishes = rereading.wishes_of(questions, registration)
    return Edit(form.identity(), seen=seen, wishes=wishes, needs=questions.needs)


def _refused(
    public_id: str,
    grant: Grant,
    form: EditForm,
    questions: Questions | None,
    refusal: DomainError,
) -> ResponseReturnValue:
    """What was typed stays; what somebody else wrote meanwhile stands beside it."""
    registration = queries.by_public_id(public_id)
    if registration is None or isinstance(refusal, errors.ExpiredLink):
        return guard.expired(grant)
    if isinstance(refusal, errors.ChangedMeanwhile):
        form.seen.data = editing.mark(registration)
        theirs = _differences(registration, form, questions)
        return _page(registration, form, questions, refusal=refusal, theirs=theirs)
    return _page(registration, form, questions, refusal=refusal)


def _differences(
    registration: Any, form: EditForm, questions: Questions | None
) -> list[tuple[str, str, str]]:
    """(label, mine, theirs) of the answers in which the two versions differ."""
    found = [
        (str(form[name].label.text), mine, getattr(registration, name))
        for name, mine in form.identity().items()
        if mine != getattr(registration, name)
    ]
    if questions is None:
        return found
    mine, locale = rereading.wishes_of(questions, registration).answers, current_locale()
    for _, question in questions.form.order:
        texts = [
            shown_answer(question, answers.get(question.key), locale)
            for answers in (mine, registration.answers)
        ]
        if texts[0] != texts[1]:
            found.append((words(question.label, locale), texts[0], texts[1]))
    return found


def _page(
    registration: Any,
    form: EditForm,
    questions: Questions | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    refusal: DomainError | None = None,
    **more: Any,
) -> ResponseReturnValue:
    page = queries.signup_page_of(registration.event_id)
    html = render_template(
        "registration/own_edit.html",
        registration=registration,
        page=page.in_locale(current_locale()),
        questions=questions or rereading.stored(page, registration),
        accept_files=ACCEPT_ALL,
        words=words,
        form=form,
        refusal=refusal.code if refusal else ("invalid" if form.errors else None),
        message=translate(refusal) if refusal else "",
        **{"theirs": [], "stepped": False, **more},
    )
    response = make_response(html, refusal.kind.value if refusal else status)
    return guard.token_page(response)
