"""Languages: French by default, English under /en; dates and times as people write them."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, ngettext
from flask_babel import gettext as _gettext
from markupsafe import Markup, escape

from eventreg.config import ROOT, Settings
from eventreg.shared.errors import N_, DomainError

LOCALES = ("fr", "en")
NBSP = "\u00a0"
NNBSP = "\u202f"
MONTHS_FR = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
DAYS_FR = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS_EN = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
ZONE_NAMES = {"Europe/Paris": N_("Paris time")}

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class LocalePrefix:
    """Takes `/en` off the path and moves it to SCRIPT_NAME, so that every page has its mirror."""

    def __init__(self, app: WsgiApp) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/en" or path.startswith("/en/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/en"
            environ["PATH_INFO"] = path[3:] or "/"
            environ["eventreg.locale"] = "en"
        return self.app(environ, start_response)


def gettext(message: str, **params: Any) -> str:
    """The message in the reader's language."""
    return str(_gettext(message, **params))


def current_locale() -> str:
    """`fr` or `en`: of the request, or of the letter being written."""
    locale = get_locale()
    return locale.language if locale and locale.language in LOCALES else "fr"


@lru_cache(maxsize=8)
def _known(code: str) -> Locale:
    """Read from its file once, not for each request."""
    return Locale.parse(code)


def init_app(app: Flask, settings: Settings) -> None:
    """Babel by the address of the page (`/en`), and the filters of dates."""

    def from_request() -> Locale:
        if has_request_context():
            return _known(request.environ.get("eventreg.locale", g.get("locale", settings.locale)))
        return _known(settings.locale)

    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "eventreg" / "translations")
    Babel(
        app,
        default_locale=settings.locale,
        default_timezone=settings.timezone,
        locale_selector=from_request,
    )
    add_filters(app.jinja_env)


def add_filters(environment: Any) -> None:
    """The date and typography filters, for pages and letters alike."""
    environment.filters.update(
        typo=typo, date=show_date, time=show_time, instant=show_instant, day_range=day_range
    )
    environment.globals.update(time_range=time_range, deadline=deadline, day_range=day_range)


def translate(error: DomainError) -> str:
    """A refusal in the reader's language."""
    return say(error.message, error.params)


def say(message: str, params: dict[str, Any] | None = None) -> str:
    """An English id kept as data, in the reader's language."""
    text = gettext(message)
    return text % params if params else text


def in_zone(value: datetime, zone: str) -> datetime:
    """An instant as the clocks of a zone show it."""
    return value.astimezone(ZoneInfo(zone))


def show_date(value: datetime | date, zone: str = "Europe/Paris", *, weekday: bool = True) -> str:
    """« jeudi 14 janvier 2027 » / “Thursday 14 January 2027”."""
    day = in_zone(value, zone).date() if isinstance(value, datetime) else value
    french = current_locale() == "fr"
    months, days = (MONTHS_FR, DAYS_FR) if french else (MONTHS_EN, DAYS_EN)
    number = "1er" if french and day.day == 1 else str(day.day)
    text = f"{number}{NBSP}{months[day.month - 1]}{NBSP}{day.year}"
    return f"{days[day.weekday()]}{NBSP}{text}" if weekday else text


def show_time(value: datetime | time, zone: str = "Europe/Paris") -> str:
    """« 18 h », « 9 h 30 » / “6 pm”, “9:30 am”; seconds only when there are some."""
    moment = in_zone(value, zone).time() if isinstance(value, datetime) else value
    if current_locale() == "fr":
        text = f"{moment.hour}{NBSP}h"
        if moment.minute or moment.second:
            text += f"{NBSP}{moment.minute:02d}"
        return text + (f"{NBSP}min{NBSP}{moment.second:02d}{NBSP}s" if moment.second else "")
    hour = moment.hour % 12 or 12
    minutes = f":{moment.minute:02d}" if moment.minute or moment.second else ""
    seconds = f":{moment.second:02d}" if moment.second else ""
    return f"{hour}{minutes}{seconds}{NBSP}{'am' if moment.hour < 12 else 'pm'}"


def show_instant(value: datetime, zone: str = "Europe/Paris", *, with_zone: bool = False) -> str:
    """« vendredi 26 mai 2023 à 18 h », with « (heure de Paris) » where a deadline is meant."""
    text = gettext("%(day)s at %(hour)s", day=show_date(value, zone), hour=show_time(value, zone))
    return f"{text} ({zone_name(zone)})" if with_zone else text


def zone_name(zone: str) -> str:
    """« heure de Paris », « fuseau Indian/Reunion »."""
    known = ZONE_NAMES.get(zone)
    return gettext(known) if known else gettext("time zone %(zone)s", zone=zone)


def deadline(value: datetime, zone: str) -> str:
    """A deadline always says its zone; midnight belongs to the day that ends with it."""
    local = in_zone(value, zone)
    if local.time() == time():
        day = show_date(local.date() - timedelta(days=1))
        return gettext("%(day)s at midnight (%(zone)s)", day=day, zone=zone_name(zone))
    return show_instant(value, zone, with_zone=True)


def time_range(start: datetime, end: datetime | None, zone: str = "Europe/Paris") -> str:
    """« 9 h – 17 h 30 »."""
    if end is None or end == start:
        return show_time(start, zone)
    return f"{show_time(start, zone)} – {show_time(end, zone)}"


def day_range(
    start: datetime | None, end: datetime | None, zone: str, *, hours: bool = True
) -> str:
    """« jeudi 14 janvier 2027, 9 h – 17 h 30 » or « du 22 au 25 mai 2027 »."""
    if start is None:
        return gettext("Date to be announced")
    first = in_zone(start, zone).date()
    last = in_zone(end, zone).date() if end else first
    if first == last:
        text = show_date(first)
        return f"{text}, {time_range(start, end, zone)}" if hours else text
    same_month = (first.year, first.month) == (last.year, last.month)
    if current_locale() == "fr":
        from_text = (
            ("1er" if first.day == 1 else str(first.day))
            if same_month
            else (
                show_date(first, weekday=False)
                if first.year != last.year
                else show_date(first, weekday=False).rsplit(NBSP, 1)[0]
            )
        )
        return f"du{NBSP}{from_text} au{NBSP}{show_date(last, weekday=False)}"
    from_text = str(first.day) if same_month else show_date(first, weekday=False)
    return f"{from_text} to {show_date(last, weekday=False)}"


_BEFORE_HIGH = re.compile(r"[ \u00a0]([;!?»])")
_COLON = re.compile(r"[ ]:")
_OPEN_QUOTE = re.compile(r"«[ ]")
_HOUR = re.compile(r"(?<=\d)[ ]h\b(?:[ ](?=\d))?")


def typo(text: str | Markup) -> str | Markup:
    """No-break spaces where French wants them; the text is otherwise untouched."""
    safe = isinstance(text, Markup)
    value = str(text) if safe else str(escape(text or ""))
    value = _BEFORE_HIGH.sub(NNBSP + r"\1", value)
    value = _COLON.sub(NBSP + ":", value)
    value = _OPEN_QUOTE.sub("«" + NBSP, value)
    value = _HOUR.sub(lambda m: NBSP + "h" + (NBSP if m.group().endswith(" ") else ""), value)
    return Markup(value)  # noqa: S704 - escaped above unless it was Markup already


__all__ = ["LOCALES", "current_locale", "force_locale", "gettext", "ngettext", "say", "translate"]
