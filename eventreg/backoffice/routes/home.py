"""The organiser's events, a new one by form, one or more from a document."""

from http import HTTPStatus
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice import queries, rules, words
from eventreg.backoffice.access import bp, filled
from eventreg.backoffice.forms import NewEventForm
from eventreg.backoffice.import_forms import KEEP, ConfirmImportForm, ImportForm, choices_form
from eventreg.config import Settings
from eventreg.events import importing, notices
from eventreg.events import services as events
from eventreg.events.errors import BadValue, SlugTaken
from eventreg.events.jekyll import Document, DocumentError, parse
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import queries as registrations
from eventreg.registration.rules import next_change, signup_state
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError, Stale
from eventreg.shared.i18n import translate

bp.context_processor(words.template_words)


@bp.get("/")
@access(ORGANISER, Action.ENTER)
def home() -> ResponseReturnValue:
    """The account's events with seats, figures and what comes next."""
    now = utc_now()
    lines = [
        {
            "line": line,
            "signups": signup_state(line.facts, now),
            "next_change": next_change(line.facts, now),
            "overbooked": rules.overbooked(line.facts.capacity, line.facts.taken),
        }
        for line in queries.events(account())
    ]
    return render_template("backoffice/home.html", lines=lines)


@bp.route("/evenements/nouveau/", methods=["GET", "POST"])
@access(ORGANISER, Action.CREATE)
def create() -> ResponseReturnValue:
    """A draft with a title, an address and a start; the rest is set afterwards."""
    form = filled(NewEventForm)
    if request.method != "POST":
        return render_template("backoffice/create.html", form=form)
    settings: Settings = current_app.extensions["settings"]
    if form.check({}, settings.timezone):
        slug = (form.slug.data or "").lower()
        try:
            with transaction():
                events.create(
                    slug,
                    actor=account().actor,
                    now=utc_now(),
                    timezone=settings.timezone,
                    **form.values,
                )
            flash(
                gettext("The event has been created as a draft: nobody else sees it yet."),
                "success",
            )
            return redirect(url_for("backoffice.settings", slug=slug), HTTPStatus.SEE_OTHER)
        except (BadValue, SlugTaken) as refusal:
            form.show(refusal)
    page = render_template("backoffice/create.html", form=form)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@bp.route("/importer/", methods=["GET", "POST"])
@access(ORGANISER, Action.CREATE)
def import_document() -> ResponseReturnValue:
    """One document of the site: read it, report; nothing is written yet."""
    form = filled(ImportForm)
    if request.method != "POST":
        return render_template("backoffice/import.html", form=form)
    given = form.content() if form.validate_on_submit() else None
    if given is None:
        page = render_template("backoffice/import.html", form=form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    return _report(*given)


class _NotKept(Exception):
    def __init__(self, report: importing.Report) -> None:
        self.report = report


def _report(name: str, raw: bytes, *, stale: bool = False) -> ResponseReturnValue:
    """What the import would do, found by doing it in a transaction that is undone."""
    document, errors = _read(name, raw)
    report = None
    if document is not None:
        try:
            with transaction():
                raise _NotKept(_apply(document))
        except _NotKept as done:
            report = done.report
        except DomainError as refusal:
            errors = [(None, translate(refusal))]
    problems = [
        (problem.line, problem.text(gettext))
        for problem in (report.warnings if report else ())
        if problem.code != importing.CLASH  # asked below, value by value
    ]
    page = render_template(
        "backoffice/import_report.html",
        name=name,
        document=document,
        report=report,
        errors=errors,
        warnings=problems,
        stale=stale,
        people=_to_tell(report) if report else 0,
        form=choices_form(
            report.clashes if report else (),
            document.timezone if document else "UTC",
            name=name,
            packed=rules.pack(raw),
            version=str(report.version if report else 0),
        ),
    )
    if errors:
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    return page, HTTPStatus.CONFLICT if stale else HTTPStatus.OK


def _to_tell(report: importing.Report) -> int:
    """How many people would be told that the event moves; none when it stays where it is."""
    may_move = report.moves or any(clash.key in notices.PLANNED for clash in report.clashes)
    return registrations.active_count(report.event_id) if may_move and report.event_id else 0


def _read(name: str, raw: bytes) -> tuple[Document | None, list[tuple[int | None, str]]]:
    try:
        return parse(raw, name), []
    except DocumentError as fault:
        return None, [(problem.line, problem.text(gettext)) for problem in fault.problems]


def _apply(document: Document, **options: Any) -> importing.Report:
    return importing.apply(document, actor=account().actor, now=utc_now(), publish=False, **options)


@bp.post("/importer/confirmer/")
@access(ORGANISER, Action.CREATE)
def confirm_import() -> ResponseReturnValue:
    """Writes what the report announced, from the document it carried and the values chosen."""
    form = ConfirmImportForm()
    given = form.content() if form.validate_on_submit() else None
    document = _read(*given)[0] if given else None
    if given is None or document is None:
        flash(gettext("The document could not be read again. Choose it once more."), "error")
        return redirect(url_for("backoffice.import_document"), HTTPStatus.SEE_OTHER)
    choices = {
        key.removeprefix(KEEP): value for key, value in request.form.items() if key.startswith(KEEP)
    }
    try:
        with transaction():
            report = _apply(
                document,
                choices=choices,
                version=form.version_seen,
                tell=not form.quiet.data,
            )
    except Stale:
        return _report(*given, stale=True)
    flash(
        {
            "created": gettext("The event has been created as a draft."),
            "changed": gettext("The event has been updated from the document."),
        }.get(report.outcome, gettext("Nothing had to change.")),
        "success",
    )
    if report.event_id is None:
        return redirect(url_for("backoffice.home"), HTTPStatus.SEE_OTHER)
    return redirect(url_for("backoffice.overview", slug=report.slug), HTTPStatus.SEE_OTHER)
