"""Letters: one text template per language gives the subject, the text and the HTML of a mail.

A template is text. Its first line is `Subject: ...`, its second `Title: ...` (the heading). What
is more than a paragraph is placed by these functions, on a line of their own:
`{{ facts(...) }}`, `{{ items(...) }}`, `{{ button(label, url) }}`, `{{ link(url) }}`, and, once,
`{{ attached(sentence) }}` and `{{ footer(line, ...) }}`.
Values are put in once, as text: controls are taken out and line ends folded, so that what people
typed can neither begin a line, nor become a link, nor be read as a template.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask, current_app
from flask_babel import force_locale, gettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from eventreg.config import ROOT, Settings
from eventreg.shared.i18n import LOCALES, NBSP, add_filters, show_date, typo, zone_name

TITLE_LIMIT = 110
SUBJECT_LIMIT = 180  # characters; longer titles are cut at a word
VALUE_LIMIT = 2_000
_MARK = "\x02"  # framed by it, the number of a block: values cannot hold it
_BLOCK = re.compile(_MARK + r"(\d+)" + _MARK)
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_EMPTY_LINES = re.compile(r"\n(?: *\n)+")
_SUBJECT, _TITLE = "Subject: ", "Title: "
_TEXT_RULE = "-- "
_LINK_STYLE = "color:#000091;word-break:break-all;"


class Several(str):
    """Text whose line ends are kept (an organiser's reason)."""

    __slots__ = ()


class _Mark(str):
    """Where a block stands in the rendered text; only `_Blocks.place` makes one."""

    __slots__ = ()


_KEPT = (Several, _Mark)


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail. `parameters` are those of its MIME type."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)
    parameters: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "filename": self.filename,
            "content_type": self.content_type,
            "parameters": self.parameters,
            "base64": base64.b64encode(self.content).decode("ascii"),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Attachment":
        """Raises KeyError or ValueError when `data` is not what `as_json` wrote."""
        return cls(
            filename=data["filename"],
            content_type=data["content_type"],
            content=base64.b64decode(data["base64"], validate=True),
            parameters=dict(data["parameters"]),
        )


@dataclass(frozen=True)
class Letter:
    """A letter ready for its envelope."""

    subject: str
    text: str
    html: str


@dataclass
class _Blocks:
    """What one rendering placed between its paragraphs."""

    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: str = ""
    footer: list[str] = field(default_factory=list)

    def place(self, **block: Any) -> str:
        self.blocks.append(block)
        return _Mark(f"\n\n{_MARK}{len(self.blocks) - 1}{_MARK}\n\n")

    def facts(self, *lines: object) -> str:
        shown = [clean(str(line)) for line in lines if line]
        return self.place(kind="facts", lines=shown) if shown else ""

    def items(self, lines: Sequence[object]) -> str:
        shown = [clean(str(line)) for line in lines if line]
        return self.place(kind="list", items=shown) if shown else ""

    def button(self, label: str, url: str) -> str:
        return self.place(kind="button", label=label, url=address(url))

    def link(self, url: str) -> str:
        return self.place(kind="link", url=address(url))

    def attached(self, sentence: str) -> str:
        self.attachments = clean(sentence)
        return ""

    def under(self, *lines: str) -> str:
        self.footer.extend(clean(line) for line in lines if line)
        return ""


class _Loader(FileSystemLoader):
    """Puts the no-break spaces of French into our own words once, when a template is read."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, path, fresh = super().get_source(environment, template)
        if template.endswith(".fr.txt"):
            source = str(typo(Markup(source)))  # noqa: S704 - our own file, text only
        return source, path, fresh


class Writer:
    """The letters of one application: its settings, its own Jinja environments."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        options: dict[str, Any] = {
            "loader": _Loader(ROOT / "templates"),
            "undefined": StrictUndefined,
            "auto_reload": settings.env == "development",
        }
        # Values are cleaned by `finalize` here, and escaped in the HTML part.
        plain: dict[str, Any] = {"autoescape": False, "finalize": _finalize}
        self.texts = Environment(**plain, **options)  # noqa: S701 - the text part is text
        self.texts.filters.update(
            several=several, short=short, day=day, zone=zone_name, sentence=sentence
        )
        self.pages = Environment(autoescape=True, **options)
        for environment in (self.texts, self.pages):
            add_filters(environment)
            environment.globals.update(settings=settings)
        self.pages.globals.update({"_": gettext, "theme": settings.theme})
        self.key = settings.secret_key.encode()

    def write(self, name: str, locale: str, /, **facts: Any) -> Letter:
        """The letter `templates/mails/<name>.<locale>.txt` filled with `facts`.

        Raises jinja2.UndefinedError when the template asks for a fact that was not given.
        """
        if locale not in LOCALES:
            locale = self.settings.locale
        placed = _Blocks()
        with force_locale(locale):
            rendered = self.texts.get_template(f"mails/{name}.{locale}.txt").render(
                facts,
                facts=placed.facts,
                items=placed.items,
                button=placed.button,
                link=placed.link,
                attached=placed.attached,
                footer=placed.under,
            )
            subject, title, blocks = _read(rendered, placed)
            html = self.pages.get_template("layouts/mail.html").render(
                locale=locale,
                subject=subject,
                title=title,
                blocks=[_for_html(block) for block in blocks],
                attachments=placed.attachments,
                footer=placed.footer,
            )
        colon = f"{NBSP}:" if locale == "fr" else ":"
        text = self._text([title, *(_for_text(block, colon) for block in blocks)], placed)
        return Letter(subject=subject, text=text, html=html)

    def _text(self, parts: list[str], placed: _Blocks) -> str:
        end = [_TEXT_RULE, self.settings.service_name, self.settings.organisation]
        if placed.attachments:
            parts.append(placed.attachments)
        parts.extend(placed.footer)
        return "\n\n".join([*parts, "\n".join(end)]) + "\n"

    def recipient_key(self, address: str) -> str:
        """A keyed hash of a canonical address: counts mails to it without reading it."""
        return self._keyed("recipient", address)

    def uid(self, what: str) -> str:
        """The UID of a calendar entry: the same for ever for the same `what`, opaque to others."""
        domain = self.settings.mail_sender.rpartition("@")[2]
        return f"{self._keyed('calendar', what)[:32]}@{domain}"

    def _keyed(self, purpose: str, value: str) -> str:
        return hmac.new(self.key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def init_app(app: Flask, settings: Settings) -> None:
    """`app.extensions["letters"]`: the Writer of this application."""
    app.extensions["letters"] = Writer(settings)


def writer() -> Writer:
    """The present application's letters."""
    found: Writer = current_app.extensions["letters"]
    return found


def write(name: str, locale: str, /, **facts: Any) -> Letter:
    """See Writer.write."""
    return writer().write(name, locale, **facts)


def clean(value: str) -> str:
    """One line of text: NFC, no control or direction mark, white space folded."""
    value = value[:VALUE_LIMIT]
    if value.isascii() and value.isprintable():
        return value
    value = _HIDDEN.sub(" ", unicodedata.normalize("NFC", value))
    return " ".join(part for part in re.split(r"[ \n]+", value) if part)


def several(value: str) -> Several:
    """Several lines, at most one empty one between two."""
    text = unicodedata.normalize(
        "NFC", value[:VALUE_LIMIT].replace("\r\n", "\n").replace("\r", "\n")
    )
    lines = (_HIDDEN.sub(" ", line).strip() for line in text.split("\n"))
    return Several(re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip())


def short(value: str) -> str:
    """A title that leaves room for the date in a subject."""
    line = clean(value)
    return line if len(line) <= TITLE_LIMIT else line[: TITLE_LIMIT - 1].rsplit(" ", 1)[0] + "…"


def sentence(value: str) -> str:
    """The first letter as a capital."""
    return value[:1].upper() + value[1:]


def day(value: datetime, zone: str) -> str:
    """« jeudi 14 janvier », without the year: for subjects."""
    return show_date(value, zone).rsplit(NBSP, 1)[0]


def header_text(value: str) -> str:
    """One line for a header; what looks like an encoded word stays text (it could hide anything)."""
    return clean(value).replace("=?", "= ?")


def subject_line(value: str) -> str:
    """A subject: one line, cut at a word when it is too long."""
    line = header_text(value)
    if len(line) <= SUBJECT_LIMIT:
        return line
    return line[: SUBJECT_LIMIT - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def address(url: str) -> str:
    """An address of ours for a link; raises ValueError for anything but http, https, or blanks."""
    if not url.startswith(("https://", "http://")) or not url.isprintable() or " " in url:
        raise ValueError("not an address for a letter")
    return url


def _finalize(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, _KEPT) else value


def _read(rendered: str, placed: _Blocks) -> tuple[str, str, list[dict[str, Any]]]:
    """Subject, title and blocks of a rendered template."""
    subject, title, body = rendered.split("\n", 2)
    blocks: list[dict[str, Any]] = []
    for part in _EMPTY_LINES.split(body):
        text = part.strip("\n ")
        if not text:
            continue
        mark = _BLOCK.fullmatch(text)
        blocks.append(placed.blocks[int(mark.group(1))] if mark else {"kind": "text", "text": text})
    if not (subject.startswith(_SUBJECT) and title.startswith(_TITLE)):
        raise ValueError("a letter begins with Subject: and Title:")
    return subject_line(subject[len(_SUBJECT) :]), clean(title[len(_TITLE) :]), blocks


def _for_text(block: dict[str, Any], colon: str) -> str:
    kind = block["kind"]
    if kind == "text":
        return str(block["text"])
    if kind == "facts":
        return "\n".join(f"    {line}" for line in block["lines"])
    if kind == "list":
        return "\n".join(f"- {line}" for line in block["items"])
    if kind == "button":
        return f"{block['label']}{colon}\n{block['url']}"
    return str(block["url"])


def _for_html(block: dict[str, Any]) -> dict[str, Any]:
    if block["kind"] == "text" and "\n" in block["text"]:
        lines = Markup("<br>").join(escape(line) for line in block["text"].split("\n"))
        return {"kind": "text", "text": lines}
    if block["kind"] == "link":
        anchor = Markup('<a href="{0}" style="{1}">{0}</a>').format(block["url"], _LINK_STYLE)
        return {"kind": "text", "text": anchor}
    return block
