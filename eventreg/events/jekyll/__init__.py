"""Documents of the site (Jekyll: YAML front matter, Markdown with HTML) read as facts.

Pure: bytes in, `Document` out; no clock, no database, no Flask. Others use the names below.
"""

from eventreg.events.jekyll.actions import read_body
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
from eventreg.events.jekyll.naming import slug_of
from eventreg.events.jekyll.output import as_json, refused_as_json
from eventreg.events.jekyll.parsing import parse
from eventreg.events.jekyll.place import city_of
from eventreg.events.jekyll.problems import DocumentError, Problem, Translate, in_english
from eventreg.events.jekyll.source import MAX_BYTES
from eventreg.events.jekyll.stated import KEY as SETTINGS_KEY
from eventreg.events.jekyll.stated import SETTINGS, written
from eventreg.events.jekyll.words import looks_same

__all__ = [
    "KINDS",
    "MAX_BYTES",
    "SETTINGS",
    "SETTINGS_KEY",
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
    "city_of",
    "in_english",
    "kind_of",
    "looks_same",
    "parse",
    "read_body",
    "refused_as_json",
    "slug_of",
    "written",
]
