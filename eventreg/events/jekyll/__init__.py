"""Documents of the site (Jekyll: YAML front matter, Markdown with HTML) read as facts.

Pure: bytes in, `Document` out; no clock, no database, no Flask. Others use the names below.
"""

from eventreg.events.jekyll.document import (
    Access,
    Audience,
    Day,
    Document,
    Image,
    InfoField,
    Item,
    Link,
    PressContact,
    Programme,
    Registration,
    Session,
)
from eventreg.events.jekyll.kinds import KINDS, kind_of
from eventreg.events.jekyll.output import as_json, refused_as_json
from eventreg.events.jekyll.parsing import parse, slug_of
from eventreg.events.jekyll.problems import DocumentError, Problem, Translate, in_english
from eventreg.events.jekyll.source import MAX_BYTES

__all__ = [
    "KINDS",
    "MAX_BYTES",
    "Access",
    "Audience",
    "Day",
    "Document",
    "DocumentError",
    "Image",
    "InfoField",
    "Item",
    "Link",
    "PressContact",
    "Problem",
    "Programme",
    "Registration",
    "Session",
    "Translate",
    "as_json",
    "in_english",
    "kind_of",
    "parse",
    "refused_as_json",
    "slug_of",
]
