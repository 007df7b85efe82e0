"""From the bytes of a document to its front matter and body, or the name of what is wrong."""

import re
from dataclasses import dataclass

from eventreg.events.jekyll.problems import N_, Findings
from eventreg.shared import richtext

MAX_BYTES = 1024 * 1024
MAX_LINES = 5_000
MAX_FRONT_MATTER = 64 * 1024
MAX_BODY = 100_000
MAX_PARAGRAPH = 2 * richtext.MAX_CHARS
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
# ZIP (and .docx, .odt), PDF, gzip, PNG, JPEG, GIF, old Word
_NO_TEXT = (
    b"PK\x03\x04",
    b"%PDF",
    b"\x1f\x8b",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\xd0\xcf\x11",
)
_FENCE = re.compile(r"---[ \t]*")


@dataclass(frozen=True, slots=True)
class Source:
    """A readable document; `text` is as received, the parts have plain line ends.

    `body_line` is the number of the body's first line; the front matter starts on line 2.
    """

    text: str
    front_matter: str
    body: str
    body_line: int


def read(raw: bytes, findings: Findings) -> Source | None:
    """The parts of a document; None, with an error in `findings`, when it cannot be read."""
    if len(raw) > MAX_BYTES:
        findings.error(
            None,
            "document-too-large",
            N_("The document is larger than %(limit)s bytes."),
            limit=MAX_BYTES,
        )
        return None
    text = _decode(raw, findings)
    if text is None:
        return None
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    _check_characters(lines, findings)
    if len(lines) > MAX_LINES:
        findings.error(
            MAX_LINES + 1,
            "too-many-lines",
            N_("The document has more than %(limit)s lines."),
            limit=MAX_LINES,
        )
    return None if findings.errors else _split(text, lines, findings)


def _decode(raw: bytes, findings: Findings) -> str | None:
    if raw.startswith(_NO_TEXT):
        findings.error(
            None, "not-a-text", N_("This is not a text document, whatever the file is called.")
        )
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or (
        len(raw) >= 4 and (raw[0:1] == b"\x00") != (raw[1:2] == b"\x00")
    ):
        findings.error(1, "encoding-utf16", N_("The document is in UTF-16; save it in UTF-8."))
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        findings.error(
            raw.count(b"\n", 0, problem.start) + 1,
            "encoding-not-utf8",
            N_("The document is not in UTF-8 (byte %(position)s)."),
            position=problem.start,
        )
        return None


def _check_characters(lines: list[str], findings: Findings) -> None:
    for number, line in enumerate(lines, 1):
        found = _CONTROL.search(line)
        if found is None:
            continue
        if found.group() == "\x00":
            findings.error(number, "nul-character", N_("The document holds a NUL character."))
        else:
            findings.error(
                number,
                "control-character",
                N_("The document holds a control character (%(character)s)."),
                character=f"U+{ord(found.group()):04X}",
            )
        if len(findings.errors) >= 20:
            return


def _split(text: str, lines: list[str], findings: Findings) -> Source | None:
    if not _FENCE.fullmatch(lines[0]):
        findings.error(
            1,
            "front-matter-missing",
            N_("The document does not start with a front matter: its first line must be “---”."),
        )
        return None
    end = next((i for i, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line)), None)
    if end is None:
        findings.error(
            1,
            "front-matter-unterminated",
            N_("The front matter is not closed: a second line “---” is missing."),
        )
        return None
    front_matter, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    if len(front_matter) > MAX_FRONT_MATTER:
        findings.error(
            2,
            "front-matter-too-long",
            N_("The front matter is longer than %(limit)s characters."),
            limit=MAX_FRONT_MATTER,
        )
    if len(body) > MAX_BODY:
        findings.error(
            end + 2,
            "body-too-long",
            N_("The text is longer than %(limit)s characters."),
            limit=MAX_BODY,
        )
    else:
        _check_paragraphs(lines[end + 1 :], end + 2, findings)
    return Source(text, front_matter, body, end + 2)


def _check_paragraphs(lines: list[str], first_line: int, findings: Findings) -> None:
    """Refuse what is no text early: a line or an unbroken paragraph beyond all measure."""
    start, size = first_line, 0
    for number, line in enumerate(lines, first_line):
        size += len(line) + 1
        if not line.strip():
            start, size = number + 1, 0
        too_long = len(line) > richtext.MAX_CHARS or size > MAX_PARAGRAPH
        if too_long or number - start > richtext.MAX_LINES:
            findings.error(
                start,
                "paragraph-too-long",
                N_("A part of the text is longer than %(limit)s characters or %(lines)s lines."),
                limit=richtext.MAX_CHARS,
                lines=richtext.MAX_LINES,
            )
            return
