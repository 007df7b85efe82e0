"""Command line: accounts of organisers and their one-time sign-in links."""

import click
from flask.cli import AppGroup

from eventreg.organisers import services
from eventreg.organisers.rules import PRINTED_LINK_LIFE, Role
from eventreg.shared import urls
from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.fields import clean_line, has_unprintable

cli = AppGroup("organisers", help="Accounts of organisers.")
NAME_LIMIT = 75


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return canonical(value).canonical
    except InvalidAddress as fault:
        raise click.BadParameter("not an e-mail address") from fault


def _name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    name = clean_line(value)
    if not name or len(name) > NAME_LIMIT or has_unprintable(name):
        raise click.BadParameter(f"1 to {NAME_LIMIT} printable characters")
    return name


@cli.command("create")
@click.argument("email", callback=_address)
@click.option("--name", required=True, callback=_name, help="Name shown to colleagues.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.OWNER.value,
    show_default=True,
    help="owner: everything; reader: looks only.",
)
@click.option("--event", "slug", help="Short name of one event; without it, all events.")
def create(email: str, name: str, role: str, slug: str | None) -> None:
    """Make an account (or give an account one more role); print a one-time sign-in link."""
    with shown_refusals(), transaction():
        services.create(email, name=name, role=Role(role), event_slug=slug, now=utc_now())
    _print_link(email)


@cli.command("link")
@click.argument("email", callback=_address)
def link(email: str) -> None:
    """Print a one-time sign-in link for an account."""
    _print_link(email)


def _print_link(email: str) -> None:
    with shown_refusals(), transaction():
        locale, code = services.link(email, life=PRINTED_LINK_LIFE, now=utc_now())
    minutes = int(PRINTED_LINK_LIFE.total_seconds() // 60)
    click.echo(f"This link works once, within {minutes} minutes:", err=True)
    click.echo(urls.absolute("organisers.enter", locale, token=code))
