"""The headings around a programme: which go with it, which gives it its title."""

import re

from eventreg.events.jekyll.words import fold, squeeze
from eventreg.shared.richtext import Block

_PROGRAMME = re.compile(r"programme|deroule|agenda|ordre du jour|planning|horaires|intervenant")
_ONLY_PROGRAMME = re.compile(
    r"(?:au |le )?(?:programme|deroule|agenda|ordre du jour|planning)(?: detaille| complet)?[\s:]*"
)


def announces_programme(text: str) -> bool:
    """Whether a heading speaks of a programme."""
    return _PROGRAMME.search(fold(text)) is not None


def only_programme(text: str) -> bool:
    """Whether a line says nothing but that a programme follows."""
    return _ONLY_PROGRAMME.fullmatch(fold(squeeze(text))) is not None


def emptied(blocks: tuple[Block, ...], taken: set[int]) -> set[int]:
    """Headings whose section held nothing but the programme."""
    gone: set[int] = set()
    open_headings: list[tuple[Block, bool]] = []
    for block in (*blocks, None):
        is_heading = block is not None and block.level > 0 and not block.item
        is_taken = block is not None and block.start in taken
        if block is None or (is_heading and not is_taken):
            level = block.level if block else 0
            while open_headings and open_headings[-1][0].level >= level:
                heading, holds = open_headings.pop()
                if holds:
                    gone.update(range(heading.start, heading.end))
            if block:
                open_headings.append((block, False))
        elif is_taken:
            open_headings = [(heading, True) for heading, _ in open_headings]
        else:
            open_headings = []
    return gone


def above(blocks: tuple[Block, ...], taken: set[int]) -> Block | None:
    """The heading right above the first session, when it announces a programme."""
    found: Block | None = None
    for block in blocks:
        if block.start in taken:
            break
        found = block
    return found if found and found.level and announces_programme(found.text()) else None


def title(heading: Block | None) -> str | None:
    """The words of the heading, when it says more than "Programme"."""
    text = squeeze(heading.text()).rstrip(" :") if heading else ""
    return None if not text or _ONLY_PROGRAMME.fullmatch(fold(text)) else text
