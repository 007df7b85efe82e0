"""From a file name to the short name of an event."""

import re
from pathlib import PurePath

from eventreg.events.jekyll.words import fold

MAX_SLUG = 200
_LEADING_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-(?=.)")
_ENDING = re.compile(r"(?<=.)\.(?:md|mkd|mkdn|mkdown|markdown|html?|txt)$", re.IGNORECASE)
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


def slug_of(name: str) -> str:
    """The file name without leading date and ending, fit for a URL; empty when nothing is left."""
    base = PurePath(name.replace("\\", "/")).name
    base = _LEADING_DATE.sub("", _ENDING.sub("", base), count=1)
    return _NOT_IN_SLUG.sub("-", fold(base).replace("œ", "oe").replace("'", "")).strip("-")
