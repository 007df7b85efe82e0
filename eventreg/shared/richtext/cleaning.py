"""HTML of any origin -> well-formed HTML of a short allow-list, in linear time.

Two passes. `_Balancer` writes a new stream: canonical tags, properly nested, at most 40 deep, and
everything it does not know as escaped text. Unbalanced input costs an HTML parser quadratic time;
this stream does not. Then nh3, an HTML parser of its own, has the last word.
"""

import html
import re
from collections import Counter
from collections.abc import Callable

import nh3

from eventreg.shared.richtext import spans
from eventreg.shared.richtext.links import Video, safe_href, video

_TAG = re.compile(spans.TAG)
_BARE_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)")
_LANG = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,2}")
_MAX_DEPTH = 40
_RENAMED = {
    "b": "strong",
    "i": "em",
    "nav": "div",
    "section": "div",
    "article": "div",
    "header": "div",
    "footer": "div",
    "main": "div",
    "aside": "div",
    "center": "div",
}
_VOID = frozenset({"br", "hr", "img"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CELLS = frozenset({"td", "th"})
_ONLY_INLINE = _HEADINGS | {"p"}
_ROOM = frozenset({"td", "th", "li"})
_LISTS = frozenset({"ul", "ol", "li", "dl", "dt", "dd"})
_TABLES = _CELLS | {"table", "thead", "tbody", "tr"}
_BOXES = frozenset({"p", "div", "blockquote", "figure", "figcaption", "pre", "hr"})
_BLOCKS = _HEADINGS | _LISTS | _TABLES | _BOXES
_INLINE = frozenset({"strong", "em", "a", "code", "span", "sup", "sub", "abbr", "small", "cite"})
_ALLOWED = _BLOCKS | _INLINE | _VOID
# What a start tag closes, and the containers it never reaches across.
_CLOSES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "td": (_CELLS, frozenset({"tr", "table"})),
    "th": (_CELLS, frozenset({"tr", "table"})),
    "a": (frozenset({"a"}), frozenset()),
}
_NEEDS = {
    "li": {"ul", "ol"},
    "td": {"tr"},
    "th": {"tr"},
    "tr": {"table"},
    "thead": {"table"},
    "tbody": {"table"},
    "dt": {"dl"},
    "dd": {"dl"},
    "figcaption": {"figure"},
}
_PLAYERS = frozenset({"iframe", "video", "source", "embed"})
_DECORATIVE = re.compile(r"\s*image d[ée]corative\s*", re.IGNORECASE)
_EMPTY = re.compile(
    r"<(p|div|h[1-6]|li|ul|ol|strong|em|a|span|figure|blockquote)(?: [^<>]*)?>\s*</\1>"
)
_BREAKS = re.compile(r"<br>(?:\s*<br>)+")
_EDGE_START = re.compile(r"(<(?:p|div|li|h[1-6]|td|th|blockquote|figure)>)(?:\s*<br>)+\s*")
_EDGE_END = re.compile(r"(?:<br>\s*)++(</(?:p|div|li|h[1-6]|td|th|blockquote|figure)>)")
_SPACES_BEFORE_END = re.compile(r"(?<!\s)\s++(?=</(?:p|li|h[1-6])>)")


class _Balancer:
    """Reads a stream of HTML, writes a well-formed one; collects the videos it drops."""

    def __init__(self, source: str, top: int, *, inline: bool = False) -> None:
        self.source = source
        self.top = top
        self.inline = inline
        self.out: list[str] = []
        self.open: list[tuple[str, bool]] = []
        self.count: Counter[str] = Counter()
        self.levels: list[int] = []
        self.videos: list[Video] = []
        self.lower = ""
        self.unclosed: set[str] = set()

    def run(self) -> str:
        position = 0
        while (start := self.source.find("<", position)) >= 0:
            self._text(self.source[position:start])
            position = self._markup(start)
        self._text(self.source[position:])
        self._close_down_to(0)
        return "".join(self.out)

    def _text(self, text: str) -> None:
        if text:
            self.out.append(_BARE_AMPERSAND.sub("&amp;", text).replace(">", "&gt;"))

    def _markup(self, start: int) -> int:
        match = _TAG.match(self.source, start)
        if match is None:
            end = self._skip(start, "<!--", "-->") if self.source.startswith("<!--", start) else 0
            if not end:
                self.out.append("&lt;")
            return end or start + 1
        tag, name = match.group(), spans.tag_name(match.group())
        if name in {"script", "style", "template"}:
            return self._skip(match.end(), f"<{name}", f"</{name}>") or match.end()
        name = _RENAMED.get(name, name)
        # `<b/>` is how some pages close what they opened.
        if tag.startswith("</") or (tag.endswith("/>") and name in _INLINE and self.count[name]):
            self._end(name)
        else:
            self._start(name, tag)
        return match.end()

    def _skip(self, start: int, opening: str, closing: str) -> int:
        """The end of what is dropped with its content; 0 when nothing closes it."""
        if opening in self.unclosed:
            return 0
        self.lower = self.lower or self.source.lower()
        end = self.lower.find(closing, start)
        if end < 0:
            self.unclosed.add(opening)
            return 0
        return end + len(closing)

    def _start(self, name: str, tag: str) -> None:
        if name in _PLAYERS:
            self._player(tag)
        if name not in _ALLOWED or (self.inline and name not in _INLINE and name != "br"):
            if name in _BLOCKS:
                self.out.append(" ")
            return
        self._make_room(name)
        attributes = _attributes(name, spans.tag_attributes(tag))
        if name == "img":
            self.out.append(_image(attributes))
        elif name in _VOID:
            self.out.append(f"<{name}>")
        else:
            self._push(name, attributes)

    def _make_room(self, name: str) -> None:
        if name in _CLOSES:
            closed, barrier = _CLOSES[name]
            self._close_from(self._position(closed, barrier))
        if name in _BLOCKS:
            self._close_from(self._position(_ONLY_INLINE, _ROOM))

    def _push(self, name: str, attributes: str | None) -> None:
        fits = name not in _NEEDS or any(entry[0] in _NEEDS[name] for entry in self.open)
        shown = attributes is not None and fits and len(self.open) < _MAX_DEPTH
        if len(self.open) >= 2 * _MAX_DEPTH:
            return
        if name in _HEADINGS and shown:
            self.out.append(f"<h{self._level(int(name[1]))}>")
        elif shown:
            self.out.append(f"<{name}{attributes}>")
        self.open.append((name, shown))
        self.count[name] += 1

    def _level(self, source_level: int) -> int:
        """Headings start at `top` and never skip a level, whatever levels the author used.

        With `top` 0 they keep their levels: what was rendered before is not shifted twice.
        """
        if not self.top:
            return source_level
        while self.levels and self.levels[-1] >= source_level:
            self.levels.pop()
        self.levels.append(source_level)
        return min(6, self.top + len(self.levels) - 1)

    def _end(self, name: str) -> None:
        self._close_from(self._position({name}, frozenset()))
        if self.inline and name in _BLOCKS:
            self.out.append(" ")

    def _position(self, names: set[str] | frozenset[str], barrier: frozenset[str]) -> int:
        if not any(self.count[name] for name in names):
            return -1
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index][0] in names:
                return index
            if self.open[index][0] in barrier:
                return -1
        return -1

    def _close_from(self, index: int) -> None:
        if index >= 0:
            self._close_down_to(index)

    def _close_down_to(self, length: int) -> None:
        while len(self.open) > length:
            name, shown = self.open.pop()
            self.count[name] -= 1
            if shown:
                self.out.append(f"</{self._written(name)}>")

    def _written(self, name: str) -> str:
        """The name a heading was opened with; headings do not nest, so the last level is its own."""
        if name not in _HEADINGS or not self.top:
            return name
        return f"h{min(6, self.top + len(self.levels) - 1)}"

    def _player(self, tag: str) -> None:
        found = video(spans.tag_attributes(tag).get("src", ""))
        if found and found not in self.videos:
            self.videos.append(found)


