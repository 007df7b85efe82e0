"""The one door for formatted text: Markdown (kramdown habits, HTML inside) -> safe HTML.

`render`, `inline` and `clean` are the only functions whose result a template may show unescaped.
Length is checked before anything else is done with the text (`TextTooLong`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from eventreg.shared.richtext import blocks as _blocks
from eventreg.shared.richtext import cleaning, spans
from eventreg.shared.richtext.blocks import Block
from eventreg.shared.richtext.links import Video, is_email, safe_href, video
from eventreg.shared.richtext.spans import Run

__all__ = [
    "MAX_CHARS",
    "MAX_LINES",
    "Block",
    "Rendered",
    "Run",
    "TextTooLong",
    "Video",
    "blocks",
    "inline",
    "is_email",
    "plain",
    "render",
    "render_document",
    "runs",
    "safe_href",
    "tag_attributes",
    "trusted",
    "video",
]

MAX_CHARS = 20_000
MAX_LINES = 1_000
_SPACES = re.compile(r"\s+")
tag_attributes = spans.tag_attributes


class TextTooLong(ValueError):
    """A text over the limit, refused before it is read; `unit` is "characters" or "lines"."""

    def __init__(self, length: int, limit: int, unit: str = "characters") -> None:
        super().__init__(f"text of {length} {unit}, at most {limit} are accepted")
        self.length = length
        self.limit = limit
        self.unit = unit


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML, and the videos that were taken out of it."""

    html: str
    videos: tuple[Video, ...]


def _checked(text: str) -> str:
    if len(text) > MAX_CHARS:
        raise TextTooLong(len(text), MAX_CHARS)
    if (lines := text.count("\n") + 1) > MAX_LINES:
        raise TextTooLong(lines, MAX_LINES, "lines")
    return text.replace("\x00", "\ufffd")


def render_document(markdown: str, top: int = 2) -> Rendered:
    """Safe HTML of a Markdown text whose headings start at h`top`. Raises TextTooLong."""
    html, videos = cleaning.clean(_blocks.to_html(_checked(markdown)), top)
    return Rendered(html, tuple(videos))


def render(markdown: str, top: int = 2) -> str:
    """Safe HTML of a Markdown text whose headings start at h`top`. Raises TextTooLong."""
    return render_document(markdown, top).html


def inline(markdown: str) -> str:
    """Safe HTML of one line of Markdown: no paragraph, heading or list. Raises TextTooLong."""
    source = spans.to_html(spans.read(_checked(markdown)))
    return cleaning.clean(source, inline=True)[0]


def plain(text: str) -> str:
    """The visible text of Markdown or HTML, white space folded to one space. Raises TextTooLong."""
    words = (block.text() for block in _blocks.blocks(_checked(text)))
    return _SPACES.sub(" ", "\n".join(words)).strip()


def blocks(markdown: str, first_line: int = 1) -> Iterator[Block]:
    """The blocks of a text with their lines, for programs that read it; nothing is escaped here."""
    return _blocks.blocks(markdown.replace("\x00", "\ufffd"), first_line)


def runs(text: str) -> list[Run]:
    """The visible text of one line of Markdown or HTML, style by style."""
    return list(spans.runs(spans.read(text)))


def trusted(html: str) -> Markup:
    """HTML that `render` made earlier, cleaned again on its way out; templates show it as it is."""
    return Markup(cleaning.clean(html, top=0)[0])  # noqa: S704 - the one place, right after cleaning
