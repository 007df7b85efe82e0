"""Buttons and highlighted links of the body: `class="button"`, `lien-important`, centred links."""

import re
from collections.abc import Iterator

from eventreg.events.jekyll import rendering
from eventreg.events.jekyll.document import Link
from eventreg.events.jekyll.page import MAX_SENTENCE, Button
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.words import is_placeholder, squeeze
from eventreg.shared import richtext
from eventreg.shared.richtext import Block

MAX_BUTTONS = 50
_ANCHOR = re.compile(r"<a\b([^<>]*)>", re.IGNORECASE)
_CENTRED = re.compile(r"<(?:div|p)\b[^<>]*align=[\"']?center", re.IGNORECASE)
_HIGHLIGHTED = re.compile(r"lien-important|class=[\"'][^\"'<>]*\bbutton\b", re.IGNORECASE)
_STARS = re.compile(r"^\s*\{:[^{}]*\.(?:lien-important|button)\b")


def buttons(blocks: tuple[Block, ...], lines: list[str], findings: Findings) -> tuple[Button, ...]:
    """The calls to action in order; `lines` are the document's lines, for kramdown's marks."""
    found: list[Button] = []
    for block in blocks:
        context = ""
        for text, written in _of_block(block, lines):
            context = context or block.text()[:MAX_SENTENCE]
            line = _line(block, written, lines)
            href = _usable(text, written, line, findings)
            found.append(Button(Link(text, href), context, line))
            if len(found) >= MAX_BUTTONS:
                return tuple(found)
    return tuple(found)


def read_body(body: str) -> tuple[str, tuple[richtext.Video, ...], list[Link]]:
    """(HTML, films, buttons with an address) of a text written outside a document."""
    html, videos = rendering.render(body, 1, Findings())
    blocks = tuple(richtext.blocks(body, 1))
    found = buttons(blocks, body.split("\n"), Findings())
    return html, videos, [button.link for button in found]


def _of_block(block: Block, lines: list[str]) -> Iterator[tuple[str, str]]:
    following = lines[block.end - 1] if block.end - 1 < len(lines) else ""
    marked = block.quoted and _STARS.match(following) is not None
    if not marked and "<a" not in block.source.lower():
        return
    boxed = marked or _CENTRED.search(block.source) or "lien-important" in block.source
    if boxed or _HIGHLIGHTED.search(block.source):
        yield from _anchors(block, everything=bool(boxed))


def _anchors(block: Block, *, everything: bool) -> Iterator[tuple[str, str]]:
    label, written, inside = "", "", False
    for piece in block.pieces:
        opens = piece.kind == "link" or (piece.kind == "tag" and _ANCHOR.match(piece.text))
        closes = piece.kind == "endlink" or piece.text.lower().startswith("</a")
        if opens:
            if piece.kind == "link":
                label, written, inside = "", piece.href, everything
            else:
                attributes = richtext.tag_attributes(piece.text)
                classes = attributes.get("class", "").split()
                label, inside = "", everything or "button" in classes
                written = attributes.get("href") or (
                    "" if "href" in attributes else piece.text.strip("<>")[1:].strip()
                )
        elif inside and closes:
            if squeeze(label):
                yield squeeze(label), written
            inside = False
        elif inside and piece.kind in {"text", "code"}:
            label += piece.text


def _line(block: Block, written: str, lines: list[str]) -> int:
    for number in range(block.start, min(block.end, len(lines) + 1)):
        if written and written in lines[number - 1]:
            return number
    return block.start


def _usable(text: str, written: str, line: int, findings: Findings) -> str | None:
    href = richtext.safe_href(written)
    if href is not None:
        return href
    if not written or is_placeholder(written):
        findings.warn(
            line,
            "link-placeholder",
            N_("The button “%(text)s” has no address yet: “%(value)s”."),
            text=text,
            value=written,
        )
    else:
        findings.warn(
            line,
            "link-broken",
            N_("The address of the button “%(text)s” cannot be used: %(value)s."),
            text=text,
            value=written,
        )
    return None
