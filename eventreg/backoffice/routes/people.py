"""A list of people enters an event: the file, a report that writes nothing, then the entry."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from eventreg.backoffice import words
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.people_forms import ConfirmPeopleForm, PeopleForm, seal
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import taking_in
from eventreg.registration.taking_in import Report
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.errors import DomainError
from eventreg.shared.requests import takes_files
from eventreg.shared.tables import Table

SHOWN = 300  # notes on one page
FIELDS = ("reason", "wait", "quiet", "language")


@bp.route("/evenements/<slug>/inscriptions/importer/", methods=["GET", "POST"])
@access(ORGANISER, Action.ADD)
@takes_files
def import_people() -> ResponseReturnValue:
    """The file and how it is entered; then what would become of each row."""
    form = filled(PeopleForm)
    if request.method != "POST":
        return _ask(form)
    table = form.table() if form.validate_on_submit() else None
    if table is None:
        return _ask(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        report = taking_in.take_in(event(), table, form.terms(account().actor), dry_run=True)
        return _report(table, report, form)
    except DomainError as refusal:
        form.show(refusal)
        return _ask(form), HTTPStatus(refusal.kind.value)


def _ask(form: PeopleForm) -> str:
    return render_template("backoffice/people_import.html", event=event(), form=form)


def _report(table: Table, report: Report, sent: PeopleForm | ConfirmPeopleForm) -> str:
    notes = report.sorted()
    given = {name: sent[name].data for name in FIELDS}
    sealed = seal(table, event().id, account().actor)
    return render_template(
        "backoffice/people_report.html",
        event=event(),
        form=ConfirmPeopleForm(formdata=None, sealed=sealed, **given),
        report=report,
        entered=[(words.state(state), count) for state, count in sorted(report.entered.items())],
        kinds={kind: report.count(kind) for kind in taking_in.KINDS},
        notes=notes[:SHOWN],
        more=len(notes) > SHOWN,
    )


@bp.post("/evenements/<slug>/inscriptions/importer/confirmer/")
@access(ORGANISER, Action.ADD)
def confirm_people() -> ResponseReturnValue:
    """Enters what the report announced; what moved meanwhile is decided afresh, row by row."""
    form = ConfirmPeopleForm()
    actor = account().actor
    table = form.table(event().id, actor) if form.validate_on_submit() else None
    if table is None:
        again = PeopleForm(formdata=None)
        again.form_errors.append(
            gettext("The list that came back is not the one that was read: choose it again.")
        )
        return _ask(again), HTTPStatus.UNPROCESSABLE_ENTITY
    report = taking_in.take_in(event(), table, form.terms(actor))
    count = report.total
    flash(
        ngettext(
            "%(num)s person has been entered from the list.",
            "%(num)s people have been entered from the list.",
            count,
        ),
        "success",
    )
    refused = report.count(taking_in.REFUSED)
    if refused:
        flash(ngettext("%(num)s row is refused", "%(num)s rows are refused", refused), "warning")
    return redirect(url_for("backoffice.attendees", slug=event().slug), HTTPStatus.SEE_OTHER)
