"""An event's own form: questions, parts, populations, pools; as pages and as a file."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice import entries, question_words
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ActForm
from eventreg.backoffice.question_forms import FORMS, Entry, UploadForm
from eventreg.events import services as events
from eventreg.files.rules import ACCEPT_ALL
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.questionnaire import documents, queries, services
from eventreg.questionnaire.drawing import PREFIX, Questions
from eventreg.questionnaire.errors import BadForm
from eventreg.questionnaire.rules import words
from eventreg.registration.services import waiting_list
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import NotFound, Stale
from eventreg.shared.i18n import say
from eventreg.shared.requests import takes_files

STEPS = {"monter": -1, "descendre": 1}
KINDS = "<any(publics,contingents,parties,questions):kind>"


@bp.route("/evenements/<slug>/formulaire/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
@takes_files
def form_page() -> ResponseReturnValue:
    """Everything the form says, and the whole of it from a file."""
    form = filled(UploadForm, version=str(event().version))
    if request.method != "POST":
        return _page(form)
    content = form.content() if form.validate_on_submit() else None
    if content is None:
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    found = documents.read(content)
    told = [f"{one.line}: {say(one.message, dict(one.params))}" for one in found.problems]
    if not told:
        try:
            _apply(found.data, form.version_seen)
        except Stale as refusal:
            form.show(refusal)
            return _page(form), HTTPStatus.CONFLICT
        except BadForm as bad:
            told = [
                f"{found.line(one.path)}: {one.path}: {say(one.message, dict(one.params))}"
                for one in bad.faults
            ]
    if told:
        form.file.errors = [gettext("Line %(what)s", what=line) for line in told]
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    return _back()


def _page(form: UploadForm) -> str:
    data = services.as_document(event())
    rows = queries.pools(event().id)
    return render_template(
        "backoffice/questions.html",
        event=event(),
        form=form,
        data=data,
        rows=rows,
        overbooked=[k for k, r in rows.items() if r.capacity is not None and r.taken > r.capacity],
        left=[
            row for key, row in rows.items() if key not in {p["key"] for p in data.get("pools", ())}
        ],
        titles=question_words.TITLES,
        intros=question_words.INTROS,
        kinds=question_words.KINDS,
        condition=entries.condition_text,
        label=entries.label,
        say=say,
    )


@bp.get("/evenements/<slug>/formulaire/formulaire.yaml")
@access(ORGANISER, Action.EDIT)
def form_file() -> ResponseReturnValue:
    """The same as `eventreg events form --export`."""
    response = Response(documents.write(services.as_document(event())), mimetype="text/yaml")
    name = f"formulaire-{event().slug}.yaml"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.get("/evenements/<slug>/formulaire/apercu/")
@access(ORGANISER, Action.EDIT)
def form_preview() -> ResponseReturnValue:
    """The questions as a population sees them; nothing can be sent from here."""
    form = queries.form_of(event().id, event().form_version)
    population = request.args.get("population", "")
    if form.populations and form.population(population) is None:
        population = form.populations[0].key
    sent = {
        name.removeprefix(PREFIX): values
        for name, values in request.args.lists()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) in form.by_key
    }
    return render_template(
        "backoffice/question_preview.html",
        event=event(),
        form=ActForm(),
        questions=Questions(form, population, sent),
        population=population,
        name_of=words,
        accept_files=ACCEPT_ALL,
    )


@bp.route(f"/evenements/<slug>/formulaire/{KINDS}/ajouter/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def form_add(kind: str) -> ResponseReturnValue:
    """One more question, part, population or pool."""
    return _entry_page(kind, {}, "")


@bp.route(f"/evenements/<slug>/formulaire/{KINDS}/<key>/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def form_entry(kind: str, key: str) -> ResponseReturnValue:
    """Another text, kind or condition of one entry."""
    return _entry_page(kind, _entry(kind, key), key)


def _entry_page(kind: str, before: dict[str, Any], key: str) -> ResponseReturnValue:
    data = services.as_document(event())
    section = entries.section_of(data, key) if key else request.args.get("partie", "")
    texts = FORMS[kind].texts(before) | {"section": section, "version": str(event().version)}
    form = filled(FORMS[kind], **texts)
    if hasattr(form, "offer"):
        form.offer(
            [
                (s["key"], entries.label(s.get("title"), "fr") or s["key"])
                for s in data.get("sections", ())
            ]
        )
    status = HTTPStatus.OK
    if request.method == "POST":
        status = _saved(form, kind, data, before, key)
        if status is HTTPStatus.SEE_OTHER:
            return _back()
    title = question_words.TITLES[kind][2 if key else 1]
    page = render_template(
        "backoffice/question.html", event=event(), form=form, kind=kind, title=say(title)
    )
    return page, status


def _saved(
    form: Entry, kind: str, data: dict[str, Any], before: dict[str, Any], key: str
) -> HTTPStatus:
    """Applies what was typed; the status of the page otherwise, faults beside their fields."""
    good = bool(form.validate_on_submit())
    made = form.entry(before)
    if not good or any(field.errors for field in form):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    section = str(form["section"].data or "") if "section" in form else ""
    new, path = entries.put(data, kind, made, old=key, section=section)
    try:
        _apply(new, form.version_seen)
    except BadForm as bad:
        form.tell(bad, path)
        return HTTPStatus.UNPROCESSABLE_ENTITY
    except Stale as refusal:
        form.show(refusal)
        form.version.data, form.version.raw_data = str(event().version), None
        return HTTPStatus.CONFLICT
    return HTTPStatus.SEE_OTHER


@bp.post(f"/evenements/<slug>/formulaire/{KINDS}/<key>/<any(monter,descendre):step>/")
@access(ORGANISER, Action.EDIT)
def form_move(kind: str, key: str, step: str) -> ResponseReturnValue:
    """One place earlier or later, where the conditions allow it."""
    _entry(kind, key)
    return _changed(entries.moved(services.as_document(event()), kind, key, STEPS[step]))


@bp.route(f"/evenements/<slug>/formulaire/{KINDS}/<key>/supprimer/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def form_remove(kind: str, key: str) -> ResponseReturnValue:
    """A page that says what will happen, then the act."""
    entry = _entry(kind, key)
    form = ActForm()
    if form.validate_on_submit():
        return _changed(entries.without(services.as_document(event()), kind, key))
    label = entries.label(entry.get("label", entry.get("title")), "fr") or key
    return render_template(
        "backoffice/question_remove.html", event=event(), form=form, kind=kind, label=label
    )


def _changed(data: dict[str, Any]) -> ResponseReturnValue:
    try:
        _apply(data, event().version)
    except BadForm as bad:
        for fault in bad.faults:
            flash(f"{fault.path}: {say(fault.message, dict(fault.params))}", "error")
        return redirect(url_for("backoffice.form_page", slug=event().slug), HTTPStatus.SEE_OTHER)
    return _back()


def _entry(kind: str, key: str) -> dict[str, Any]:
    found = entries.find(services.as_document(event()), kind, key)
    if found is None:
        raise NotFound
    entry: dict[str, Any] = found[1][found[2]]
    return entry


def _apply(data: dict[str, Any], version: int) -> None:
    """Raises BadForm, Stale."""
    with transaction():
        locked = events.locked(event().slug)
        if locked.version != version:
            raise Stale
        read = services.read(data, zone=locked.timezone)
        services.apply(locked, read, actor=account().actor, now=utc_now())
    waiting_list.serve_now(event().id)  # a workshop may have more places now


def _back() -> ResponseReturnValue:
    flash(gettext("The form has been saved. Answers given before stay as they are."), "success")
    return redirect(url_for("backoffice.form_page", slug=event().slug), HTTPStatus.SEE_OTHER)
