"""Command line: the outbox. Data to stdout, messages to stderr."""

import json
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from eventreg.config import Settings
from eventreg.mailing import delivery
from eventreg.mailing.delivery import reading
from eventreg.mailing.rules import MailState
from eventreg.shared.cli import shown_refusals
from eventreg.shared.requests import LARGEST_ID

cli = AppGroup("mails", help="The outbox: what is owed to people by e-mail.")
STATES = [state.value for state in MailState]


@cli.command("list")
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
@click.option("--state", type=click.Choice(STATES), help="Only these.")
def list_(as_data: bool, state: str | None) -> None:
    """List the letters, oldest first."""
    with shown_refusals():
        rows = reading.listed(state)
    if as_data:
        _echo_json(rows)
        return
    for row in rows:
        when = row["sent_at"] or row["due_at"]
        click.echo(
            f"{row['id']}\t{row['kind']}\t{row['state']}\t{row['attempts']}\t{when}"
            f"\t{row['recipient']}\t{row['last_error'] or ''}"
        )


@cli.command("show")
@click.argument("key", metavar="ID", type=click.IntRange(1, LARGEST_ID))
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
def show(key: int, as_data: bool) -> None:
    """Show one letter with its links; refused in production (a link opens somebody's registration)."""
    settings: Settings = current_app.extensions["settings"]
    if settings.production:
        raise click.ClickException("mails show is refused in production")
    with shown_refusals():
        shown = reading.shown(key, settings)
    if shown is None:
        raise click.ClickException(f"there is no letter {key}")
    if as_data:
        _echo_json(shown.as_json())
        return
    for name, value in shown.headers.items():
        click.echo(f"{name}: {value}")
    click.echo(f"\n{shown.text}")
    for attachment in shown.attachments:
        click.echo(f"[{attachment.filename}, {len(attachment.content)} bytes]")


@cli.command("drain")
def drain() -> None:
    """Send all that is due now."""
    with shown_refusals():
        counts = delivery.drain()
    click.echo(
        f"sent {counts.sent}, retrying {counts.retrying}, failed {counts.failed}, "
        f"cancelled {counts.cancelled}, postponed {counts.postponed}",
        err=True,
    )
    if counts.away:
        raise click.ClickException(f"the mail server is not usable: {counts.away}")


def _echo_json(data: Any) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))
