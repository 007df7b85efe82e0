"""Blocks of a Markdown text: markdown-it finds them, `spans` reads what stands inside.

Before that, habits of kramdown and of the site's editors are put in order, line by line, so that
every block still knows the lines it came from.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from eventreg.shared.richtext import spans

_BREAKS = re.compile(r"^\s*(?:<br\s*/?>\s*)+", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"^(\s*(?:>\s*)*)\{:[^{}]{0,300}\}\s*$")
_DRAWN_BULLET = re.compile(r"^(\s{0,3})[•·▪‣]\s+")
_TIGHT_HEADING = re.compile(r"^(#{2,6})([^#\s])")
_HEADING = re.compile(r"^#{1,6}\s")
_CLOSED_BLOCK = re.compile(r"</(?:div|p|h[1-6]|ul|ol|figure|section|nav)>\s*$", re.IGNORECASE)
_OPENS_HTML = re.compile(r"\s*</?[a-zA-Z]")
# Unindented text, neither a break nor a mark of Markdown.
_TEXT = re.compile(r"(?:[*_]{1,3}(?=\S))?[^\s<>*#+_-]|\*{1,3}[^\s*]")
_HEADING_IN_HTML = re.compile(r"<h([1-6])\b", re.IGNORECASE)

# Off: what swallows text (link references, indented code), what costs more than one pass over
# tiny lines (tables), and all inline rules, which `spans` replaces.
_PARSER = MarkdownIt("commonmark", {"html": True, "maxNesting": 20}).disable(
    ["code", "reference", "inline"]
)


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, HTML block or code block with the lines [start, end) it came from.

    `item` numbers the list item it stands in (0: none), `leads` that it is the first of that item,
    `depth` the nesting of lists, `quoted` that it stands in a block quote.
    """

    kind: str
    source: str
    start: int
    end: int
    level: int = 0
    depth: int = 0
    item: int = 0
    leads: bool = False
    quoted: bool = False
    pieces: tuple[spans.Piece, ...] = field(default=(), repr=False)
    _read: list[spans.Run] = field(default_factory=list, repr=False, compare=False)

    def runs(self) -> list[spans.Run]:
        """Read once: every reader of a page asks for them."""
        if not self._read:
            self._read.extend(spans.runs(list(self.pieces)))
        return list(self._read)

    def text(self) -> str:
        """The visible text; line breaks kept."""
        return "".join(run.text for run in self.runs())


def normalise(markdown: str) -> str:
    """The text with the habits of kramdown put in order; as many lines as before."""
    lines = markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    _lone_stars(lines)
    previous, in_html = "", False
    for index, written in enumerate(lines):
        line = _normal_line(written, previous)
        if not previous.strip():
            in_html = _OPENS_HTML.match(line) is not None
        elif not in_html and _BREAKS.fullmatch(line) and _TEXT.match(_next(lines, index)):
            line = ""
        lines[index] = previous = line
    return "\n".join(lines)


def _next(lines: list[str], index: int) -> str:
    return lines[index + 1] if index + 1 < len(lines) else ""


def _normal_line(written: str, previous: str) -> str:
    line = _ATTRIBUTES.sub(r"\1", written)
    line = _TIGHT_HEADING.sub(r"\1 \2", _DRAWN_BULLET.sub(r"\1* ", line))
    # A break that starts a paragraph would open an HTML block and swallow the list below it.
    if not previous.strip() or _HEADING.match(previous):
        return _BREAKS.sub("", line)
    return "" if _CLOSED_BLOCK.search(previous) and _BREAKS.fullmatch(line) else line


def _lone_stars(lines: list[str]) -> None:
    """A star alone on a line opens or closes italics around a paragraph; it is no empty bullet."""
    opened = -1
    for index, line in enumerate(lines):
        if not line.strip():
            opened = -1
        elif line.strip() in {"*", "**"}:
            mark = line.strip()
            if opened >= 0 and lines[opened].startswith(f"\x00{mark}\x00"):
                lines[opened] = ""
                lines[opened + 1] = f"{mark}{lines[opened + 1].lstrip()}"
                lines[index - 1] = f"{lines[index - 1].rstrip()}{mark}"
                lines[index] = ""
                opened = -1
            else:
                lines[index] = f"\x00{mark}\x00"
                opened = index
    for index, line in enumerate(lines):
        if line.startswith("\x00"):
            lines[index] = line.strip("\x00") if line == "\x00**\x00" else ""


class _Walk:
    """Where in lists and quotes the walk over markdown-it's tokens stands."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.count = 0
        self.quotes = 0
        self.fresh = False
        self.heading = 0

    def step(self, token: Token) -> None:
        match token.type:
            case "list_item_open":
                self.count += 1
                self.items.append(self.count)
                self.fresh = True
            case "list_item_close":
                self.items.pop()
                self.fresh = False
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
            case "heading_open":
                self.heading = int(token.tag[1])
            case "heading_close":
                self.heading = 0

    def block(self, kind: str, token: Token, first_line: int) -> Block:
        start, end = token.map or [0, 0]
        level = self.heading
        if kind == "html":
            found = _HEADING_IN_HTML.search(token.content)
            level = int(found.group(1)) if found else 0
        made = Block(
            kind=kind,
            source=token.content,
            start=first_line + start,
            end=first_line + end,
            level=level,
            depth=len(self.items),
            item=self.items[-1] if self.items else 0,
            leads=self.fresh,
            quoted=self.quotes > 0,
            pieces=tuple(spans.read(token.content)) if kind != "code" else (),
        )
        self.fresh = False
        return made


def tokens(markdown: str) -> list[Token]:
    """Block tokens of a text that went through `normalise`."""
    return _PARSER.parse(markdown)


def blocks(markdown: str, first_line: int = 1) -> Iterator[Block]:
    """The blocks of a Markdown text in order; `first_line` is the number of its first line."""
    walk = _Walk()
    for token in tokens(normalise(markdown)):
        walk.step(token)
        match token.type:
            case "inline":
                yield walk.block("heading" if walk.heading else "paragraph", token, first_line)
            case "html_block":
                yield walk.block("html", token, first_line)
            case "fence":
                yield walk.block("code", token, first_line)


def to_html(markdown: str) -> str:
    """HTML that still has to be cleaned."""
    out: list[str] = []
    for token in tokens(normalise(markdown)):
        match token.type:
            case "inline" | "html_block":
                out.append(spans.to_html(spans.read(token.content)))
            case "fence":
                code = spans.Piece("code", token.content)
                out.append(f"<pre>{spans.to_html([code])}</pre>")
            case "hr":
                out.append("<hr>")
            case _ if not token.hidden:
                out.append(f"<{'/' * (token.nesting < 0)}{token.tag}>")
        if token.type != "inline" and token.nesting <= 0 and not token.hidden:
            out.append("\n")
    return "".join(out)
