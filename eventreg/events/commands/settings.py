"""`events create`, `list`, `publish`, `set`."""

import json
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask import current_app

from eventreg.events import queries, rules, services
from eventreg.events.commands.group import ACTOR, QUIET, cli
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction


@cli.command("create")
@click.argument("slug")
@click.option("--title", required=True, help="As people read it.")
@click.option(
    "--starts-at", required=True, help="ISO date and time, local to the event or with offset."
)
@click.option("--ends-at", help="The same for the end.")
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
def create(
    slug: str, title: str, starts_at: str, ends_at: str | None, settings: Sequence[str]
) -> None:
    """An event without a document, for trials and scripts (a draft until published)."""
    texts = {"title": title, "starts_at": starts_at, **_pairs(settings)}
    if ends_at:
        texts["ends_at"] = ends_at
    zone = texts.get("timezone", current_app.extensions["settings"].timezone)
    with shown_refusals(), transaction():
        zone = services.parse_zone(zone)
        values = services.parse_all(texts, zone)
        services.create(
            slug,
            actor=ACTOR,
            now=utc_now(),
            **{"timezone": zone, **values},
        )
    click.echo(slug)


@cli.command("list")
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
def list_(as_data: bool) -> None:
    """All events, next first."""
    now = utc_now()
    rows = []
    for event, pool in queries.with_pools():
        rows.append(
            {
                "slug": event.slug,
                "title": event.title,
                "state": event.state,
                "signups": rules.signup_state(queries.facts_of(event, pool), now).value,
                "starts_at": _local(event.timezone, event.starts_at),
                "ends_at": _local(event.timezone, event.ends_at),
                "opens_at": _local(event.timezone, event.opens_at),
                "closes_at": _local(event.timezone, event.closes_at),
                "capacity": pool.capacity,
                "taken": pool.taken,
            }
        )
    if as_data:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        shown = (row["slug"], row["state"], row["signups"], row["starts_at"] or "-", row["title"])
        click.echo("\t".join(str(text) for text in shown))


@cli.command("publish")
@click.argument("slug")
def publish(slug: str) -> None:
    """Show an event to everybody."""
    with shown_refusals(), transaction():
        services.publish(services.locked(slug), actor=ACTOR, now=utc_now())


@cli.command("cancel")
@click.argument("slug")
@click.option("--message", default="", help="Why: shown on the page and in the letters.")
@QUIET
def cancel(slug: str, message: str, quiet: bool) -> None:
    """Cancel an event: its page says so, everybody signed up is told by e-mail."""
    with shown_refusals(), transaction():
        text = services.parse("state_message", message, "")
        event = services.locked(slug)
        services.cancel(event, message=text, actor=ACTOR, now=utc_now(), tell=not quiet)


@cli.command("set")
@click.argument("slug")
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE...")
@QUIET
def set_(slug: str, settings: Sequence[str], quiet: bool) -> None:
    """Change settings; `none` clears. Times: ISO with offset, or local to the event.

    A new date, hour or place of a published event is told by e-mail to everybody signed up.

    Keys: title, starts_at, ends_at, opens_at, closes_at, capacity, audience (anyone or
    public_agents), approval (none or manual), confirmation_hours, contact_email, ...
    """
    with shown_refusals(), transaction():
        event = services.locked(slug)
        now, texts = utc_now(), _pairs(settings)
        services.change_from_text(event, texts, actor=ACTOR, now=now, tell=not quiet)


def _pairs(settings: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{setting!r} is not KEY=VALUE")
        pairs[key] = value
    return pairs


def _local(zone: str, value: datetime | None) -> str | None:
    return value.astimezone(ZoneInfo(zone)).isoformat() if value else None
