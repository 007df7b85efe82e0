"""Inline Markdown and HTML as the site's editors write it, read in linear time.

Emphasis is read by toggling, like kramdown and unlike CommonMark: `**bold **:` is bold, and a mark
that nothing closes is dropped, never the words beside it.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

# No alternative may scan past the next "<": that is what keeps the tags linear.
TAG = r"""</?[a-zA-Z](?:[^<>="']|=\s*"[^"<]*"|=\s*'[^'<]*'|[="'])*+>"""
_TOKEN = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<hard>\\\n|[ ]{2,}+\n)"
    r"|(?P<soft>\n)"
    r"|(?P<space>[ ]+)"
    r"|(?P<ticks>`+)"
    r"|(?P<attributes>\{:[^{}\n]{0,300}\})"
    r"|(?P<image>!\[)"
    r"|(?P<open>\[)"
    r"|(?P<close>\])"
    r"|(?P<stars>\*+)"
    r"|(?P<unders>_+)"
    r"|(?P<autolink><(?:https?://|mailto:)[^<>\s]+>|<[^<>\s@/]+@[^<>\s@]+>)"
    r"|(?P<comment><!--)"
    rf"|(?P<tag>{TAG})"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)"
    r"|(?P<url>https?://[^\s<>()\[\]\"*]+)"
    r"|(?P<text>(?:[^\\ \n`{!\[\]*_<&h]|h(?!ttps?://)|&(?![#a-zA-Z])|<(?![a-zA-Z/!]))++|.)"
)
_DESTINATION = re.compile(
    r"\(\s{0,9}(?:<(?P<quoted>[^<>\n]*)>|(?P<bare>[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*))"
    r"(?:\s{1,9}(?:\"[^\"<>]{0,500}\"|'[^'<>]{0,500}'))?\s{0,9}\)"
)
_LAZY_DESTINATION = re.compile(r"\((?P<bare>lien [^()<>\n]{1,60})\)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([^\s=<>\"'/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=]+)))?")
_AS_IT_IS = frozenset({"text", "space", "soft", "url"})
_TAG_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_SPLITTING = re.compile(
    r"address|article|aside|blockquote|br|center|d[dlt]|div|figcaption|figure|footer|form|h[1-6r]"
    r"|header|li|main|nav|[ou]l|p|pre|section|table|t[dhr]"
)


class Piece(NamedTuple):
    """One inline piece: text, break, code, tag (as written), mark, start, end, link, endlink, image.

    `text` is the visible text, the tag as written or the name of the mark; `href` the address.
    """

    kind: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Visible text of one style; line breaks of any kind are one newline."""

    text: str
    bold: bool = False
    italic: bool = False
    href: str | None = None


def tag_name(tag: str) -> str:
    """The lower-case name of a tag as written; empty when it has none."""
    match = _TAG_NAME.match(tag)
    return match.group(1).lower() if match else ""


def tag_attributes(tag: str) -> dict[str, str]:
    """The attributes of a tag as written, first one wins, entities resolved."""
    found: dict[str, str] = {}
    body = tag.strip("</>")
    for name, double, single, bare in _ATTRIBUTE.findall(body[len(tag_name(tag)) :]):
        found.setdefault(name.lower(), html.unescape(double or single or bare))
    return found


