"""Command line: attendees of an event."""

import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup

from eventreg.audit import services as audit
from eventreg.events import queries as events
from eventreg.events import services as event_services
from eventreg.events.commands.group import cli as events_group
from eventreg.events.errors import UnknownEvent
from eventreg.registration import exports, importing, taking_in
from eventreg.registration.queries import timeline as moments
from eventreg.registration.services.bulk import Terms
from eventreg.shared import tables
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import N_
from eventreg.shared.i18n import LOCALES, force_locale, say
from eventreg.shared.text import clean_text

OWN_POOL = N_("The event")
ROW = N_("Row %(row)s")
IGNORED = N_("Column not read: %(column)s.")
NOTHING_WRITTEN = N_("Nothing was written: this was a trial.")
NOTHING_CHANGED = N_("Nothing changed.")
cli = AppGroup("attendees", help="People signed up for an event.")


@cli.command("export")
@click.argument("slug")
@click.option("--format", "fmt", type=click.Choice(exports.FORMATS), required=True)
@click.option("--state", "states", multiple=True, help="Only this state (may be repeated).")
@click.option("--columns", help="Keys, separated by commas.")
@click.option("--output", required=True, help="A file; - is stdout for csv and json.")
def export(slug: str, fmt: str, states: tuple[str, ...], columns: str | None, output: str) -> None:
    """Write the attendees of an event; each export is traced."""
    if output == "-" and fmt not in ("csv", "json"):
        raise click.UsageError("- is for csv and json only")
    keys = [key.strip() for key in columns.split(",")] if columns else None
    with shown_refusals():
        exports.check(fmt, states or None, keys)
        event = events.by_slug(slug)
        if event is None:
            raise UnknownEvent(slug=slug)
        count = _write(event, fmt, output, states, keys)
        with transaction():
            audit.record(
                "export",
                at=utc_now(),
                actor="operator",
                event_id=event.id,
                format=fmt,
                count=count,
            )
    click.echo(f"{count} rows", err=True)


def _write(
    event: exports.EventLike,
    fmt: str,
    output: str,
    states: tuple[str, ...],
    keys: list[str] | None,
) -> int:
    if output == "-":
        return exports.write(event, fmt, sys.stdout.buffer, states or None, keys)
    try:
        with Path(output).open("wb") as out:
            return exports.write(event, fmt, out, states or None, keys)
    except OSError as fault:
        raise click.ClickException(f"{output}: {(fault.strerror or '').lower()}") from fault


@cli.command("import")
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
@click.option(
    "--by-organiser",
    "reason",
    metavar="REASON",
    default="",
    help="An organiser vouches for everybody in the list: whom the rules refuse or doubt too.",
)
@click.option("--waiting-list", is_flag=True, help="Whoever finds no place joins the waiting list.")
@click.option("--no-letters", is_flag=True, help="Write to nobody.")
@click.option("--language", type=click.Choice(LOCALES), default="fr", help="Of the letters.")
def import_(  # noqa: PLR0913, PLR0917 - one argument for each option
    slug: str,
    file: Path,
    dry_run: bool,
    reason: str,
    waiting_list: bool,
    no_letters: bool,
    language: str,
) -> None:
    """Enter the people of a CSV or XLSX list (10,000 rows or 8 MB at most); 1 when rows are refused.

    The first row names the columns, by the words of an export or by keys. The same list twice
    changes nothing.
    """
    how = Terms(
        actor="operator",
        reason=clean_text(reason),
        locale=language,
        wait=waiting_list,
        letters=not no_letters,
    )
    with shown_refusals(), force_locale("fr"):
        table = tables.read(_content(file))
        event = events.by_slug(slug)
        if event is None:
            raise UnknownEvent(slug=slug)
        hidden = not sys.stderr.isatty() or len(table.rows) < 500
        with click.progressbar(
            length=len(table.rows), label="import", file=sys.stderr, hidden=hidden
        ) as bar:
            report = taking_in.take_in(event, table, how, dry_run=dry_run, told=bar.update)
        _tell(report, dry_run=dry_run)
    if report.count(taking_in.REFUSED):
        sys.exit(1)


def _content(file: Path) -> bytes:
    """One byte more than a list may have, so that it is refused."""
    try:
        with file.open("rb") as stream:
            return stream.read(tables.BYTES_LIMIT + 1)
    except OSError as fault:
        raise click.ClickException(f"{file}: {(fault.strerror or '').lower()}") from fault


def _tell(report: taking_in.Report, *, dry_run: bool) -> None:
    """Notes on stderr, row by row; counts on stdout."""
    for title in report.ignored:
        click.echo(say(IGNORED, {"column": title}), err=True)
    for note in report.sorted():
        place = say(ROW, {"row": note.row}) + (f", {note.column}" if note.column else "")
        click.echo(f"{place}\t{note.text}", err=True)
    for state, count in sorted(report.entered.items()):
        click.echo(f"{state}\t{count}")
    for kind in (taking_in.KNOWN, taking_in.LEFT_OUT, taking_in.REFUSED):
        click.echo(f"{kind}\t{report.count(kind)}")
    if dry_run:
        click.echo(say(NOTHING_WRITTEN), err=True)
    elif not report.total:
        click.echo(say(NOTHING_CHANGED), err=True)


@events_group.command("timeline")
@click.argument("slug")
@click.option("--json", "as_data", is_flag=True, help="All facts, as JSON.")
def timeline(slug: str, as_data: bool) -> None:
    """Every instant of an event in order, in its zone, with what happens then."""
    now = utc_now()
    with shown_refusals():
        event = events.by_slug(slug)
        if event is None:
            raise UnknownEvent(slug=slug)
        found = moments.of(event, locale="en", own=say(OWN_POOL))
    zone = ZoneInfo(event.timezone)
    rows = [
        {
            "at": one.at.astimezone(zone).isoformat(),
            "kind": one.kind,
            "past": one.at <= now,
            "text": say(one.message, dict(one.params)),
            **dict(one.params),
        }
        for one in found
    ]
    if as_data:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        shown = (row["at"], "past" if row["past"] else "to come", row["kind"], row["text"])
        click.echo("\t".join(str(text) for text in shown))


@cli.command("fill")
@click.argument("slug")
@click.option("--count", type=click.IntRange(1, 5_000_000), required=True)
def fill(slug: str, count: int) -> None:
    """Add plausible confirmed people in bulk, without mail, within the capacity."""
    if current_app.extensions["settings"].production:
        raise click.ClickException("refused in production: these people do not exist")
    with shown_refusals():
        done = 0
        with transaction():
            importing.refuse_if_too_many(event_services.locked(slug), count)
        with click.progressbar(
            length=count, label="fill", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            while done < count:
                part = min(count - done, 20_000)
                with transaction():
                    importing.fill(event_services.locked(slug), part, utc_now())
                done += part
                bar.update(part)
    click.echo(f"{done} people added", err=True)
