"""The texts and lists of an event as people write them in a field, and back."""

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from eventreg.events.errors import BadValue
from eventreg.shared import richtext
from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.errors import N_
from eventreg.shared.fields import clean_line, has_unprintable

LINE_LIMIT = 300
MOST = 60  # entries of a list
NONE = "none"
SEPARATOR = "|"
LINES = ("title_en", "venue_en", "external_name")
MARKDOWN = ("lead", "lead_en", "body", "body_en")
LISTS = ("categories", "tags")
_TOO_LONG = N_("Use %(limit)s printable characters at most.")


def _line(key: str, text: str, _zone: str) -> str:
    value = clean_line("" if text.lower() == NONE else text)
    _short(key, value)
    return value


def _markdown(key: str, text: str, _zone: str) -> str:
    value = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    try:
        richtext.render_document(value)
    except richtext.TextTooLong as fault:
        raise BadValue(
            N_("Shorten this text: %(limit)s characters and %(lines)s lines at most."),
            field=key,
            limit=richtext.MAX_CHARS,
            lines=richtext.MAX_LINES,
        ) from fault
    if has_unprintable(value):
        raise BadValue(
            N_("Remove the invisible or control characters, then type the text again."), field=key
        )
    return value


def _list(key: str, text: str, _zone: str) -> list[str]:
    words = [clean_line(part) for part in text.replace("\n", ",").split(",")]
    found = list(dict.fromkeys(word for word in words if word))
    for word in found:
        _short(key, word, limit=80)
    _few(key, found)
    return found


def _rows(key: str, text: str, most: int) -> list[tuple[int, list[str]]]:
    """(number, cells) of each line that says something."""
    rows = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        cells = [clean_line(cell) for cell in line.split(SEPARATOR)]
        if not any(cells):
            continue
        if len(cells) > most:
            raise BadValue(
                N_("Line %(number)s: write %(most)s parts at most, separated by “|”."),
                field=key,
                number=number,
                most=most,
            )
        for cell in cells:
            _short(key, cell, limit=2_000)
        rows.append((number, cells + [""] * (most - len(cells))))
    _few(key, rows)
    return rows


def _info_fields(key: str, text: str, _zone: str) -> list[dict[str, Any]]:
    found = []
    for number, (label, value, link) in _rows(key, text, 3):
        if link and not richtext.safe_href(link):
            raise BadValue(
                N_("Line %(number)s: the address must begin with https://."),
                field=key,
                number=number,
            )
        found.append({"label": label, "value": value, "link": link or None})
    return found


def _press_contacts(key: str, text: str, _zone: str) -> list[dict[str, Any]]:
    found = []
    for number, (name, phones, email) in _rows(key, text, 3):
        try:
            address = canonical(email).canonical if email else None
        except InvalidAddress as fault:
            raise BadValue(
                N_("Line %(number)s: the e-mail address is not complete."), field=key, number=number
            ) from fault
        numbers = [clean_line(part) for part in phones.split(",") if part.strip()]
        found.append({"name": name or None, "phones": numbers, "email": address})
    return found


def _short(key: str, value: str, limit: int = LINE_LIMIT) -> None:
    if len(value) > limit or has_unprintable(value):
        raise BadValue(_TOO_LONG, field=key, limit=limit)


def _few(key: str, found: list[Any]) -> None:
    if len(found) > MOST:
        raise BadValue(N_("Write %(limit)s entries at most."), field=key, limit=MOST)


PARSERS: Mapping[str, Callable[[str, str, str], Any]] = {
    **dict.fromkeys(LINES, _line),
    **dict.fromkeys(MARKDOWN, _markdown),
    **dict.fromkeys(LISTS, _list),
    "info_fields": _info_fields,
    "press_contacts": _press_contacts,
}


def text_of(event: Any, key: str) -> str:
    """A text or list of an event as its field shows it; reading it back changes nothing."""
    value = getattr(event, key)
    if key == "lead":
        return lead_of(event)
    if key in LISTS:
        return ", ".join(value)
    if key == "info_fields":
        return "\n".join(_row(one.get("label"), one.get("value"), one.get("link")) for one in value)
    if key == "press_contacts":
        return "\n".join(
            _row(one.get("name"), ", ".join(one.get("phones") or ()), one.get("email"))
            for one in value
        )
    return str(value or "")


def lead_of(event: Any) -> str:
    """The lead as text or Markdown, or as the HTML shown when those would lose something."""
    for written_as in (event.lead, _as_markdown(event.lead_html), event.lead_html):
        if richtext.render_document(written_as).html == event.lead_html:
            return str(written_as)
    return str(event.lead)


# The few marks of a lead, as the sanitiser writes them.
_MARKS = (
    (re.compile(r'<a href="([^"]*)"[^>]*>([^<]*)</a>'), r"[\2](\1)"),
    (re.compile(r"</?strong>"), "**"),
    (re.compile(r"</?em>"), "*"),
    (re.compile(r"<br */?>\n?"), "  \n"),
    (re.compile(r"</p>\s*<p>"), "\n\n"),
    (re.compile(r"</?p>"), ""),
)


def _as_markdown(html: str) -> str:
    for pattern, mark in _MARKS:
        html = pattern.sub(mark, html)
    return unescape(html).strip()


def _row(*cells: Any) -> str:
    texts = [clean_line(str(cell or "")).replace(SEPARATOR, "/") for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return f" {SEPARATOR} ".join(texts)
