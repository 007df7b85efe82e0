"""Kinds of events: the many spellings of categories folded to a small list, for filters."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from eventreg.events.jekyll.problems import N_
from eventreg.events.jekyll.words import fold, squeeze

OTHER = "other"
# The order in which a page offers them; the words are English ids.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "conference": N_("Conference"),
        "webinar": N_("Webinar"),
        "training": N_("Training"),
        "workshop": N_("Workshop"),
        "meetup": N_("Meetup"),
        "information": N_("Information meeting"),
        "forum": N_("Forum"),
        "fair": N_("Trade fair"),
        "hackathon": N_("Hackathon"),
        OTHER: N_("Other event"),
    }
)
# First match wins: « Webinaire d'information » is a webinar, « Atelier de formation » a training.
_SPELLINGS = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"webinaire|webinar|visio-?conference|evenement en ligne", "webinar"),
        (r"hackath?on|datathon|open ?data camp", "hackathon"),
        (r"\bforum", "forum"),
        (r"\bsalons?\b", "fair"),
        (r"\bformations?\b", "training"),
        (r"reunions? d'information|seances? d'information", "information"),
        (r"sommet|conference|colloque|seminaire|symposium|assises|table ronde", "conference"),
        (r"atelier|workshop", "workshop"),
        (r"meet-?up|rencontre|journees? d'echanges?|petit dejeuner|\bcafe", "meetup"),
    )
)


def kind_of(category: str) -> str:
    """The canonical kind (a key of KINDS) of a category as written; `other` when it is none."""
    folded = fold(squeeze(category))
    return next((kind for pattern, kind in _SPELLINGS if pattern.search(folded)), OTHER)
