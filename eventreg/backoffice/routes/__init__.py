"""Organisers' pages: one module per group of pages, all on the guarded blueprint `bp`."""

from eventreg.backoffice.access import bp
from eventreg.backoffice.routes import (
    attendees,
    decisions,
    events,
    exports,
    home,
    media,
    records,
    settings,
    sharing,
)

__all__ = [
    "attendees",
    "bp",
    "decisions",
    "events",
    "exports",
    "home",
    "media",
    "records",
    "settings",
    "sharing",
]
