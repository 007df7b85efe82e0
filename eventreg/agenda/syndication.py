"""What readers of news and search engines fetch: Atom, the site map, robots.txt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from eventreg.agenda import rules, words
from eventreg.config import Settings
from eventreg.shared import urls
from eventreg.shared.i18n import day_range
from eventreg.shared.i18n import gettext as _
from eventreg.shared.richtext import plain

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
SINCE = 2026  # the year in a tag address: a day on which its host was ours (RFC 4151)
# Nothing there is for search engines: pages of one person, pages of organisers.
PRIVATE = ("/inscriptions/", "/organisation/")


@dataclass(frozen=True)
class Feed:
    """A feed as a whole: its name, its address, that of the page; `since` when it is empty."""

    title: str
    own: str
    page: str
    since: datetime


def atom(events: Iterable[Any], feed: Feed, settings: Settings, *, locale: str) -> bytes:
    """An RFC 4287 feed. The id of an entry stays when the event is renamed, moved or cancelled."""
    rows = list(events)
    host = urlsplit(settings.base_url).hostname or "localhost"
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": locale})
    _text(root, "id", feed.own)
    _text(root, "title", feed.title)
    _text(root, "updated", _instant(max((row.updated_at for row in rows), default=feed.since)))
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=feed.own)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=feed.page)
    _text(ET.SubElement(root, "author"), "name", settings.organisation)
    for row in sorted(rows, key=lambda row: (row.updated_at, row.id), reverse=True):
        _entry(root, row, host, locale)
    return _document(root)


def _entry(root: ET.Element, row: Any, host: str, locale: str) -> None:
    entry = ET.SubElement(root, "entry")
    title = rules.said(row.title, row.title_en, locale)
    lead = rules.said(row.lead, plain(row.lead_en), locale)
    name = _("Cancelled: %(title)s", title=title.text) if row.state == "cancelled" else title.text
    url = urls.absolute("agenda.event", locale, slug=row.slug)
    _text(entry, "id", f"tag:{host},{SINCE}:evenement-{row.id}")
    _text(entry, "title", name)
    _text(entry, "updated", _instant(row.updated_at))
    if row.published_at:
        _text(entry, "published", _instant(row.published_at))
    ET.SubElement(entry, "link", rel="alternate", type="text/html", href=url)
    if row.kind:
        ET.SubElement(entry, "category", term=_clean(row.kind))
    facts = [
        day_range(row.starts_at, row.ends_at, row.timezone, hours=not row.day_only),
        words.place_of(row),
    ]
    first = " – ".join(fact for fact in facts if fact)
    _text(entry, "summary", "\n\n".join(part for part in (first, lead.text) if part))


def sitemap(rows: Sequence[Any], locale: str, pages: Iterable[str]) -> bytes:
    """A site map: the pages of words, then the events, with the day of their last change."""
    root = ET.Element("urlset", xmlns=SITEMAP)
    for endpoint in pages:
        _text(ET.SubElement(root, "url"), "loc", urls.absolute(endpoint, locale))
    home = urls.absolute("agenda.index", locale)
    for row in rows:  # slugs need no quoting (events.rules.is_slug)
        url = ET.SubElement(root, "url")
        _text(url, "loc", f"{home}{row.slug}/")
        _text(url, "lastmod", _instant(row.updated_at))
    return _document(root)


def robots(locales: Iterable[str]) -> str:
    """robots.txt. Results of searches are many and say nothing new; the events are in the map."""
    lines = ["User-agent: *"]
    for prefix in urls.LOCALE_PREFIX.values():
        lines += [f"Disallow: {prefix}{path}" for path in PRIVATE]
        lines += [f"Disallow: {prefix}{path}?*q=" for path in ("/", "/agenda/")]
    lines += ["", *(f"Sitemap: {urls.absolute('agenda.sitemap', name)}" for name in locales)]
    return "\n".join(lines) + "\n"


def _document(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = _clean(value)


def _clean(value: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(c for c in value if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
