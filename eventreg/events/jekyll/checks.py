"""Whether what was read as a programme may stand as one."""

import re
from collections import Counter
from datetime import date, time

from eventreg.events.jekyll import dates
from eventreg.events.jekyll.draft import Draft
from eventreg.events.jekyll.words import fold

_WORD = re.compile(r"[^\W\d_]{3,}")
_LEADING_VERBS = ("anime", "presente", "modere", "introduit", "pilote")
_STRUCTURE = frozenset(
    {"avec", "par", "invite", "invites", "invitee", "intervenant", "intervenants", "intervenante"}
    | {"les", "des", "intervenantes", "animation", "animateur", "animatrice", "with", "and"}
    | {"moderateur", "moderatrice", "moderation", "orateur", "oratrice", "orateurs", "speakers"}
    | {f"{verb}{end}" for verb in _LEADING_VERBS for end in ("", "e", "s", "es")}
    | set(dates.WEEKDAYS)
    | set(dates.MONTHS)
)


def use_sections(drafts: list[Draft], sections: dict[int, str | None]) -> None:
    """Sections are tracks when the programme has several of them; one alone is only its heading."""
    named = {section for section in sections.values() if section}
    if len(named) < 2:
        return
    for draft in drafts:
        draft.track = draft.track or sections[id(draft)]


def only_section(sections: dict[int, str | None]) -> str | None:
    """The heading that all sessions stand under, when it is no track."""
    named = set(sections.values())
    return named.pop() if len(named) == 1 else None


def backwards(drafts: list[Draft]) -> bool:
    """Whether hours run backwards within a day, a room and an unbroken list."""
    latest: dict[tuple[date | None, str | None, int], time] = {}
    for draft in drafts:
        if draft.start is None or len(draft.slots) > 1:
            continue
        key = (draft.day, draft.room, 0 if draft.room else draft.list_number)
        if draft.start < latest.get(key, time.min):
            return True
        latest[key] = draft.start
    return False


def lost_words(drafts: list[Draft]) -> bool:
    """Whether a session holds fewer words than the lines it was read from."""
    for draft in drafts:
        kept = Counter(_WORD.findall(fold(draft.words())))
        written = Counter(_WORD.findall(fold(" ".join(draft.source))))
        if any(word not in _STRUCTURE for word in written - kept):
            return True
    return False


def other_pages(drafts: list[Draft]) -> bool:
    """A list of other agenda pages is no programme."""
    pages = {
        link.href for draft in drafts for link in draft.links if "/agenda/" in (link.href or "")
    }
    return len(pages) > 1


def in_order(drafts: list[Draft]) -> list[Draft]:
    """By day and start; what has no hour follows what stood before it."""
    keyed = []
    start = time.min
    for position, draft in enumerate(drafts):
        start = draft.start or start
        keyed.append(((draft.day or date.max, start, position), draft))
    return [draft for _, draft in sorted(keyed, key=lambda entry: entry[0])]
