"""What stands beside the words of an event page: pictures, documents, films, the address to print."""

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Response, after_this_request

from eventreg.agenda import films
from eventreg.agenda.rules import web_link
from eventreg.files import shown
from eventreg.shared import qr, shortcode, urls
from eventreg.shared.http import policy
from eventreg.shared.i18n import gettext


def of_event(event: Any, settings: Any) -> dict[str, Any]:
    """For the template of the page; its security policy lets the page's own films play."""
    shown_films = films.films(event.videos)
    _allow_players(shown_films)
    media = shown.of_event(event.id, images=event.images, files=event.files)
    short = urls.absolute("sharing.short", "fr", code=shortcode.encode(event.id))
    # A preview elsewhere shows the first picture; one address for both languages of the page.
    first = settings.base_url + media.pictures[0].url if media.pictures else ""
    return {
        "media": media,
        "cover_day": event.starts_at and event.starts_at.astimezone(ZoneInfo(event.timezone)),
        "named": [(urlsplit(name).path.rsplit("/", 1)[-1], web_link(name)) for name in media.named],
        "films": shown_films,
        "preview_image": first,
        "short_url": short,
        "qr": qr.inline(short, gettext("QR code of the address %(address)s", address=short)),
    }


def _allow_players(shown_films: list[films.Film]) -> None:
    """The page may frame the players of its own films and nothing else."""
    origins = films.frames(shown_films)

    def widen(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy({"frame-src": origins})
        return response

    if origins:
        after_this_request(widen)
