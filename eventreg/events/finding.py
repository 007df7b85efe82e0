"""What an event is found by: folded words for searches, small lists for filters. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from eventreg.events.jekyll.kinds import kind_of
from eventreg.events.rules import meant_for
from eventreg.shared.errors import N_
from eventreg.shared.richtext import plain
from eventreg.shared.text import fold

WORDS_LIMIT = 20_000  # characters: a programme of two days and a hundred speakers
# What fold() leaves: no search should depend on how a keyboard types these.
_PLAIN = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"}
    | dict.fromkeys("\u2019\u2018\u02bc\u00b4`", "'")
    | dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-")
    | dict.fromkeys("«»“”„", '"')
)
_DISTRICT = re.compile(
    r"\s+(?:\d{1,2}\s*(?:er|e|ème|eme)?(?:\s+arrondissement)?|cedex.*)$", re.IGNORECASE
)
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")

# The order in which a page offers them; the words are English ids.
THEMES: Mapping[str, str] = MappingProxyType(
    {
        "accessibility": N_("Accessibility"),
        "ai": N_("Artificial intelligence"),
        "data": N_("Data"),
        "design": N_("Design and users"),
        "open-source": N_("Free software and commons"),
        "cloud": N_("Cloud and infrastructure"),
        "security": N_("Security"),
        "identity": N_("Digital identity"),
        "green": N_("Sustainable digital services"),
        "skills": N_("Jobs and skills"),
        "innovation": N_("Innovation and transformation"),
    }
)
_THEME_SPELLINGS = tuple(
    (re.compile(pattern), theme)
    for pattern, theme in (
        (r"accessib|\brgaa\b|handicap|inclusi", "accessibility"),
        (r"\bi\.?a\b\.?|intelligence artificielle|\bllm|\bai\b|generati", "ai"),
        (r"donnees?\b|\bdatas?\b|open ?data|statisti|algorithme", "data"),
        (r"design|\bu[xi]\b|usagers?\b|utilisateur|simplifi", "design"),
        (r"logiciels? libres?|open[ -]?source|communs? numerique", "open-source"),
        (r"\bcloud|hebergement|infrastructure|devops|reseaux? interministeriel", "cloud"),
        (r"securite|\bcyber|homologation|\brgpd\b", "security"),
        (r"\bidentite|franceconnect|proconnect|authentif", "identity"),
        (r"eco-?conception|numerique responsable|frugal|environnement|sobriete|\brgesn\b", "green"),
        (
            r"competence|recrut|emploi|\bjob|metier|carriere|talent|d'interet general|\beig\b",
            "skills",
        ),
        (r"innovation|transformation|beta\.gouv|start-?ups? d'etat|vivatech", "innovation"),
    )
)


@dataclass(frozen=True)
class Found:
    """The row by which the agenda finds an event. `themes` is written `|data|design|`."""

    kind: str
    themes: str
    town_key: str
    town: str
    online: bool
    on_site: bool
    audience: str
    month: str
    words: str


def folded(text: str) -> str:
    """Lower case, no accents, plain quotes and dashes, single spaces."""
    return fold(text).translate(_PLAIN)


def key_of(text: str) -> str:
    """A name as a part of an address: « Aix-en-Provence » and « aix en provence » are one."""
    return _NOT_A_LETTER.sub("-", folded(text)).strip("-")[:80].rstrip("-")


def themes_of(names: Iterable[str]) -> tuple[str, ...]:
    """The themes of tags and categories as written; what fits none is left out, not guessed."""
    texts = [folded(name) for name in names]
    met = {
        theme for pattern, theme in _THEME_SPELLINGS if any(pattern.search(text) for text in texts)
    }
    return tuple(theme for theme in THEMES if theme in met)


def town_of(city: str) -> str:
    """The town without its district: « Paris 7e » is in Paris."""
    return _DISTRICT.sub("", unicodedata.normalize("NFKC", " ".join(city.split())))


def found_by(event: Any, sessions: Iterable[Any]) -> Found:
    """The row of an event with its visible sessions (both as objects with the columns' names)."""
    town = town_of(event.city or "")
    names = [*(event.categories or []), *(event.tags or [])]
    return Found(
        kind=kind_of(event.kind) if event.kind else "",
        themes="".join(f"|{theme}" for theme in themes_of(map(str, names))) + "|",
        town_key=key_of(town),
        town=town,
        online=bool(event.online),
        on_site=bool(event.address or event.city or not event.online),
        audience=meant_for(event.audience or "anyone", event.policy),
        month=_month(event.starts_at, event.timezone or "Europe/Paris"),
        words=_words(event, names, sessions),
    )


def _month(starts_at: datetime | None, zone: str) -> str:
    return f"{starts_at.astimezone(ZoneInfo(zone)):%Y-%m}" if starts_at else ""


def _words(event: Any, names: Iterable[Any], sessions: Iterable[Any]) -> str:
    parts = [
        event.title,
        event.title_en,
        event.lead,
        plain(event.lead_en or ""),
        event.kind,
        *names,
    ]
    parts += [event.venue, event.venue_en, event.city]
    for session in sessions:
        parts += [session.title, session.track, session.organisations_text]
        parts += _texts(session.speakers)
        parts += _texts(session.items)
    # One line each: a search never matches across the end of one text and the next.
    lines = dict.fromkeys(line for part in parts if (line := folded(str(part or ""))))
    return "\n".join(lines)[:WORDS_LIMIT]


def _texts(value: Any) -> list[str]:
    """Every text in the lists of a session, whatever their shape."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(inner)]
    return []
