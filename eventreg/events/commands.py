"""Command line: events. Data to stdout, messages to stderr."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup

from eventreg.events import importing, queries, rules, services
from eventreg.events.jekyll import Document, DocumentError, Problem, as_json, parse, refused_as_json
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import N_, DomainError
from eventreg.shared.i18n import force_locale, say, translate

cli = AppGroup("events", help="Events and their documents.")
ACTOR = "operator"
ENDINGS = (".md", ".markdown")
READ_LIMIT = 1024 * 1024 + 1  # one byte more than a document may have, so that it is refused


@cli.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be read; change nothing.")
@click.option("--publish", is_flag=True, help="Publish, whatever the documents say.")
@click.option(
    "--site-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where files and images are looked for; an absent one is a warning.",
)
@click.option("--json", "as_data", is_flag=True, help="Facts as JSON on stdout.")
def import_(
    paths: Sequence[Path], dry_run: bool, publish: bool, site_root: Path | None, as_data: bool
) -> None:
    """Read Jekyll documents or folders; all or nothing per document."""
    rows: list[dict[str, Any]] = []
    failed = False
    files = list(_documents(paths))
    bar = click.progressbar(
        files, label="import", file=sys.stderr, hidden=not sys.stderr.isatty() or len(files) < 20
    )
    with force_locale("fr"), bar:
        for path in bar:
            row, ok = _import_one(path, dry_run=dry_run, publish=publish, site_root=site_root)
            failed |= not ok
            rows.append(row)
            if not as_data:
                _report(row)
    if as_data:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    if failed:
        sys.exit(1)


def _documents(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from filter(
                _is_document,
                sorted(p for p in path.rglob("*") if p.suffix in ENDINGS and p.is_file()),
            )
        else:
            yield path


def _is_document(path: Path) -> bool:
    """In a folder, as for Jekyll, a file without a front matter is not a document (a README)."""
    try:
        with path.open("rb") as handle:
            start = handle.read(6)
    except OSError:
        return True  # said as an error when it is read
    if start.removeprefix(b"\xef\xbb\xbf").startswith(b"---"):
        return True
    if start.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00")):
        return True  # another encoding: refused by name
    click.echo(f"{path}: no front matter, not a document: skipped", err=True)
    return False


def _import_one(
    path: Path, *, dry_run: bool, publish: bool, site_root: Path | None
) -> tuple[dict[str, Any], bool]:
    try:
        with path.open("rb") as handle:
            raw = handle.read(READ_LIMIT)
        document = parse(raw, path.name)
    except OSError as fault:
        text = N_("This file cannot be read: %(why)s.")
        problems = (Problem(None, "unreadable", text, {"why": _why(fault)}),)
        return refused_as_json(problems, str(path), _translated), False
    except DocumentError as fault:
        return refused_as_json(fault.problems, str(path), _translated), False
    if site_root is not None:
        document = importing.look_for_files(document, site_root)
    row = as_json(document, file=str(path), translate=_translated)
    if dry_run:
        return row, True
    return row | _store(document, row, publish=publish), not row["errors"]


def _store(document: Document, row: dict[str, Any], *, publish: bool) -> dict[str, Any]:
    """Applies the document; the row gains `outcome`, and an error when facts cannot go together."""
    try:
        with transaction():
            report = importing.apply(
                document, publish=True if publish else None, actor=ACTOR, now=utc_now()
            )
    except DomainError as refusal:
        row["errors"].append({"line": None, "message": translate(refusal)})
        return {"outcome": "refused"}
    more = report.warnings[len(document.warnings) :]
    row["warnings"] += [{"line": p.line, "message": p.text(_translated)} for p in more]
    return {"outcome": report.outcome}


def _translated(message: str, /, **params: str) -> str:
    return say(message, params)


def _why(fault: OSError) -> str:
    return (fault.strerror or type(fault).__name__).lower()


def _report(row: dict[str, Any]) -> None:
    for kind in ("errors", "warnings"):
        for problem in row[kind]:
            place = f":{problem['line']}" if problem["line"] else ""
            label = "erreur" if kind == "errors" else "à vérifier"
            click.echo(f"{row['file']}{place}: {label} : {problem['message']}", err=True)
    if not row["errors"]:
        click.echo(f"{row['slug']}\t{row.get('outcome', row['kind'])}\t{row['title']}")


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


@cli.command("set")
@click.argument("slug")
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE...")
def set_(slug: str, settings: Sequence[str]) -> None:
    """Change settings; `none` clears. Times: ISO with offset, or local to the event.

    Keys: title, starts_at, ends_at, opens_at, closes_at, capacity, audience (anyone or
    public_agents), approval (none or manual), confirmation_hours, contact_email, ...
    """
    with shown_refusals(), transaction():
        event = services.locked(slug)
        services.change_from_text(event, _pairs(settings), actor=ACTOR, now=utc_now())


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