def _attributes(name: str, given: dict[str, str]) -> str | None:
    """The attributes to write, with a leading space; None when the tag must not be written."""
    lang = given.get("lang", "")
    kept = {"lang": lang} if _LANG.fullmatch(lang) else {}
    if name == "a":
        href = safe_href(given.get("href", ""))
        if href is None:
            return None
        kept["href"] = href
        if href.startswith("http"):
            kept["rel"] = "noopener noreferrer"
    elif name == "img":
        alt = " ".join(given.get("alt", "").split())
        kept |= {"src": given.get("src", ""), "alt": "" if _DECORATIVE.fullmatch(alt) else alt}
    elif name in _CELLS:
        kept |= {key: given[key] for key in ("colspan", "rowspan") if given.get(key, "").isdigit()}
    return "".join(f' {key}="{html.escape(value)}"' for key, value in kept.items())


def _image(attributes: str | None) -> str:
    """An image of this site; one from elsewhere (third-party request) becomes a link to it."""
    given = spans.tag_attributes(f"<img {attributes}>")
    src = safe_href(given["src"])
    if src is None or src.startswith("mailto:"):
        return html.escape(given["alt"])
    if src.startswith("/"):
        return f'<img src="{html.escape(src)}" alt="{html.escape(given["alt"])}">'
    if not given["alt"]:
        return ""
    return f'<a href="{html.escape(src)}" rel="noopener noreferrer">{html.escape(given["alt"])}</a>'


def _vet(tag: str, attribute: str, value: str) -> str | None:
    """nh3's view of each attribute: the second check of addresses."""
    if attribute == "href":
        return safe_href(value)
    if attribute == "src":
        return value if tag == "img" and value.startswith("/") and safe_href(value) else None
    if attribute == "rel":
        return "noopener noreferrer"
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_ALLOWED),
    clean_content_tags={"script", "style"},
    attributes={
        "*": {"lang"},
        "a": {"href", "rel"},
        "img": {"src", "alt"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
    },
    attribute_filter=_vet,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
    strip_comments=True,
)


def clean(source: str, top: int = 2, *, inline: bool = False) -> tuple[str, list[Video]]:
    """Safe, well-formed HTML and the videos that were taken out; headings start at h`top`."""
    balancer = _Balancer(source, top, inline=inline)
    cleaned = _CLEANER.clean(balancer.run())
    tidy: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
        (_BREAKS, "<br>"),
        (_EDGE_START, r"\1"),
        (_EDGE_END, r"\1"),
        (_SPACES_BEFORE_END, ""),
        (_EMPTY, ""),
        (_EMPTY, ""),
        (_EMPTY, ""),
    )
    for pattern, replacement in tidy:
        cleaned = pattern.sub(replacement, cleaned)
    return cleaned.strip(), balancer.videos
