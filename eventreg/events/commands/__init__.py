"""Command line: events. Data to stdout, messages to stderr."""

from eventreg.events.commands import documents, settings
from eventreg.events.commands.group import cli

__all__ = ["cli", "documents", "settings"]
