"""How an event is made known: short address, QR code, a button for other sites."""

from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from eventreg.backoffice.access import bp, event
from eventreg.organisers.rules import Action
from eventreg.shared import qr, shortcode, urls
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.i18n import current_locale, gettext

QR_TYPES = {"svg": ("image/svg+xml", qr.svg), "png": ("image/png", qr.png)}


@bp.get("/evenements/<slug>/diffusion/")
@access(ORGANISER, Action.LOOK)
def sharing() -> ResponseReturnValue:
    """What to print, what to paste."""
    address = _short()
    pieces: dict[str, Any] = {
        "event": event(),
        "url": urls.absolute("agenda.event", current_locale(), slug=event().slug),
        "frame_url": urls.absolute("sharing.button", current_locale(), slug=event().slug),
    }
    return render_template(
        "backoffice/sharing.html",
        **pieces,
        short=address,
        qr=qr.inline(address, gettext("QR code of the address %(address)s", address=address)),
        # Markup for the eye of its reader: shown as text, to be copied.
        card=Markup(render_template("backoffice/_card.html", **pieces)),  # noqa: S704 - ours
        frame=Markup(render_template("backoffice/_frame.html", **pieces)),  # noqa: S704 - ours
    )


@bp.get("/evenements/<slug>/diffusion/qr.<any(svg,png):kind>")
@access(ORGANISER, Action.LOOK)
def sharing_qr(kind: str) -> ResponseReturnValue:
    """The QR code as a file, for posters and slides."""
    media_type, draw = QR_TYPES[kind]
    response = Response(draw(_short()), content_type=media_type)
    name = f"qr-{event().slug}.{kind}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _short() -> str:
    return urls.absolute("sharing.short", "fr", code=shortcode.encode(event().id))
