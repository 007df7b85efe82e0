"""The group `eventreg events`."""

from flask.cli import AppGroup

cli = AppGroup("events", help="Events and their documents.")
ACTOR = "operator"
