"""What every command does with a refusal: one line on stderr, exit 1, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from eventreg.shared.errors import DomainError
from eventreg.shared.i18n import force_locale, translate


@contextmanager
def shown_refusals() -> Iterator[None]:
    """Turns a DomainError into a message on stderr and exit 1."""
    try:
        yield
    except DomainError as refusal:
        with force_locale("fr"):
            place = f"{refusal.field}: " if refusal.field else ""
            raise click.ClickException(place + translate(refusal)) from refusal
