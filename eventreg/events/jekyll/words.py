"""Small readings of French text, shared by all modules of the parser."""

import re
import unicodedata

from eventreg.shared import richtext

_SPACES = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÀ-Ý«\[(\d])|\n+")
# Not `<name@example.org>` or `<https://…>`: those are words.
_TAGS = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])[^<>]{0,500}>")
_MARKED = re.compile(r"[\\`{}!\[\]*_<&]")
PLACEHOLDER = re.compile(
    r"(?:lien|adresse|url|texte|date|lieu)s? (?:a|à) (?:ajouter|compléter|completer|venir|définir)"
    r"|(?:à|a) (?:venir|compléter|completer|définir|definir|préciser|preciser)"
    r"|(?:lien|adresse) (?:communiqu|précis)ée? (?:prochainement|ultérieurement|bientôt)"
    r"|prénom nom|xxx+|tbd|todo|null|lorem ipsum.*",
    re.IGNORECASE,
)


def _folding() -> dict[int, str]:
    """One character to one character, so that positions in the folded text stay true."""
    table = {0x2019: "'", 0x2018: "'", 0xA0: " ", 0x202F: " ", 0x2013: "-", 0x2014: "-"}
    table |= {0x2212: "-", 0x2011: "-", 0x9: " "}
    for code in range(0x41, 0x180):
        base = unicodedata.normalize("NFD", chr(code))[0].lower()
        if len(base) == 1 and base.isascii() and base.isalpha():
            table[code] = base
    return table


_FOLD = _folding()


def fold(text: str) -> str:
    """Lower case without accents, plain quotes, dashes and spaces; same length as the text."""
    return text.translate(_FOLD)


def squeeze(text: str) -> str:
    """Runs of white space, no-break ones included, as one space; ends trimmed."""
    return _SPACES.sub(" ", text).strip()


def strip_tags(text: str) -> str:
    """Text without HTML tags or entities; a line break counts as a space."""
    if not _MARKED.search(text):
        return squeeze(text)
    return squeeze("".join(run.text for run in richtext.runs(_TAGS.sub(_spaced, text))))


def _spaced(match: re.Match[str]) -> str:
    return " " if match.group(2).lower() in {"br", "p", "div", "li"} else ""


def is_placeholder(text: str) -> bool:
    """Whether a value only says that something is still to come."""
    return PLACEHOLDER.fullmatch(squeeze(text).strip(" .…[]()")) is not None


def sentences(text: str) -> list[str]:
    """The sentences of a text, white space folded."""
    return [found for part in _SENTENCE_END.split(text) if (found := squeeze(part))]


_PREFIX = re.compile(r"^\s*(?:\[[^\]]{1,40}\]\s*)+")
_NOT_A_WORD = re.compile(r"[^\w]+")


def looks_same(title: str, other: str) -> bool:
    """Whether two titles are one but for case, accents, spaces, signs, HTML or a `[…]` prefix."""
    return _bare(title) == _bare(other) != ""


def _bare(title: str) -> str:
    return _NOT_A_WORD.sub(" ", fold(strip_tags(_PREFIX.sub("", title)))).strip()
