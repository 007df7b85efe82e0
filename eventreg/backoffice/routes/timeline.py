"""Every instant of an event in order: what happened, what comes."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice.access import bp, event
from eventreg.organisers.rules import Action
from eventreg.registration.queries import timeline as moments
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.i18n import current_locale, say


@bp.get("/evenements/<slug>/calendrier/")
@access(ORGANISER, Action.LOOK)
def timeline() -> ResponseReturnValue:
    now = utc_now()
    found = moments.of(event(), locale=current_locale(), own=gettext("The event"))
    lines = [(one.at, one.kind, say(one.message, dict(one.params))) for one in found]
    return render_template(
        "backoffice/timeline.html",
        event=event(),
        past=[line for line in lines if line[0] <= now],
        coming=[line for line in lines if line[0] > now],
        now=now,
    )
