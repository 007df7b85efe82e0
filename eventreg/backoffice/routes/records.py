"""What was done and what was mailed: read-only lists of one event."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from eventreg.backoffice import queries, words
from eventreg.backoffice.access import bp, event
from eventreg.backoffice.routes.attendees import page_number
from eventreg.organisers.rules import Action
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.i18n import say


@bp.get("/evenements/<slug>/courriels/")
@access(ORGANISER, Action.LOOK)
def mails() -> ResponseReturnValue:
    """The letters owed for the event, with the state and the error of each."""
    state = request.args.get("etat", "")
    state = state if state in words.MAIL_STATES else ""
    return render_template(
        "backoffice/mails.html",
        event=event(),
        page=queries.mails(event().id, state=state, page=page_number()),
        state=state,
        state_options=[(code, say(text)) for code, (text, _kind) in words.MAIL_STATES.items()],
    )


@bp.get("/evenements/<slug>/historique/")
@access(ORGANISER, Action.LOOK)
def history() -> ResponseReturnValue:
    """Who did what to the event and to its registrations, latest first."""
    page = queries.history(event().id, page=page_number())
    return render_template(
        "backoffice/history.html",
        event=event(),
        page=page,
        names=queries.names_of(row.actor for row in page.rows),
    )
