"""Command line: who may come, and why; the registry that decisions are made from."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from eventreg.eligibility import queries, services
from eventreg.eligibility.registry import RegistryError
from eventreg.eligibility.rules import Decision, of_audience
from eventreg.eligibility.sources import SOURCES
from eventreg.eligibility.tables import FAMILIES_OF, VERDICTS, Addition
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import N_
from eventreg.shared.i18n import force_locale, say

ACTOR = "operator"
MAYBE = N_("Did you mean %(suggestion)s?")
SHOWN = 20
cli = AppGroup("eligibility", help="Who may come, and why.")
registry_cli = AppGroup("registry", help="The files that decisions are made from.")
domains_cli = AppGroup("domains", help="Domains accepted or refused on this whole instance.")
cli.add_command(registry_cli)
cli.add_command(domains_cli)


@cli.command("check")
@click.option("--event", "slug", help="The event whose rule applies; without it, public agents.")
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
@click.argument("emails", nargs=-1, required=True)
def check(slug: str | None, as_data: bool, emails: tuple[str, ...]) -> None:
    """Decision and reason per address, assuming a proven mailbox; one answer per argument."""
    event_id, policy = None, of_audience("public_agents")
    if slug is not None:
        found = services.policy_at(slug)
        if found is None:
            raise click.ClickException(f"no event named {slug}")
        event_id, policy = found
    rows = []
    with force_locale("fr"):
        for email in emails:
            decision = services.decide_for(email, policy, proven=True, event_id=event_id)
            rows.append(
                {
                    "email": email,
                    "outcome": decision.outcome.value,
                    "reason": decision.reason,
                    "rule": decision.rule,
                    "explanation": _explained(decision),
                }
            )
    if as_data:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("\t".join((row["email"], row["outcome"], row["reason"], row["explanation"])))


def _explained(decision: Decision) -> str:
    """What the person is told, a likely slip of the finger included."""
    told = say(decision.message, dict(decision.params))
    if decision.suggestion is None:
        return told
    return f"{told} {say(MAYBE, {'suggestion': decision.suggestion})}"


@registry_cli.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--yes", is_flag=True, help="Ask nothing, even on a terminal.")
def load(file: Path, dry_run: bool, yes: bool) -> None:
    """Add or replace the registry of public bodies' web sites (CSV, gzipped or not).

    The difference is shown first; on a terminal it is confirmed. Running servers and workers
    take the new version up within seconds.
    """
    try:
        table = services.read_file(file)
    except RegistryError as fault:
        raise click.ClickException(str(fault)) from fault
    change = services.compare(table)
    _tell(change)
    if dry_run or change.nothing:
        return
    if not yes and sys.stdin.isatty():
        click.confirm("Replace the registry in use?", abort=True, err=True)
    with shown_refusals(), transaction():
        services.load_web(table, name=file.name, by=ACTOR, now=utc_now())
    click.echo(f"version\t{services.current_registry().version}")


def _tell(change: services.Change) -> None:
    """The difference, on stderr: counts, and the first names of each sort."""
    click.echo(f"{change.before} rows now, {change.rows} in the file", err=True)
    for sign, words, names in (
        ("+", "added", change.added),
        ("-", "removed", change.removed),
        ("~", "changed", change.altered),
    ):
        click.echo(f"{words}: {len(names)}", err=True)
        for name in names[:SHOWN]:
            click.echo(f"  {sign} {name}", err=True)
        if len(names) > SHOWN:
            click.echo(f"  {sign} ... and {len(names) - SHOWN} more", err=True)


@registry_cli.command("show")
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
def show(as_data: bool) -> None:
    """What is loaded, with its version, its sources and their licences."""
    registry = services.current_registry()
    file = queries.current_file()
    rows: dict[str, Any] = {
        "version": registry.version,
        "public_email_domains": len(registry.bodies),
        "email_domain_overrides": len(registry.overrides) + len(registry.words),
        "public_web_domains": len(registry.web),
        "domains_decided_here": len(registry.added),
        "web_file": file.name if file else None,
        "web_version": file.version[:12] if file else None,
        "web_loaded_at": file.loaded_at.isoformat() if file else None,
        "web_loaded_by": file.loaded_by if file else None,
    }
    if as_data:
        sources = [{"codes": s.codes, "title": s.title, "licence": s.licence} for s in SOURCES]
        click.echo(json.dumps({**rows, "sources": sources}, ensure_ascii=False, indent=2))
        return
    for name, value in rows.items():
        click.echo(f"{name}\t{'-' if value is None else value}")
    for source in SOURCES:
        click.echo(f"source\t{source.codes}\t{source.title}\t{source.licence}")


@domains_cli.command("list")
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
def list_(as_data: bool) -> None:
    """Domains that an administrator accepted, refused or holds for every event."""
    keys = ("domain", "verdict", "category", "organisation", "reason", "made_by")
    rows = [
        {"below": row.covers_below, **{key: getattr(row, key) for key in keys}}
        for row in queries.additions()
    ]
    if as_data:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        name = ("." if row["below"] else "") + row["domain"]
        click.echo("\t".join([name, *(str(row[key]) for key in keys[1:])]))


@domains_cli.command("add")
@click.argument("domain")
@click.option("--verdict", type=click.Choice(VERDICTS), default="accepted", show_default=True)
@click.option("--reason", required=True, help="Why; colleagues read it.")
@click.option("--organisation", default="", help="The body's name, as people read it.")
@click.option(
    "--category", type=click.Choice(sorted(FAMILIES_OF)), default="state", show_default=True
)
def add(domain: str, verdict: str, reason: str, organisation: str, category: str) -> None:
    """Decide of a domain for every event; a leading dot takes everything below it too."""
    with shown_refusals(), transaction():
        services.add_domain(
            Addition(domain, False, verdict, category, organisation),
            reason=reason,
            by=ACTOR,
            now=utc_now(),
        )


@domains_cli.command("remove")
@click.argument("domains", nargs=-1, required=True)
def remove(domains: Sequence[str]) -> None:
    """Forget what was decided here of a domain: the files' own row counts again."""
    with shown_refusals(), transaction():
        for domain in domains:
            if not services.remove_domain(domain.removeprefix("."), by=ACTOR, now=utc_now()):
                raise click.ClickException(f"nothing was decided here of {domain}")