class _Reader:
    """Turns one inline text into pieces; one pass, then one pass over the marks."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[Piece] = []
        self.brackets: list[tuple[int, bool]] = []
        self.lost_ticks: set[int] = set()
        self.comments_end = False

    def read(self) -> list[Piece]:
        position = 0
        while match := _TOKEN.match(self.source, position):
            kind, text, end = str(match.lastgroup), match.group(), match.end()
            if kind in _AS_IT_IS:
                self.pieces.append(Piece("text", text))
                position = end
            else:
                position = self._take(kind, text, match.start(), end)
        return _pair(self.pieces)

    def _take(self, kind: str, text: str, start: int, end: int) -> int:
        match kind:
            case "escape":
                self.pieces.append(Piece("text", text[1]))
            case "hard":
                self.pieces.append(Piece("break", "\n"))
            case "entity":
                self.pieces.append(Piece("text", html.unescape(text)))
            case "tag":
                self.pieces.append(Piece("tag", text))
            case "stars" | "unders":
                self._mark(text, start, end)
            case "attributes":
                pass
            case _:
                return self._take_structure(kind, text, end)
        return end

    def _take_structure(self, kind: str, text: str, end: int) -> int:
        match kind:
            case "ticks":
                return self._code(text, end)
            case "comment":
                return self._comment(text, end)
            case "autolink":
                inner = text[1:-1]
                self.pieces += [
                    Piece("link", "", inner),
                    Piece("text", inner),
                    Piece("endlink", ""),
                ]
            case "close":
                return self._close(end)
            case _:
                self.brackets.append((len(self.pieces), kind == "image"))
                self.pieces.append(Piece("text", text))
        return end

    def _code(self, ticks: str, end: int) -> int:
        if len(ticks) not in self.lost_ticks:
            closing = re.compile(rf"(?<!`){ticks}(?!`)").search(self.source, end)
            if closing:
                self.pieces.append(Piece("code", self.source[end : closing.start()].strip()))
                return closing.end()
            self.lost_ticks.add(len(ticks))
        self.pieces.append(Piece("text", ticks))
        return end

    def _comment(self, text: str, end: int) -> int:
        closing = -1 if self.comments_end else self.source.find("-->", end)
        if closing < 0:
            self.comments_end = True
            self.pieces.append(Piece("text", text))
            return end
        return closing + 3

    def _close(self, end: int) -> int:
        if not self.brackets:
            self.pieces.append(Piece("text", "]"))
            return end
        index, is_image = self.brackets.pop()
        match = _DESTINATION.match(self.source, end) or _LAZY_DESTINATION.match(self.source, end)
        if match is None:
            self.pieces.append(Piece("text", "]"))
            return end
        href = match.groupdict().get("quoted") or match.group("bare") or ""
        if is_image:
            alt = "".join(piece.text for piece in self.pieces[index + 1 :] if piece.kind == "text")
            self.pieces[index:] = [Piece("image", alt, href)]
        else:
            self.pieces[index] = Piece("link", "", href)
            self.pieces.append(Piece("endlink", ""))
        return match.end()

    def _mark(self, text: str, start: int, end: int) -> None:
        before = self.source[start - 1] if start else " "
        after = self.source[end] if end < len(self.source) else " "
        inside_word = before.isalnum() and after.isalnum()
        if len(text) > 4 or (inside_word and (text[0] == "_" or before.isdigit())):
            self.pieces.append(Piece("text", text))
            return
        if text in {"*", "_"} and before.isspace() and after.isspace():
            self.pieces.append(Piece("text", text))
            return
        for name in ("", "*", "**", "** *", "** **")[len(text)].split():
            side = "opens" if not after.isspace() else "closes"
            self.pieces.append(Piece("mark", name.replace("*", text[0]), side))


def _pair(pieces: list[Piece]) -> list[Piece]:
    """Marks become starts and ends of emphasis; a lone `**` goes, a lone `*` stays as text."""
    waiting: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        if piece.kind != "mark":
            continue
        tag = "strong" if len(piece.text) == 2 else "em"
        opener = waiting.pop(piece.text, None)
        if opener is not None:
            pieces[opener] = Piece("start", tag)
            pieces[index] = Piece("end", tag)
        elif tag == "strong" or piece.href == "opens":
            waiting[piece.text] = index
    lone_strong = any(len(mark) == 2 for mark in waiting)
    for index, piece in enumerate(pieces):
        if piece.kind == "mark":
            keep = len(piece.text) == 1 and not lone_strong
            pieces[index] = Piece("text", piece.text if keep else "")
    return pieces


def read(source: str) -> list[Piece]:
    """The pieces of one paragraph, heading or HTML block."""
    return list(_read(source))


@lru_cache(maxsize=256)
def _read(source: str) -> tuple[Piece, ...]:
    """A page is read for its facts, then again to be shown: its blocks are taken apart once."""
    return tuple(_Reader(source).read())


def to_html(pieces: list[Piece]) -> str:
    """HTML that still has to be cleaned: tags are as the author wrote them."""
    return "".join(
        html.escape(piece.text, quote=False) if piece.kind == "text" else _html(piece)
        for piece in pieces
    )


def _html(piece: Piece) -> str:
    text, href = html.escape(piece.text, quote=piece.kind == "image"), html.escape(piece.href)
    written = {
        "break": "<br>\n",
        "code": f"<code>{text}</code>",
        "start": f"<{text}>",
        "end": f"</{text}>",
        "link": f'<a href="{href}">',
        "endlink": "</a>",
        "image": f'<img src="{href}" alt="{text}">',
    }
    return written.get(piece.kind, piece.text)


_SETS_STYLE = frozenset({"tag", "start", "end", "link", "endlink"})


class _Style:
    """Which emphasis and link are open while the visible text is collected."""

    def __init__(self) -> None:
        self.strong = 0
        self.em = 0
        self.href: str | None = None
        self.hidden = ""

    def run(self, text: str) -> Run:
        return Run(text, self.strong > 0, self.em > 0, self.href)

    def emphasis(self, name: str, *, opens: bool) -> None:
        step = 1 if opens else -1
        if name in {"strong", "b"}:
            self.strong = max(0, self.strong + step)
        elif name in {"em", "i"}:
            self.em = max(0, self.em + step)

    def tag(self, tag: str) -> str:
        """Take a tag into account; the text it stands for."""
        name, closes = tag_name(tag), tag.startswith("</")
        if self.hidden or name in {"script", "style"}:
            ends = closes and name == self.hidden
            self.hidden = "" if ends else self.hidden or name
            return ""
        if name == "a":
            self.href = None if closes else tag_attributes(tag).get("href")
        # `<b/>` is how some pages close what they opened.
        self.emphasis(name, opens=not closes and not (tag.endswith("/>") and self.strong + self.em))
        return "\n" if _SPLITTING.fullmatch(name) else ""


def runs(pieces: list[Piece]) -> Iterator[Run]:
    """The visible text, style by style; what scripts and styles hold is not visible."""
    style = _Style()
    texts: list[str] = []  # of one style: a text has far more words than styles
    for piece in pieces:
        if piece.kind in _SETS_STYLE:
            if texts:
                yield style.run("".join(texts))
                texts.clear()
            if text := _set_style(style, piece):
                texts.append(text)
        elif piece.text and piece.kind != "image" and not style.hidden:
            texts.append(piece.text)
    if texts:
        yield style.run("".join(texts))


def _set_style(style: _Style, piece: Piece) -> str:
    """Takes a mark or a tag into account; the text it stands for."""
    if piece.kind == "tag":
        return style.tag(piece.text)
    if style.hidden:
        return ""
    if piece.kind in {"start", "end"}:
        style.emphasis(piece.text, opens=piece.kind == "start")
    else:
        style.href = piece.href if piece.kind == "link" else None
    return ""
