"""The group `eventreg events`."""

import click
from flask.cli import AppGroup

cli = AppGroup("events", help="Events and their documents.")
ACTOR = "operator"
QUIET = click.option(
    "--no-letters",
    "quiet",
    is_flag=True,
    help="Write to nobody: the date or the place is only corrected.",
)
