"""Look of the site: which theme is shown, where its files are, how they are served."""

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from wsgiref.headers import Headers

from flask import Flask
from flask_babel import format_date
from markupsafe import Markup
from whitenoise import WhiteNoise

STATIC = Path(__file__).resolve().parent.parent / "static"
OWN_SUFFIXES = frozenset({".css", ".js", ".svg"})
HASHED = re.compile(r"/static/[0-9a-f]{12}/")
YEAR = 365 * 24 * 3600
FIVE_MINUTES = 300
# These answers never pass through the application: they carry what makes a file inert.
FILE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
NEUTRAL = "neutral"
STATE = "state"

log = logging.getLogger(__name__)


class ThemeSettings(Protocol):
    """What this module reads from the settings."""

    @property
    def theme(self) -> str: ...

    @property
    def assets_dir(self) -> Path: ...


@dataclass(frozen=True)
class Theme:
    """A theme that can be shown: its name, and the URL of each file by its short name."""

    name: str
    urls: Mapping[str, str]

    def asset(self, name: str) -> str:
        """URL of a static file, the same in every language. Raises LookupError if unknown."""
        try:
            return self.urls[name]
        except KeyError:
            raise LookupError(f"no static file {name!r} in the {self.name} theme") from None

    def icon(self, name: str) -> Markup:
        """A decorative icon; `name` is written in full (fr-icon-...) so the builder finds it.

        The neutral theme has no icons: words alone.
        """
        if self.name == NEUTRAL or not name:
            return Markup()
        return Markup('<span class="{}" aria-hidden="true"></span>').format(name)


def own_files(folder: Path) -> list[Path]:
    """Our own style sheets, scripts and pictures, in a fixed order."""
    return sorted(path for path in folder.iterdir() if path.suffix in OWN_SUFFIXES)


def fingerprint(files: Iterable[Path]) -> str:
    """Twelve hexadecimal digits that change with the name or the bytes of a file."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def load(settings: ThemeSettings) -> Theme:
    """The theme asked for, or the neutral one when the State files were not built (said once)."""
    built = _built(settings.assets_dir)
    version = fingerprint(own_files(STATIC))
    urls = {path.name: f"/static/{version}/{path.name}" for path in own_files(STATIC)}
    if settings.theme != STATE:
        return Theme(NEUTRAL, urls)
    if not built:
        log.warning("State theme not built (make setup needs a network): neutral theme shown")
        return Theme(NEUTRAL, urls)
    return Theme(STATE, {**urls, **built})


def _built(assets: Path) -> Mapping[str, str]:
    """URLs of the design system's files as built by tools/assets.py; empty when absent."""
    try:
        manifest = json.loads((assets / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    files: Mapping[str, str] = manifest.get("dsfr", {}).get("files", {})
    complete = all(
        (assets / "public" / url.removeprefix("/static/")).is_file() for url in files.values()
    )
    return files if complete else {}


def serve(app: Flask, settings: ThemeSettings) -> None:
    """Static files are answered before the application; hashed URLs may be kept for ever."""
    files = WhiteNoise(
        app.wsgi_app,
        max_age=FIVE_MINUTES,
        immutable_file_test=_immutable,
        add_headers_function=_inert,
    )
    files.FOREVER = YEAR  # one year, as the design asks, instead of ten
    version = fingerprint(own_files(STATIC))
    files.add_files(str(STATIC), prefix=f"static/{version}/")
    public = settings.assets_dir / "public"
    if public.is_dir():
        # Added last: the copies with compressed twins win over the plain files.
        files.add_files(str(public), prefix="static/")
    app.wsgi_app = files  # type: ignore[method-assign]  # Flask's way to wrap


def _inert(headers: Headers, _path: str, _url: str) -> None:
    for name, value in FILE_HEADERS.items():
        headers[name] = value


def _immutable(_path: str, url: str) -> bool:
    return HASHED.match(url) is not None


def variant(key: str, count: int) -> int:
    """A number below `count`, always the same for a key: picks the colours of a cover."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count


def month_name(day: date) -> str:
    """Month in the reader's language; a datetime keeps the day of its own zone."""
    return str(format_date(day.date() if isinstance(day, datetime) else day, "MMMM"))


def axis(values: Sequence[float], steps: int = 4) -> list[int]:
    """Round marks for a chart's axis, from 0 to at least the greatest value."""
    step, wanted = 1, max([*values, 1]) / steps
    while True:
        for factor in (1, 2, 5):
            if step * factor >= wanted:
                return [step * factor * mark for mark in range(steps + 1)]
        step *= 10


def init_app(app: Flask, settings: ThemeSettings) -> Theme:
    """Serve the files and give templates `theme`, `asset()`, `icon()` and small filters."""
    theme = load(settings)
    serve(app, settings)
    app.jinja_env.globals.update(
        theme=theme.name, asset=theme.asset, icon=theme.icon, chart_axis=axis
    )
    app.jinja_env.filters.update(variant=variant, month_name=month_name)
    app.extensions["theme"] = theme
    return theme
