"""The Markdown of a document as safe HTML."""

from collections.abc import Iterator

from eventreg.events.jekyll.problems import N_, Findings
from eventreg.shared import richtext
from eventreg.shared.richtext import Video


def render(markdown: str, line: int, findings: Findings) -> tuple[str, tuple[Video, ...]]:
    """Safe HTML, piece by piece so that a long page stays within the limits of each.

    `line` is the first of the text, for the error when a piece is beyond all measure.
    """
    html: list[str] = []
    videos: list[Video] = []
    try:
        for piece in _pieces(markdown):
            rendered = richtext.render_document(piece)
            html.append(rendered.html)
            videos += rendered.videos
    except richtext.TextTooLong:
        findings.error(
            line,
            "paragraph-too-long",
            N_("A part of the text is longer than %(limit)s characters or %(lines)s lines."),
            limit=richtext.MAX_CHARS,
            lines=richtext.MAX_LINES,
        )
    return "\n".join(part for part in html if part), tuple(dict.fromkeys(videos))


def _pieces(markdown: str) -> Iterator[str]:
    """The text in pieces of at most MAX_CHARS and MAX_LINES, cut at blank lines."""
    piece: list[str] = []
    size = lines = 0
    for paragraph in markdown.split("\n\n"):
        count = paragraph.count("\n") + 2
        if piece and (
            size + len(paragraph) + 2 > richtext.MAX_CHARS or lines + count > richtext.MAX_LINES
        ):
            yield "\n\n".join(piece)
            piece, size, lines = [], 0, 0
        piece.append(paragraph)
        size += len(paragraph) + 2
        lines += count
    yield "\n\n".join(piece)
