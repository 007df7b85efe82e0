"""The attendee list as a file; every one that leaves is traced, with what it is for."""

from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from flask import Response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from eventreg.audit import services as audit
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ExportForm
from eventreg.organisers.access import account, wants_recent_sign_in
from eventreg.organisers.rules import Action
from eventreg.registration import exports, queries
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction

IN_MEMORY = 2 * 1024 * 1024  # a larger file goes to the disk, without a name


@bp.route("/evenements/<slug>/exporter/", methods=["GET", "POST"])
@access(ORGANISER, Action.EXPORT)
def export() -> ResponseReturnValue:
    """A form, then the file. A sign-in of less than two hours is asked for."""
    too_old = wants_recent_sign_in()
    if too_old is not None:
        return too_old
    form = filled(ExportForm)
    if form.validate_on_submit():
        return _file(form)
    page = render_template(
        "backoffice/export.html",
        event=event(),
        form=form,
        counts=queries.figures(event().id),
    )
    return page, HTTPStatus.OK if request.method != "POST" else HTTPStatus.UNPROCESSABLE_ENTITY


def _file(form: ExportForm) -> Response:
    fmt = str(form.format.data)
    # JSON keeps the keys that programs rely on; columns are for spreadsheets.
    columns = list(form.columns.data or []) if fmt != "json" else []
    states = list(form.states.data or [])
    event_id, slug = event().id, event().slug
    spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the server closes it
    out = cast("BinaryIO", spool)
    count = exports.write(event(), fmt, out, states=states or None, columns=columns or None)
    with transaction():
        # Before a byte leaves: no trace, no file.
        audit.record(
            "export",
            at=utc_now(),
            actor=account().actor,
            event_id=event_id,
            format=fmt,
            count=count,
            of_states=sorted(states),
            columns=columns or list(exports.DEFAULT_COLUMNS),
            reason=form.reason.data,
        )
    out.seek(0)
    response = send_file(
        out,
        mimetype=exports.MIMETYPES[fmt],
        as_attachment=True,
        download_name=f"inscriptions-{slug}.{fmt}",
        max_age=None,
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
