"""Organisers' pages: one module per group of pages, all on the guarded blueprint `bp`."""

from eventreg.backoffice.access import bp
from eventreg.backoffice.routes import (
    attendees,
    audience,
    decisions,
    domains,
    events,
    exports,
    home,
    invitations,
    media,
    records,
    requests,
    selection,
    settings,
    sharing,
    texts,
)

__all__ = [
    "attendees",
    "audience",
    "bp",
    "decisions",
    "domains",
    "events",
    "exports",
    "home",
    "invitations",
    "media",
    "records",
    "requests",
    "selection",
    "settings",
    "sharing",
    "texts",
]
